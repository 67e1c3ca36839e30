// SPDX-License-Identifier: MIT
// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Page, reject, turn } from "./page.js";

let page: Page;
beforeEach(() => {
  page = new Page();
});
afterEach(() => page.close());

const only = () => page.only();
const raise = (init: ErrorEventInit) => window.dispatchEvent(new ErrorEvent("error", init));

describe("what nobody caught", () => {
  it("an Error", () => {
    page.start();
    raise({ error: new TypeError("boom"), message: "Uncaught TypeError: boom" });
    expect(only()).toMatchObject({
      type: "TypeError",
      message: "boom",
      stack: expect.stringContaining("boom"),
    });
  });
  it("a thrown text has at least its place, which the original threw away", () => {
    page.start();
    raise({
      error: "text",
      message: "Uncaught text",
      filename: "https://shop.example/a.js",
      lineno: 3,
      colno: 7,
    });
    expect(only()).toMatchObject({
      type: "Error",
      message: "Uncaught text",
      stack: "    at https://shop.example/a.js:3:7",
    });
  });
  it("a script of another origin says nothing but that", () => {
    page.start();
    raise({ message: "Script error." });
    expect(only()).toMatchObject({ type: "Error", message: "Script error.", stack: "" });
  });
  it("an event without message and error is no error", () => {
    page.start();
    window.dispatchEvent(new Event("error"));
    expect(page.errors()).toEqual([]);
  });
  it("a rejection with an Error keeps its name", () => {
    page.start();
    reject(new RangeError("far"));
    expect(only()).toMatchObject({ type: "RangeError", message: "far" });
  });
  it("a rejection with a nameless Error is an UnhandledRejection", () => {
    page.start();
    reject(Object.assign(new Error("x"), { name: "" }));
    expect(only().type).toBe("UnhandledRejection");
  });
  for (const [reason, message] of [
    ["text", "text"],
    [undefined, "undefined"],
    [{ code: 5 }, '{"code":5}'],
  ] as const)
    it(`a rejection with ${message}, objects written out where the original had [object Object]`, () => {
      page.start();
      reject(reason);
      expect(only()).toMatchObject({ type: "UnhandledRejection", message, stack: "" });
    });
  it("a rejection with causes", () => {
    page.start();
    reject(new Error("x", { cause: new Error("y") }));
    expect(only().causes).toMatchObject([{ message: "y" }]);
  });
  it("while the page unloads leaves by beacon", async () => {
    page.start();
    page.leave();
    raise({ error: new Error("last"), message: "last" });
    expect(page.sent.map(({ by }) => by)).toEqual(["beacon"]);
    expect(only().message).toBe("last");
  });
});

describe("the console", () => {
  it("is heard on demand: errors and warnings, arguments joined, and still speaks", () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    page.start({ captureConsole: true });
    console.error("a", 1, new Error("e"));
    console.warn("b");
    expect(error).toHaveBeenCalledWith("a", 1, expect.any(Error));
    expect(warn).toHaveBeenCalledWith("b");
    expect(page.errors()).toMatchObject([
      { type: "ConsoleError", message: "a 1 Error: e", level: "error" },
      { type: "ConsoleWarning", message: "b", level: "warning" },
    ]);
  });
  it("names the caller first", () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    page.start({ captureConsole: true });
    (function complain() {
      console.error("a");
    })();
    expect(only().stack.split("\n")[1]).toContain("complain");
  });
  it("is not heard otherwise", () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    page.start();
    console.error("a");
    expect(page.errors()).toEqual([]);
  });
  const { error: before } = console;
  afterEach(() => {
    console.error = before;
  });
  it("is given back, unless somebody wrapped it since: then ours falls silent", async () => {
    const original = vi.fn();
    console.error = original;
    const client = page.start({ captureConsole: true });
    const ours = console.error;
    const theirs = (...args: unknown[]) => ours(...args);
    console.error = theirs;
    client.destroy();
    expect(console.error).toBe(theirs);
    console.error("a");
    await turn();
    expect(original).toHaveBeenCalledWith("a");
    expect(page.errors()).toEqual([]);
  });
  it("our own warnings do not go round", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    page.answers = [new TypeError("Failed to fetch")];
    page.start({ captureConsole: true, debug: true }).captureError(new Error("x"));
    await turn();
    expect(console.warn).toBeTypeOf("function");
    expect(page.errors()).toHaveLength(1);
  });
});
