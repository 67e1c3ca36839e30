// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
// A page that has done the worst to what everybody needs: nothing is thrown into it, and
// whatever can still work does.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { breadcrumbs } from "../src/breadcrumbs.js";
import { offline } from "../src/offline.js";
import { resources } from "../src/resources.js";
import { Page, reject, turn } from "./page.js";

let page: Page;
beforeEach(() => {
  page = new Page();
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => page.close());

const broken = () => {
  throw new Error("broken by the page");
};
const start = () => page.start({ captureConsole: true }, [breadcrumbs, offline, resources]);

async function everything() {
  const client = start();
  client.captureError(new Error("x"));
  client.captureMessage("m", "warning");
  client.addContext("a", 1);
  client.setUser("u");
  client.counter("n");
  reject(new Error("r"));
  window.dispatchEvent(new ErrorEvent("error", { message: "e" }));
  // What the page broke for itself is not ours to mend.
  await Promise.resolve()
    .then(() => fetch("https://api.example/"))
    .catch(() => {});
  await client.flush();
  page.hide();
  page.leave();
  client.destroy();
  await turn();
}

const breakings: [string, () => unknown, reports: boolean][] = [
  ["nothing broken", () => {}, true],
  ["sessionStorage blocked", () => vi.stubGlobal("sessionStorage", undefined), true],
  ["crypto broken", () => vi.stubGlobal("crypto", { randomUUID: broken }), true],
  ["no crypto", () => vi.stubGlobal("crypto", undefined), true],
  ["no PerformanceObserver", () => vi.stubGlobal("PerformanceObserver", undefined), true],
  ["PerformanceObserver broken", () => vi.stubGlobal("PerformanceObserver", broken), true],
  ["no performance", () => vi.stubGlobal("performance", undefined), true],
  ["performance.now broken", () => vi.stubGlobal("performance", { now: broken }), true],
  ["no XMLHttpRequest", () => vi.stubGlobal("XMLHttpRequest", undefined), true],
  ["no fetch", () => vi.stubGlobal("fetch", undefined), true],
  ["fetch broken", () => vi.stubGlobal("fetch", broken), false],
  ["TextEncoder broken", () => vi.stubGlobal("TextEncoder", broken), true],
  [
    "sendBeacon broken",
    () => Object.defineProperty(navigator, "sendBeacon", { value: broken, configurable: true }),
    true,
  ],
  ["a console without a warn", () => vi.spyOn(console, "warn").mockImplementation(broken), true],
  ["captureStackTrace broken", () => vi.spyOn(Error, "captureStackTrace").mockImplementation(broken), true],
  ["addEventListener broken", () => vi.spyOn(window, "addEventListener").mockImplementation(broken), true],
  ["JSON.stringify broken", () => vi.spyOn(JSON, "stringify").mockImplementation(broken), false],
  ["Math.random broken", () => vi.spyOn(Math, "random").mockImplementation(broken), false],
];

describe("a page", () => {
  for (const [what, spoil, reports] of breakings)
    it(`with ${what} works, ${reports ? "and is heard" : "unheard"}`, async () => {
      spoil();
      await everything();
      vi.restoreAllMocks();
      if (reports) expect(page.errors().map(({ message }) => message)).toContain("x");
    });

  it("with frozen globals works, and is heard", async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "fetch")!;
    Object.defineProperty(globalThis, "fetch", { value: page.fetch, writable: false, configurable: true });
    vi.stubGlobal("console", Object.freeze({ error() {}, warn() {}, info() {}, log() {} }));
    const { open } = XMLHttpRequest.prototype;
    Object.defineProperty(XMLHttpRequest.prototype, "open", {
      value: open,
      writable: false,
      configurable: true,
    });
    await everything();
    expect(page.errors().map(({ message }) => message)).toEqual(expect.arrayContaining(["x", "m", "r", "e"]));
    Object.defineProperty(globalThis, "fetch", before);
    Object.defineProperty(XMLHttpRequest.prototype, "open", {
      value: open,
      writable: true,
      configurable: true,
    });
  });

  it("that replaces fetch twice afterwards changes nothing of ours", async () => {
    const client = start();
    const first = vi.fn(broken);
    const second = vi.fn(broken);
    vi.stubGlobal("fetch", first);
    vi.stubGlobal("fetch", second);
    client.captureError(new Error("x"));
    await turn();
    expect(page.errors()).toHaveLength(1);
    expect(first).not.toHaveBeenCalled();
    expect(second).not.toHaveBeenCalled();
  });

  for (const [what, value] of [
    ["whose every property throws", new Proxy({}, { get: broken, has: broken })],
    ["whose message is an object", Object.assign(new Error(), { message: { a: 1 } })],
    ["whose stack is a number", Object.assign(new Error("x"), { stack: 5 })],
    ["whose toString throws", { toString: broken }],
    ["that is frozen", Object.freeze(new Error("x"))],
  ] as const)
    it(`that throws something ${what} goes on`, () => {
      const client = start();
      expect(() => client.captureError(value)).not.toThrow();
      expect(() => reject(value)).not.toThrow();
    });

  it("whose arguments are nonsense goes on", () => {
    const client = start() as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const method of [
      "captureError",
      "captureMessage",
      "setUser",
      "addContext",
      "counter",
      "histogram",
      "gauge",
    ])
      for (const args of [
        [],
        [null, null],
        [Symbol("s"), Symbol("s"), 5],
        [{ toString: broken }, NaN, broken],
      ])
        expect(() => client[method]!(...args)).not.toThrow();
  });
});
