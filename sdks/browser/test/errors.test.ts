// SPDX-License-Identifier: MIT
// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Page } from "./page.js";

let page: Page;
beforeEach(() => {
  page = new Page();
});
afterEach(() => page.close());

const only = () => page.only();
const raise = (init: ErrorEventInit) => window.dispatchEvent(new ErrorEvent("error", init));

/** An error whose stack says where it was thrown, whoever throws it. */
const at = (message: string, place: string) =>
  Object.assign(new Error(message), { stack: `Error: ${message}\n    at f (${place})` });

describe("a report", () => {
  it("has every member, in the order it always had", () => {
    page.start({ release: "v1" }).captureError(new TypeError("boom"));
    expect(Object.keys(only()).slice(0, 9)).toEqual([
      "type",
      "message",
      "stack",
      "url",
      "user_agent",
      "session_id",
      "context",
      "release",
      "timestamp",
    ]);
  });

  it("says what, where and when", () => {
    page.start({ release: "v1", environment: "staging" }).captureError(new TypeError("boom"));
    expect(only()).toMatchObject({
      type: "TypeError",
      message: "boom",
      stack: expect.stringContaining("errors.test.ts"),
      url: location.href,
      user_agent: navigator.userAgent,
      session_id: sessionStorage.getItem("monlight_session_id"),
      context: {},
      release: "v1",
      environment: "staging",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it("without a release has none", () => {
    page.start().captureError(new Error("x"));
    expect("release" in only()).toBe(false);
  });

  it("of a nameless error is an Error, without a stack it is empty", () => {
    page.start().captureError(Object.assign(new Error("x"), { name: "", stack: undefined }));
    expect(only()).toMatchObject({ type: "Error", stack: "" });
  });

  it("of an error of another realm is as good", () => {
    const foreign = { name: "RangeError", message: "far", stack: "RangeError: far\n    at x (y.js:1:2)" };
    page.start().captureError(foreign);
    expect(only()).toMatchObject({ type: "RangeError", message: "far", stack: foreign.stack });
  });

  for (const [value, message] of [
    ["text", "text"],
    [5, "5"],
    [null, "null"],
    [undefined, "undefined"],
    [{ code: 7 }, '{"code":7}'],
    [Symbol("s"), "Symbol(s)"],
    [Object.create(null), "?"],
  ] as const)
    it(`of ${message}, which is no error, has its text`, () => {
      page.start().captureError(value);
      expect(only()).toMatchObject({ type: "Error", message, stack: "" });
    });

  it("is cut to what the relay takes", () => {
    const error = Object.assign(new Error("m".repeat(1e6)), { stack: "s".repeat(1e6) });
    page.start().captureError(error, { big: "c".repeat(1e6) });
    expect(only().message).toHaveLength(5000);
    expect(only().stack).toHaveLength(10000);
    expect(page.sent[0]!.body.length).toBeLessThan(64 * 1024);
  });

  it("goes out although the page keeps all it knows in its address", () => {
    history.replaceState(null, "", `#${"é".repeat(30_000)}`);
    page.start().captureError(new Error("x"));
    history.replaceState(null, "", "/");
    expect(only().url).toHaveLength(2000);
    expect(page.sent[0]!.body.length).toBeLessThan(64 * 1024);
  });

  it("goes out without its context when that is circular", () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    page.start().captureError(new Error("x"), circular);
    expect(only()).toMatchObject({ message: "x", context: {} });
  });
});

describe("messages", () => {
  for (const [level, type] of [
    [undefined, "ConsoleError"],
    ["error", "ConsoleError"],
    ["info", "ConsoleError"],
    ["warning", "ConsoleWarning"],
  ] as const)
    it(`of level ${level} are of type ${type}`, () => {
      page.start().captureMessage("hello", level);
      expect(only()).toMatchObject({ type, message: "hello" });
      expect(only().level).toBe(level);
    });

  it("have the stack of the caller, without our own frames", () => {
    function caller() {
      page.start().captureMessage("hello");
    }
    caller();
    const [header, first] = only().stack.split("\n");
    expect(header).toBe("Error: hello");
    expect(first).toContain("caller");
  });
});

describe("context and user", () => {
  it("there is no user before setUser", () => {
    page.start().captureError(new Error("x"));
    expect(only().context).toEqual({});
  });
  it("setUser adds user_id, and the empty text takes it away", () => {
    const client = page.start();
    client.setUser("42");
    client.captureError(new Error("a"));
    client.setUser("");
    client.captureError(new Error("b"));
    expect(page.errors().map(({ context }) => context)).toEqual([{ user_id: "42" }, {}]);
  });
  it("addContext stays, a call's own context does not, and wins", () => {
    const client = page.start();
    client.addContext("cart", 1);
    client.addContext("tab", "a");
    client.captureError(new Error("a"), { cart: 2 });
    client.captureError(new Error("b"));
    expect(page.errors().map(({ context }) => context)).toEqual([
      { cart: 2, tab: "a" },
      { cart: 1, tab: "a" },
    ]);
  });
  it("user_id beats both", () => {
    const client = page.start();
    client.setUser("real");
    client.addContext("user_id", "context");
    client.captureError(new Error("x"), { user_id: "call" });
    expect(only().context.user_id).toBe("real");
  });
});

describe("equal errors", () => {
  const same = () => at("same", "a.js:1:2");
  beforeEach(() => {
    vi.useFakeTimers();
  });

  it("within a minute are sent once", () => {
    const client = page.start();
    for (let i = 0; i < 5; i++) client.captureError(same());
    expect(page.errors()).toHaveLength(1);
  });
  it("are counted, not hidden: after a minute the rest is reported with its number", () => {
    const client = page.start();
    for (let i = 0; i < 5; i++) client.captureError(same());
    vi.advanceTimersByTime(60_000);
    const [first, second] = page.errors();
    expect(first!.count).toBeUndefined();
    expect(second).toMatchObject({ message: "same", count: 4, stack: first!.stack });
    expect(second!.event_id).not.toBe(first!.event_id);
  });
  it("after a minute are new", () => {
    const client = page.start();
    client.captureError(same());
    vi.advanceTimersByTime(60_001);
    client.captureError(same());
    expect(page.errors()).toHaveLength(2);
    expect(page.errors().map(({ count }) => count)).toEqual([undefined, undefined]);
  });
  it("are reported with their number when the page is hidden, and still known afterwards", () => {
    const client = page.start();
    for (let i = 0; i < 3; i++) client.captureError(same());
    page.hide();
    client.captureError(same());
    expect(page.errors().map(({ count }) => count)).toEqual([undefined, 2]);
  });
  it("are reported with their number by flush and by destroy", async () => {
    const client = page.start();
    client.captureError(same());
    client.captureError(same());
    await client.flush();
    client.captureError(same());
    client.destroy();
    expect(page.errors().map(({ count }) => count)).toEqual([undefined, 1, 1]);
  });
  it("differ by type, by message and by the place they were thrown at", () => {
    const client = page.start();
    client.captureError(at("a", "a.js:1:2"));
    client.captureError(at("b", "a.js:1:2"));
    client.captureError(at("b", "a.js:1:3"));
    client.captureError(Object.assign(at("b", "a.js:1:3"), { name: "TypeError" }));
    expect(page.errors()).toHaveLength(4);
  });
  it("are forgotten by destroy", () => {
    page.start().captureError(same());
    page.clients[0]!.destroy();
    page.start().captureError(same());
    expect(page.errors()).toHaveLength(2);
  });
  it("of 10 000 different ones in a second 20 are sent, 30 more after a minute", () => {
    const client = page.start();
    for (let i = 0; i < 10_000; i++) client.captureError(at(`error ${i}`, `a.js:1:${i}`));
    expect(page.errors()).toHaveLength(20);
    vi.advanceTimersByTime(61_000);
    expect(page.errors()).toHaveLength(50);
  });
});

describe("hooks of the page", () => {
  it("beforeSend may change a report", () => {
    const client = page.start({ beforeSend: (event) => ({ ...event, message: "changed" }) });
    client.captureError(new Error("x"));
    expect(only().message).toBe("changed");
  });
  it("beforeSend may drop a report", () => {
    page.start({ beforeSend: () => null }).captureError(new Error("x"));
    expect(page.errors()).toEqual([]);
  });
  it("what beforeSend should have scrubbed is not sent when it throws", () => {
    const client = page.start({
      beforeSend: () => {
        throw new Error("hook");
      },
    });
    expect(() => client.captureError(new Error("x"))).not.toThrow();
    expect(page.errors()).toEqual([]);
  });
  it("beforeSend may report without an end to it", () => {
    const client = page.start({
      beforeSend(event) {
        client.captureError(new Error(`${event.message}!`));
        return event;
      },
    });
    client.captureError(new Error("x"));
    expect(only().message).toBe("x");
  });
  for (const [pattern, message, ignored] of [
    ["ResizeObserver", "ResizeObserver loop", true],
    ["TypeError: ", "x", false],
    ["Error: x", "x", true],
    [/^Error: x$/, "x", true],
    [/^x$/, "x", false],
  ] as const)
    it(`ignoreErrors ${pattern} ${ignored ? "takes" : "leaves"} the error "${message}"`, () => {
      page.start({ ignoreErrors: [pattern] }).captureError(new Error(message));
      expect(page.errors()).toHaveLength(ignored ? 0 : 1);
    });
  it("a global pattern matches every time", () => {
    const client = page.start({ ignoreErrors: [/skip/g] });
    for (let i = 0; i < 4; i++) client.captureError(at("skip", `a.js:1:${i}`));
    expect(page.errors()).toEqual([]);
  });
  it("sampleRate.errors 0 reports none", () => {
    page.start({ sampleRate: { errors: 0 } }).captureError(new Error("x"));
    raise({ message: "y" });
    expect(page.errors()).toEqual([]);
  });
});

describe("causes", () => {
  it("follow the chain of error.cause", () => {
    const error = new Error("top", { cause: new TypeError("middle", { cause: "bottom" }) });
    page.start().captureError(error);
    expect(only().causes).toMatchObject([
      { type: "TypeError", message: "middle", stack: expect.stringContaining("errors.test.ts") },
      { type: "Error", message: "bottom", stack: "" },
    ]);
  });
  it("include the members of an AggregateError", () => {
    page.start().captureError(new AggregateError([new Error("a"), new RangeError("b")], "all"));
    expect(only()).toMatchObject({
      type: "AggregateError",
      causes: [{ message: "a" }, { type: "RangeError" }],
    });
  });
  it("end where they go round, and after five", () => {
    const error = new Error("0") as Error & { cause: unknown };
    error.cause = error;
    page.start().captureError(error);
    expect(only().causes).toBeUndefined();
    let chain = new Error("last");
    for (let i = 0; i < 9; i++) chain = new Error(`${i}`, { cause: chain });
    page.clients[0]!.captureError(chain);
    expect(page.errors()[1]!.causes).toHaveLength(5);
  });
  it("that cannot be read do not cost the report", () => {
    page.start().captureError(Object.assign(new Error("x"), { errors: 5 }));
    expect(only().message).toBe("x");
  });
});

describe("debug ids", () => {
  const global = window as { _sentryDebugIds?: object; _monlightDebugIds?: object };
  afterEach(() => {
    delete global._sentryDebugIds;
    delete global._monlightDebugIds;
  });
  const error = () =>
    Object.assign(new Error("x"), { stack: "Error: x\n    at f (https://shop.example/app.js:1:2)" });

  for (const [engine, stack] of [
    ["V8", "Error\n    at https://shop.example/app.js:1:99\n    at https://shop.example/other.js:1:1"],
    ["Firefox", "@https://shop.example/app.js:1:99\n"],
    ["Safari", "global code@https://shop.example/app.js:1:99"],
  ] as const)
    it(`of the files in the stack are sent, as ${engine} names them`, () => {
      global._monlightDebugIds = { [stack]: "id-of-app", "Error\n  at https://shop.example/x.js:1:1": "x" };
      page.start().captureError(error());
      expect(only().debug_ids).toEqual({ "https://shop.example/app.js": "id-of-app" });
    });
  it("are taken from a bundler's plugin too, ours winning", () => {
    global._sentryDebugIds = { "at https://shop.example/app.js:1:1": "theirs" };
    page.start().captureError(error());
    global._monlightDebugIds = { "at https://shop.example/app.js:1:2": "ours" };
    page.clients[0]!.captureError(Object.assign(error(), { message: "y" }));
    expect(page.errors().map(({ debug_ids }) => Object.values(debug_ids!)[0])).toEqual(["theirs", "ours"]);
  });
  it("are left out when there are none", () => {
    page.start().captureError(error());
    expect("debug_ids" in only()).toBe(false);
  });
});
