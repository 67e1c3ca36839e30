// SPDX-License-Identifier: MIT
// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DSN, ENDPOINT, Page } from "./page.js";

let page: Page;
beforeEach(() => {
  vi.useFakeTimers();
  // Of a pause between its half and its whole, the whole.
  vi.spyOn(Math, "random").mockReturnValue(0.999999);
  page = new Page();
});
afterEach(() => page.close());

const quiet = { sampleRate: { vitals: 0, network: 0 } };
const start = (config = {}) => page.start({ ...quiet, ...config });
const after = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
/** Errors that are not equal, since only their messages count. */
const fail = (n: number, from = 0) => {
  for (let i = from; i < from + n; i++) page.clients[0]!.captureMessage(`m${i}`);
};

describe("errors", () => {
  it("are posted at once", () => {
    start().captureError(new Error("x"));
    const { url, init } = page.sent[0]!;
    expect(url).toBe(`${ENDPOINT}/api/browser/errors`);
    expect(init).toMatchObject({ method: "POST", keepalive: true });
    expect(init.headers).toEqual({ "Content-Type": "application/json", "X-Monlight-Key": DSN });
  });
  it("are posted without mode or credentials of their own", () => {
    start().captureError(new Error("x"));
    expect(Object.keys(page.sent[0]!.init).sort()).toEqual(["body", "headers", "keepalive", "method"]);
  });
  it("keep alive only while all that is under way fits the browser's 64 KiB", () => {
    start();
    for (let i = 0; i < 6; i++) page.clients[0]!.captureError(new Error(`${i}`), { big: "x".repeat(15_000) });
    expect(page.sent.map(({ init }) => init.keepalive)).toEqual([true, true, true, false, false, false]);
  });
  it("are answered with something that is read: until then the browser counts them as under way", async () => {
    start().captureError(new Error("x"));
    await after(0);
    const answer = (await page.fetch.mock.results[0]!.value) as Response;
    expect(answer.bodyUsed).toBe(true);
  });
  it("that the browser refused are tried again without keepalive, of which others may have used up all", async () => {
    page.answers = [new TypeError("Failed to fetch"), { status: 503 }];
    start().captureError(new Error("x"));
    await after(10_000);
    expect(page.sent.map(({ init }) => init.keepalive)).toEqual([true, false, false]);
    page.clients[0]!.captureError(new Error("y"));
    expect(page.sent[3]!.init.keepalive).toBe(true);
  });
  it("count bytes, not characters", () => {
    start().captureError(new Error("x"), { big: "語".repeat(17_000) });
    expect(page.errors()[0]!.context).toEqual({});
  });
});

describe("metrics", () => {
  it("wait for five seconds", async () => {
    start().counter("n");
    expect(page.sent).toEqual([]);
    await after(5000);
    expect(page.sent).toHaveLength(1);
  });
  it("wait for ten of them", () => {
    const client = start();
    for (let i = 0; i < 9; i++) client.counter("n");
    expect(page.sent).toEqual([]);
    client.counter("n");
    expect(page.metrics()).toHaveLength(10);
  });
  it("are a batch with the key in the header", async () => {
    start().counter("n", 2, { a: "b" });
    await after(5000);
    const { url, init } = page.sent[0]!;
    expect(url).toBe(`${ENDPOINT}/api/browser/metrics`);
    expect(init.headers).toEqual({ "Content-Type": "application/json", "X-Monlight-Key": DSN });
    expect(page.batches()[0]).toEqual({
      metrics: [
        {
          name: "n",
          type: "counter",
          value: 2,
          labels: { a: "b", page: "/" },
          timestamp: expect.stringMatching(/\.\d{3}Z$/),
        },
      ],
      session_id: expect.any(String),
      event_id: expect.any(String),
    });
  });
  it("are no request when there are none", async () => {
    const client = start();
    await after(20_000);
    await client.flush();
    page.hide();
    page.leave();
    expect(page.sent).toEqual([]);
  });
  it("are sent once", async () => {
    const client = start();
    client.counter("n");
    await client.flush();
    await after(5000);
    page.hide();
    expect(page.metrics()).toHaveLength(1);
  });
  it("larger than the relay takes are sent in parts", async () => {
    const client = start();
    const labels = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`label${i}`, "x".repeat(200)]));
    for (let i = 0; i < 8; i++) client.histogram("n", i, labels);
    await client.flush();
    expect(page.metrics().map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(page.sent.length).toBeGreaterThan(1);
    for (const { body } of page.sent) expect(body.length).toBeLessThan(48_000);
  });
  it("leave by destroy, whose timer stops", () => {
    const clear = vi.spyOn(globalThis, "clearInterval");
    const set = vi.spyOn(globalThis, "setInterval");
    const client = start();
    client.counter("n");
    client.destroy();
    expect(page.sent.map(({ by }) => by)).toEqual(["fetch"]);
    expect(clear).toHaveBeenCalledWith(set.mock.results[0]!.value);
  });
});

it("what waits for a relay that was away leaves by destroy, too", async () => {
  page.answers = [{ status: 503 }];
  const client = start();
  client.captureError(new Error("waits"));
  await after(0);
  client.destroy();
  expect(page.sent.map(({ by }) => by)).toEqual(["fetch", "beacon"]);
  expect(page.errors()[1]!.message).toBe("waits");
});

describe("when the page is hidden or left", () => {
  for (const [event, happen] of [
    ["visibilitychange to hidden", () => page.hide()],
    ["pagehide", () => page.leave()],
  ] as const) {
    it(`${event}: a beacon of text with ?key=, which needs no preflight, where the original's JSON needed one`, () => {
      start().counter("n");
      happen();
      expect(page.beacon).toHaveBeenCalledWith(
        `${ENDPOINT}/api/browser/metrics?key=${DSN}`,
        expect.any(String),
      );
      expect(page.metrics()).toHaveLength(1);
    });
    it(`${event}: without beacons, a fetch`, () => {
      page.takesBeacons = false;
      start().counter("n");
      happen();
      expect(page.sent.map(({ by }) => by)).toEqual(["fetch"]);
    });
  }
  it("the key is escaped", () => {
    page.start({ ...quiet, dsn: "a b&c" }).counter("n");
    page.leave();
    expect(page.beacon.mock.calls[0]![0]).toContain("?key=a%20b%26c");
  });
  it("nothing happens when it becomes visible", () => {
    start().counter("n");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(page.sent).toEqual([]);
  });
  it("what comes after pagehide does not wait: nobody would be there to send it", () => {
    const client = start();
    page.leave();
    client.counter("n");
    client.captureMessage("m");
    expect(page.sent.map(({ by }) => by)).toEqual(["beacon", "beacon"]);
  });
  it("a page that came back batches again", async () => {
    const client = start();
    page.leave();
    await after(5000);
    client.counter("n");
    expect(page.sent).toEqual([]);
  });
  it("what waited for another attempt leaves with pagehide", async () => {
    page.answers = [{ status: 503 }];
    start().captureMessage("m");
    await after(0);
    page.leave();
    expect(page.sent.map(({ by }) => by)).toEqual(["fetch", "beacon"]);
    expect(page.errors()[0]).toEqual(page.errors()[1]);
  });
  it("what waits stays when the page is only hidden", async () => {
    page.answers = [{ status: 503 }];
    start().captureMessage("m");
    await after(0);
    page.hide();
    expect(page.sent).toHaveLength(1);
  });
});

describe("a relay that is away, busy or refuses", () => {
  for (const answer of [new TypeError("Failed to fetch"), { status: 500 }, { status: 503 }, { status: 429 }])
    it(`${answer instanceof Error ? "no answer" : answer.status}: asked again after a second`, async () => {
      page.answers = [answer];
      start().captureMessage("m");
      await after(900);
      expect(page.sent).toHaveLength(1);
      await after(200);
      expect(page.sent).toHaveLength(2);
      expect(page.errors()[0]).toEqual(page.errors()[1]);
      await after(600_000);
      expect(page.sent).toHaveLength(2);
    });
  for (const status of [400, 401, 403, 413])
    it(`${status}: not asked again`, async () => {
      page.answers = [{ status }];
      start().captureMessage("m");
      await after(600_000);
      expect(page.sent).toHaveLength(1);
    });
  it("Retry-After is respected", async () => {
    page.answers = [{ status: 429, headers: { "Retry-After": "30" } }];
    start();
    fail(1);
    await after(29_900);
    fail(1, 1);
    expect(page.sent).toHaveLength(1);
    await after(200);
    expect(page.errors().map(({ message }) => message)).toEqual(["m0", "m0", "m1"]);
  });
  it("a Retry-After that is a date, or absurd, does not silence us for ever", async () => {
    page.answers = [
      { status: 429, headers: { "Retry-After": "Wed, 21 Oct 2065 07:28:00 GMT" } },
      { status: 429, headers: { "Retry-After": "999999999" } },
    ];
    start();
    fail(1);
    await after(1000);
    expect(page.sent).toHaveLength(2);
    await after(3_600_000);
    expect(page.sent).toHaveLength(3);
  });
  it("the pauses double up to a minute, and only one request tries", async () => {
    page.answers = Array.from({ length: 100 }, () => new TypeError("away"));
    start();
    fail(5);
    await after(0);
    const times: number[] = [];
    for (let second = 1; second <= 200; second++) {
      const before = page.sent.length;
      await after(1000);
      if (page.sent.length > before) times.push(second);
    }
    expect(page.sent).toHaveLength(5 + times.length);
    expect(times).toEqual([1, 3, 7, 15, 31, 63, 123, 183]);
  });
  it("whatever waits follows the first success", async () => {
    page.answers = [new TypeError("away")];
    start();
    fail(1);
    await after(0);
    fail(9, 1);
    expect(page.sent).toHaveLength(1);
    await after(1000);
    expect(
      page
        .errors()
        .map(({ message }) => message)
        .sort(),
    ).toEqual(["m0", ...Array.from({ length: 10 }, (_, i) => `m${i}`)].sort());
  });
  it("of what waits 30 are kept, the newest", async () => {
    page.answers = [new TypeError("away")];
    const client = start();
    client.captureMessage("first");
    await after(0);
    for (let i = 0; i < 40; i++) {
      client.counter(`n${i}`);
      await client.flush();
    }
    await after(1000);
    expect(page.metrics().map(({ name }) => name)).toEqual(
      Array.from({ length: 30 }, (_, i) => `n${i + 10}`),
    );
  });
  it("throws nothing, rejects nothing, says nothing", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    page.answers = [new TypeError("away")];
    start().captureMessage("m");
    await after(0);
    expect(warn).not.toHaveBeenCalled();
  });
  it("is told to the console with debug", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const away = new TypeError("away");
    page.answers = [away, { status: 401 }];
    start({ debug: true }).captureMessage("m");
    await after(1000);
    expect(warn.mock.calls).toEqual([
      ["[Monlight] Transport error:", away],
      ["[Monlight] Transport error:", 401],
    ]);
  });
});

describe("without fetch", () => {
  it("everything leaves by beacon", () => {
    vi.stubGlobal("fetch", undefined);
    const client = start();
    client.captureMessage("m");
    expect(page.sent.map(({ by }) => by)).toEqual(["beacon"]);
  });
  it("and without beacons nothing does, quietly", () => {
    vi.stubGlobal("fetch", undefined);
    page.takesBeacons = false;
    expect(() => start().captureMessage("m")).not.toThrow();
  });
});
