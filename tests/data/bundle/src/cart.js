import { roundTo } from "./money.js";

export class Cart {
  constructor(currency) {
    this.currency = currency;
    this.items = [];
  }

  add(name, price) {
    this.items.push({ name, price });
    return this;
  }

  // Don't be misled by this { brace.
  total() {
    const sum = this.items.reduce((total, item) => total + item.price, 0);
    return roundTo(sum, this.currency); // rounded here
  }
}
