// SPDX-License-Identifier: MIT
// With a bundler.

import { init } from "@monlight/browser";

const monlight = init({
  dsn: "0123456789abcdef0123456789abcdef",
  endpoint: "https://monitor.example.com",
  release: "2026.11.3",
  environment: "production",
  ignoreErrors: ["ResizeObserver loop", /^AbortError/],
  beforeSend(event) {
    event.url = event.url.split("?")[0]!;
    return event;
  },
});

monlight.setUser("42");
monlight.addContext("plan", "free");

export async function checkout(cart: { items: number }): Promise<void> {
  const begun = performance.now();
  try {
    await fetch("/api/orders", { method: "POST", body: JSON.stringify(cart) });
    monlight.counter("orders_total", 1, { kind: "web" });
  } catch (error) {
    monlight.captureError(error, { items: cart.items });
    throw error;
  } finally {
    monlight.histogram("checkout_ms", performance.now() - begun);
  }
}
