// SPDX-License-Identifier: MIT
// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sanitizeUrl } from "../src/network.js";
import { text } from "../src/safe.js";
import { ENDPOINT, Page, turn } from "./page.js";

describe("an address without what may be private or endless", () => {
  const id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
  for (const [url, clean] of [
    ["https://api.example/users", "https://api.example/users"],
    ["https://api.example/users?token=secret", "https://api.example/users"],
    ["https://api.example/users#top", "https://api.example/users"],
    ["https://api.example/users/42", "https://api.example/users/{id}"],
    ["https://api.example/users/42/", "https://api.example/users/{id}/"],
    [`https://api.example/users/${id}/posts`, "https://api.example/users/{id}/posts"],
    [`https://api.example/users/${id.toUpperCase()}`, "https://api.example/users/{id}"],
    [`https://api.example/a/1/b/2/${id}/3`, "https://api.example/a/{id}/b/{id}/{id}/{id}"],
    ["https://api.example", "https://api.example/"],
    ["https://user:password@api.example/x", "https://api.example/x"],
    ["//cdn.example/a.js?v=1", "http://cdn.example/a.js"],
  ] as const)
    it(`${url} is ${clean}`, () => expect(sanitizeUrl(url)).toBe(clean));

  for (const [url, clean] of [
    ["/api/u/5?token=secret", "/api/u/{id}"],
    ["api/u?x", "/api/u"],
    ["", "/"],
    ["?q=1", "/"],
  ] as const)
    it(`relative ones too, where the original kept the query: "${url}" is "${clean}"`, () =>
      expect(sanitizeUrl(url)).toBe(clean));

  it("whole segments alone are ids: /2024-report stays, as the relay has it", () =>
    expect(sanitizeUrl("https://api.example/2024-report")).toBe("https://api.example/2024-report"));
  it("an invalid one is returned as it is, but for its query", () =>
    expect(sanitizeUrl("http://[bad/?token=secret")).toBe("http://[bad/"));
  it("of data nothing is left but that it is data", () =>
    expect(sanitizeUrl("data:text/plain,secret")).toBe("data:"));
});

let page: Page;
beforeEach(() => {
  page = new Page();
});
afterEach(() => page.close());

const start = (config = {}) => page.start({ sampleRate: { vitals: 0 }, ...config });
const seen = async () => {
  await page.clients[0]!.flush();
  return page.metrics("browser_http_requests_total").map(({ labels }) => labels);
};

describe("fetch", () => {
  it("is wrapped, and given back by destroy", () => {
    const client = start();
    expect(window.fetch).not.toBe(page.fetch);
    client.destroy();
    expect(window.fetch).toBe(page.fetch);
  });
  it("whoever wrapped it after us keeps his wrapping, in which we fall silent", async () => {
    const client = start();
    const ours = window.fetch;
    const theirs: typeof fetch = (...args) => ours(...args);
    window.fetch = theirs;
    client.destroy();
    expect(window.fetch).toBe(theirs);
    await window.fetch("https://api.example/");
    await client.flush();
    expect(page.sent).toEqual([]);
  });
  it("requests are counted and timed, with the same labels", async () => {
    page.answers = [{ status: 200 }];
    start();
    await fetch("https://api.example/users/1?q");
    await page.clients[0]!.flush();
    const [counter, histogram] = page.metrics();
    const labels = { method: "GET", status: "200", host: "api.example", page: "/" };
    expect(counter).toMatchObject({ name: "browser_http_requests_total", type: "counter", value: 1, labels });
    expect(histogram).toMatchObject({ name: "browser_http_request_duration_ms", type: "histogram", labels });
    expect(histogram!.value).toBeGreaterThanOrEqual(0);
  });

  for (const [what, args, labels] of [
    ["the method of init", ["https://a.example/", { method: "POST" }], { method: "POST" }],
    ["the method in capitals", ["https://a.example/", { method: "post" }], { method: "POST" }],
    ["a Request's own method", [new Request("https://a.example/", { method: "PUT" })], { method: "PUT" }],
    [
      "init's method before a Request's",
      [new Request("https://a.example/", { method: "PUT" }), { method: "DELETE" }],
      { method: "DELETE" },
    ],
    ["a URL object's host", [new URL("https://b.example/x")], { host: "b.example" }],
    ["the page's host for a relative address", ["/api/x"], { host: location.host }],
    ["an unknown host where there is none", ["http://[bad"], { host: "unknown" }],
  ] as const)
    it(`the labels have ${what}`, async () => {
      start();
      await fetch(...(args as unknown as Parameters<typeof fetch>));
      expect(await seen()).toMatchObject([labels]);
    });

  it("the caller gets the same response, and its this is passed on", async () => {
    const response = new Response("body");
    const original = vi.fn(async () => response);
    vi.stubGlobal("fetch", original);
    start();
    expect(await window.fetch.call(window, "/x", { method: "POST" })).toBe(response);
    expect(original).toHaveBeenCalledWith("/x", { method: "POST" });
    expect(original.mock.contexts[0]).toBe(window);
  });
  it("the caller gets the same error; one that he does not catch stays uncaught", async () => {
    const error = new TypeError("Failed to fetch");
    page.answers = [error];
    start();
    await expect(fetch("https://api.example/")).rejects.toBe(error);
  });

  for (const status of [500, 503])
    it(`${status} is an error of the caller`, async () => {
      page.answers = [{ status }];
      start();
      await (function caller() {
        return fetch("https://api.example/pay/7?card=1", { method: "POST" });
      })();
      const message = `POST https://api.example/pay/{id} failed with status ${status}`;
      expect(page.errors()).toMatchObject([{ type: "Error", message, context: { type: "NetworkError" } }]);
      const [header, first] = page.errors()[0]!.stack.split("\n");
      expect(header).toBe(`Error: ${message}`);
      expect(first).toContain("caller");
    });
  for (const status of [200, 301, 400, 404, 499])
    it(`${status} is none`, async () => {
      page.answers = [{ status: status == 301 ? 300 : status }];
      start();
      await fetch("https://api.example/");
      expect(page.errors()).toEqual([]);
      expect(await seen()).toHaveLength(1);
    });
  it("no answer is an error and has status 0", async () => {
    page.answers = [new TypeError("Failed to fetch")];
    start();
    await fetch("/api/x?token=1").catch(() => {});
    await turn();
    expect(page.errors()).toMatchObject([{ message: "GET /api/x network error: Failed to fetch" }]);
    expect(await seen()).toMatchObject([{ status: "0" }]);
  });

  /** A signal that is aborted, and requests of the page that fail by it. */
  const aborted = (reason: unknown) => {
    const controller = new AbortController();
    controller.abort(reason);
    const { signal } = controller;
    vi.stubGlobal("fetch", (...args: Parameters<typeof fetch>) =>
      text(args[0]).startsWith(ENDPOINT) ? page.fetch(...args) : Promise.reject(signal.reason as Error),
    );
    return signal;
  };
  for (const [how, args] of [
    ["by init's signal", (signal: AbortSignal) => ["/api/x", { signal }]],
    ["by a Request's", (signal: AbortSignal) => [new Request("https://api.example/", { signal })]],
  ] as const)
    for (const reason of [undefined, "unmounted", null])
      it(`what the page aborts ${how} for the reason ${reason} is counted and no error`, async () => {
        const signal = aborted(reason);
        start();
        await fetch(...(args(signal) as unknown as Parameters<typeof fetch>)).catch(() => {});
        expect(await seen()).toMatchObject([{ status: "0" }]);
        expect(page.errors()).toEqual([]);
      });
  it("the time-out of a signal is an error", async () => {
    const signal = aborted(new DOMException("too slow", "TimeoutError"));
    start();
    await fetch("/api/x", { signal }).catch(() => {});
    await turn();
    expect(page.errors()).toMatchObject([{ message: "GET /api/x network error: too slow" }]);
  });

  for (const url of [`${ENDPOINT}/api/browser/errors`, `${ENDPOINT}?x`, ENDPOINT])
    it(`${url} is our own`, async () => {
      start();
      await fetch(url);
      expect(await seen()).toEqual([]);
    });
  it("another host that begins like ours is not", async () => {
    start();
    await fetch(`${ENDPOINT}.evil.example/`);
    expect(await seen()).toHaveLength(1);
  });
  it("what another client sends to its relay is no request of the page", async () => {
    start();
    page.start({ sampleRate: 0, endpoint: "https://other.example" }).captureMessage("m");
    await turn();
    expect(page.errors()).toHaveLength(1);
    expect(await seen()).toEqual([]);
  });
  it("one that answers with no promise is left alone", () => {
    vi.stubGlobal("fetch", () => 5);
    start();
    expect(fetch("/x")).toBe(5);
  });
  it("one that throws throws to its caller", () => {
    vi.stubGlobal("fetch", () => {
      throw new RangeError("sync");
    });
    start();
    expect(() => fetch("/x")).toThrow(RangeError);
  });
  it("sampleRate.network 0 leaves it alone", () => {
    start({ sampleRate: { network: 0 } });
    expect(window.fetch).toBe(page.fetch);
  });
});

describe("XMLHttpRequest", () => {
  const { open, send } = XMLHttpRequest.prototype;
  const prototype = XMLHttpRequest.prototype as { open: unknown; send: unknown };
  let status = 200;
  let ending = "load";
  beforeEach(() => {
    [status, ending] = [200, "load"];
    prototype.open = () => {};
    prototype.send = function (this: XMLHttpRequest) {
      Object.defineProperty(this, "status", { value: status, configurable: true });
      for (const type of [ending, "loadend"]) this.dispatchEvent(new Event(type));
    };
  });
  afterEach(() => Object.assign(prototype, { open, send }));

  const request = (method: string, url: string, again = 0) => {
    const xhr = new XMLHttpRequest();
    for (let i = 0; i <= again; i++) {
      xhr.open(method, url);
      xhr.send();
    }
  };

  it("is wrapped, and given back by destroy", () => {
    const [o, s] = [prototype.open, prototype.send];
    const client = start();
    expect([prototype.open, prototype.send]).not.toEqual([o, s]);
    client.destroy();
    expect([prototype.open, prototype.send]).toEqual([o, s]);
  });
  it("requests are counted and timed", async () => {
    start();
    request("put", "https://api.example/x");
    expect(await seen()).toEqual([{ method: "PUT", status: "200", host: "api.example", page: "/" }]);
    expect(page.metrics("browser_http_request_duration_ms")).toHaveLength(1);
  });
  it("one used twice counts twice, not three times", async () => {
    start();
    request("GET", "https://api.example/x", 1);
    expect(await seen()).toHaveLength(2);
  });
  it("500 is an error", () => {
    status = 500;
    start();
    request("GET", "/a/5?x");
    expect(page.errors()).toMatchObject([
      { message: "GET /a/{id} failed with status 500", context: { type: "NetworkError" } },
    ]);
  });
  it("what the page aborts is counted and no error", async () => {
    [status, ending] = [0, "abort"];
    start();
    request("GET", "https://api.example/x");
    expect(page.errors()).toEqual([]);
    expect(await seen()).toMatchObject([{ status: "0" }]);
  });
  it("no answer and timeout are errors of status 0", async () => {
    [status, ending] = [0, "timeout"];
    start();
    request("GET", "https://api.example/x");
    expect(page.errors()).toMatchObject([{ message: "GET https://api.example/x network error" }]);
    expect(await seen()).toMatchObject([{ status: "0" }]);
  });
  it("our own is left out", async () => {
    start();
    request("POST", `${ENDPOINT}/api/browser/errors`);
    expect(await seen()).toEqual([]);
  });
});
