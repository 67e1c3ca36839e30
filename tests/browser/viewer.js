// What tests of the log viewer's pages share: a window signed in, the lines shown, and waiting until lines are read.

import assert from "node:assert/strict";
import { enter as enterAt } from "./browser.js";
import { eventually } from "./stack.js";

export const EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>";
export const MINUTE = 60_000;

export const lines = (page) => page.locator(".logline");
export const line = (page, text) => lines(page).filter({ hasText: text });

export const enter = (browser, stack, options) => enterAt(browser, stack, "logs", options);

// How many lines the service has read.
export async function indexed(stack, wanted) {
  const read = async () => (await (await fetch(stack.url("logs", "health"))).json()).logs_indexed;
  assert.ok(await eventually(async () => (await read()) >= wanted, 60_000), `${wanted} lines are read`);
}
