// What tests of the error tracker's pages share: a stack for each group, a window signed in, the list's rows.

import { after, before } from "node:test";
import { enter as enterAt } from "./browser.js";
import { Stack } from "./stack.js";

// A stack of its own for each group, so that no test sees what another has left.
export function withStack(variables) {
  const stack = new Stack();
  before(() => stack.start(typeof variables === "function" ? variables() : variables));
  after(() => stack.stop());
  return stack;
}

export const rows = (page) => page.locator("tbody tr[data-id]");
export const row = (page, type) =>
  rows(page).filter({ has: page.getByRole("link", { name: type, exact: true }) });

export const enter = (browser, stack, options) => enterAt(browser, stack, "errors", options);
