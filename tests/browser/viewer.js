// What tests of the log viewer's pages share: a window signed in, the lines shown, and waiting until lines are read.

import assert from "node:assert/strict";
import { open, signIn } from "./browser.js";
import { PASSWORD, eventually } from "./stack.js";

export const EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>";
export const MINUTE = 60_000;

export const lines = (page) => page.locator(".logline");
export const line = (page, text) => lines(page).filter({ hasText: text });

export async function enter(browser, stack, { path = "", ...options } = {}) {
  const opened = await open(browser, options);
  await signIn(opened.page, stack.url("logs", path), PASSWORD);
  return opened;
}

// How many lines the service has read.
export async function indexed(stack, wanted) {
  const read = async () => (await (await fetch(stack.url("logs", "health"))).json()).logs_indexed;
  assert.ok(await eventually(async () => (await read()) >= wanted, 60_000), `${wanted} lines are read`);
}
