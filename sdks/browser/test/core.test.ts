// SPDX-License-Identifier: MIT
// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { autoInit } from "../src/auto.js";
import { init } from "../src/index.js";
import type { MonlightClient, MonlightConfig } from "../src/types.js";
import { DSN, ENDPOINT, Page, turn } from "./page.js";

let page: Page;
beforeEach(() => {
  page = new Page();
});
afterEach(() => page.close());

describe("configuration", () => {
  for (const [what, config] of [
    ["no configuration", undefined],
    ["no dsn", { endpoint: ENDPOINT }],
    ["an empty dsn", { dsn: "", endpoint: ENDPOINT }],
  ] as const)
    it(`${what} throws`, () =>
      expect(() => init(config as MonlightConfig)).toThrow("[Monlight] 'dsn' is required"));

  for (const [what, config] of [
    ["no endpoint", { dsn: DSN }],
    ["an empty endpoint", { dsn: DSN, endpoint: "" }],
  ] as const)
    it(`${what} throws`, () =>
      expect(() => init(config as MonlightConfig)).toThrow("[Monlight] 'endpoint' is required"));

  it("a disabled client wants dsn and endpoint too", () =>
    expect(() => init({ enabled: false } as MonlightConfig)).toThrow("'dsn' is required"));

  for (const endpoint of [ENDPOINT, `${ENDPOINT}/`, `${ENDPOINT}///`])
    it(`the address ${endpoint} is without slashes at its end`, async () => {
      page.start({ endpoint }).captureError(new Error("x"));
      expect(page.sent[0]!.url).toBe(`${ENDPOINT}/api/browser/errors`);
    });

  it("the address may have a path", () => {
    page.start({ endpoint: "https://host.example/browser-relay/" }).captureError(new Error("x"));
    expect(page.sent[0]!.url).toBe("https://host.example/browser-relay/api/browser/errors");
  });

  it("every option may be given", () => {
    const client = page.start({
      release: "1",
      environment: "production",
      sampleRate: 0.5,
      debug: true,
      beforeSend: (event) => event,
      ignoreErrors: ["x", /y/],
      enabled: true,
      captureConsole: true,
    });
    client.captureError(new Error("z"));
    expect(page.errors()[0]).toMatchObject({ release: "1", environment: "production" });
  });

  it("what is wrong in an option throws nothing", () => {
    const client = page.start({
      ignoreErrors: 5,
      sampleRate: "x",
      beforeSend: 7,
    } as unknown as MonlightConfig);
    expect(() => client.captureError(new Error("x"))).not.toThrow();
  });
});

describe("what is installed", () => {
  const listeners = (target: EventTarget) => vi.spyOn(target, "addEventListener");

  it("listens for errors, rejections, and the page's end", () => {
    const [onWindow, onDocument] = [listeners(window), listeners(document)];
    page.start();
    const types = [...onWindow.mock.calls, ...onDocument.mock.calls].map(([type]) => type);
    expect(types).toEqual(
      expect.arrayContaining(["error", "unhandledrejection", "pagehide", "visibilitychange"]),
    );
  });

  it("never listens for unload or beforeunload, which would cost the back/forward cache", () => {
    const onWindow = listeners(window);
    page.start();
    const types = onWindow.mock.calls.map(([type]) => type as string);
    expect(types.filter((type) => type.includes("unload"))).toEqual([]);
  });

  it("a disabled client listens to nothing and changes nothing", () => {
    const [onWindow, onDocument, { fetch }] = [listeners(window), listeners(document), window];
    page.start({ enabled: false });
    expect(onWindow).not.toHaveBeenCalled();
    expect(onDocument).not.toHaveBeenCalled();
    expect(window.fetch).toBe(fetch);
  });

  it("the console is touched only on demand", () => {
    const { error } = console;
    page.start();
    expect(console.error).toBe(error);
    page.start({ captureConsole: true });
    expect(console.error).not.toBe(error);
  });

  it("destroy removes every listener and gives everything back", () => {
    const added = [listeners(window), listeners(document)];
    const removed = [vi.spyOn(window, "removeEventListener"), vi.spyOn(document, "removeEventListener")];
    const before = [console.error, console.warn, window.fetch, XMLHttpRequest.prototype.open];
    page.start({ captureConsole: true }).destroy();
    const count = (spies: { mock: { calls: unknown[] } }[]) =>
      spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    expect(count(removed)).toBe(count(added));
    expect([console.error, console.warn, window.fetch, XMLHttpRequest.prototype.open]).toEqual(before);
  });

  it("destroy may be called twice", () => {
    const client = page.start();
    client.destroy();
    expect(() => client.destroy()).not.toThrow();
  });

  it("after destroy nothing is sent", async () => {
    const client = page.start();
    client.destroy();
    client.captureError(new Error("late"));
    client.counter("late");
    await client.flush();
    page.leave();
    expect(page.sent).toEqual([]);
  });
});

describe("the client", () => {
  const calls: [string, (client: MonlightClient) => unknown][] = [
    ["captureError with an error", (c) => c.captureError(new Error("x"))],
    ["captureError with a context", (c) => c.captureError(new Error("x"), { a: 1 })],
    ["captureError with nothing", (c) => c.captureError(undefined)],
    ["captureMessage", (c) => c.captureMessage("x", "warning")],
    ["setUser", (c) => c.setUser("u")],
    ["addContext", (c) => c.addContext("k", { v: 1 })],
    ["counter", (c) => c.counter("n")],
    ["histogram", (c) => c.histogram("n", 1, { l: "v" })],
    ["gauge", (c) => c.gauge("n", 1)],
    ["flush", (c) => c.flush()],
    ["destroy", (c) => c.destroy()],
  ];
  for (const enabled of [true, false])
    for (const [what, call] of calls)
      it(`${what} can be called ${enabled ? "" : "when it is disabled"}`, () =>
        expect(() => call(page.start({ enabled }))).not.toThrow());

  it("sends counters, histograms and gauges of the page", async () => {
    const client = page.start({ sampleRate: 0 });
    client.counter("orders_total");
    client.counter("bytes_total", 512, { kind: "image" });
    client.histogram("render_ms", 12.5);
    client.gauge("queue", 3);
    await client.flush();
    expect(page.metrics().map(({ name, type, value }) => [name, type, value])).toEqual([
      ["orders_total", "counter", 1],
      ["bytes_total", "counter", 512],
      ["render_ms", "histogram", 12.5],
      ["queue", "gauge", 3],
    ]);
    expect(page.metrics("bytes_total")[0]!.labels).toEqual({ kind: "image", page: "/" });
  });

  it("the page's path is a label, the session is not: it belongs to the batch", async () => {
    const client = page.start();
    client.counter("n", 1, { page: "mine" });
    await client.flush();
    expect(page.metrics("n")[0]!.labels).toEqual({ page: location.pathname });
    expect(page.batches()[0]!.session_id).toBe(sessionStorage.getItem("monlight_session_id"));
  });

  for (const value of [NaN, Infinity, "5", undefined])
    it(`a histogram does not take ${value}`, async () => {
      const client = page.start();
      client.histogram("n", value as number);
      await client.flush();
      expect(page.metrics("n")).toEqual([]);
    });

  it("labels are texts, however they were given, and of bounded length", async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const client = page.start();
    client.counter("n", 1, { a: 5, b: circular, c: "x".repeat(5000) } as unknown as Record<string, string>);
    await client.flush();
    expect(page.metrics("n")[0]!.labels).toMatchObject({ a: "5", b: "[object Object]", c: "x".repeat(200) });
  });

  it("what the collector would refuse, and the whole batch with it, is left out", async () => {
    const client = page.start();
    for (const name of ["", "é".repeat(101), undefined as never]) client.counter(name);
    client.counter("é".repeat(100), 1, { "": "no name", shop: "de" });
    await client.flush();
    expect(page.metrics().map(({ name, labels }) => [name, labels])).toEqual([
      ["undefined", { page: "/" }],
      ["é".repeat(100), { shop: "de", page: "/" }],
    ]);
  });

  it("two clients share nothing but the session", async () => {
    const one = page.start({ endpoint: "https://one.example" });
    const two = page.start({ endpoint: "https://two.example" });
    one.setUser("first");
    one.captureError(new Error("same"));
    two.captureError(new Error("same"));
    one.destroy();
    two.captureError(new Error("same"));
    two.captureError(new Error("other"));
    await turn();
    two.destroy();
    expect(page.sent.map(({ url }) => new URL(url).host)).toEqual([
      "one.example",
      "two.example",
      "two.example",
      "two.example",
    ]);
    const [first, second] = page.errors();
    expect(first!.context).toEqual({ user_id: "first" });
    expect(second!.context).toEqual({});
    expect(first!.session_id).toBe(second!.session_id);
  });
});

describe("the script tag", () => {
  const global = globalThis as {
    MonlightConfig?: MonlightConfig;
    MonlightSDK?: { init: unknown };
    Monlight?: MonlightClient;
  };
  afterEach(() => {
    global.Monlight?.destroy();
    for (const name of ["MonlightConfig", "MonlightSDK", "Monlight"] as const) delete global[name];
  });

  it("makes MonlightSDK, and without a configuration nothing else", () => {
    autoInit(init);
    expect(global.MonlightSDK!.init).toBe(init);
    expect(global.Monlight).toBeUndefined();
  });

  it("starts a client from MonlightConfig", () => {
    global.MonlightConfig = { dsn: DSN, endpoint: ENDPOINT };
    autoInit(init);
    global.Monlight!.captureMessage("hello");
    expect(page.errors()[0]!.message).toBe("hello");
  });

  it("run again for the same project makes no second client, which would report all twice", () => {
    for (const dsn of [DSN, DSN, `${DSN}-other`]) {
      global.MonlightConfig = { dsn, endpoint: ENDPOINT };
      autoInit(init);
      page.clients.push(global.Monlight!);
    }
    const [first, again, other] = page.clients;
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("run again for a client that was destroyed or not enabled makes one that works", () => {
    for (const enabled of [false, true, true]) {
      global.MonlightConfig = { dsn: DSN, endpoint: ENDPOINT, enabled };
      autoInit(init);
      global.Monlight!.captureMessage("hello");
      global.Monlight!.destroy();
    }
    expect(page.errors()).toHaveLength(2);
  });

  it("a bad configuration is told to the console and breaks nothing", () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    global.MonlightConfig = {} as MonlightConfig;
    expect(() => autoInit(init)).not.toThrow();
    expect(error).toHaveBeenCalledWith("[Monlight] Auto-init failed:", expect.any(Error));
    expect(global.Monlight).toBeUndefined();
  });
});
