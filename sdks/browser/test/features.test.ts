// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
// The parts of the full build: breadcrumbs, the offline queue, resources and policies.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { breadcrumbs } from "../src/breadcrumbs.js";
import { offline } from "../src/offline.js";
import { resources } from "../src/resources.js";
import { DSN, ENDPOINT, Page, turn } from "./page.js";

let page: Page;
beforeEach(() => {
  page = new Page();
  document.body.innerHTML = "";
});
afterEach(() => page.close());

describe("breadcrumbs", () => {
  const crumbs = () => {
    page.clients[0]!.captureMessage(`m${page.errors().length}`);
    return page.errors().at(-1)!.breadcrumbs!;
  };
  const start = (config = {}) => page.start({ sampleRate: { vitals: 0 }, ...config }, [breadcrumbs]);

  it("say when", () => {
    vi.spyOn(console, "info").mockImplementation(() => {});
    start();
    console.info("x");
    expect(crumbs()[0]!.timestamp).toMatch(/^\d{4}-.*Z$/);
  });

  for (const [markup, described] of [
    ['<button id="pay" class="big red loud">Pay</button>', "button#pay.big.red"],
    ['<input name="card" value="4111">', "input[name=card]"],
    ["<p>secret text</p>", "p"],
    ['<form id="f"><input name="id"></form>', "form#f"],
    ["<svg class='icon'></svg>", "svg.icon"],
  ] as const)
    it(`a click on ${markup} is ${described}`, () => {
      document.body.innerHTML = markup;
      start();
      document.body.firstElementChild!.dispatchEvent(new Event("click", { bubbles: true }));
      expect(crumbs()).toMatchObject([{ category: "ui.click", message: described }]);
    });

  it("never have a value of an input or a text of the page", () => {
    document.body.innerHTML = '<input type="password" name="pass" value="hunter2"><p>hunter2</p>';
    start();
    for (const element of document.body.children)
      for (const type of ["click", "input", "keydown", "change"])
        element.dispatchEvent(new Event(type, { bubbles: true }));
    expect(JSON.stringify(crumbs())).not.toContain("hunter2");
  });

  it("know where the page went, without queries", () => {
    start();
    history.pushState({}, "", "/cart/5?token=1");
    history.replaceState({}, "", "/cart/5?token=1");
    history.replaceState({}, "", "/paid#x");
    expect(crumbs().map(({ category, message }) => [category, message])).toEqual([
      ["navigation", `${location.origin}/ -> ${location.origin}/cart/{id}`],
      ["navigation", `${location.origin}/cart/{id} -> ${location.origin}/paid`],
    ]);
    history.replaceState({}, "", "/");
  });

  it("hear the console, which still speaks, without writing objects out", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    start();
    console.log("a", 1, { secret: 2 });
    expect(log).toHaveBeenCalledWith("a", 1, { secret: 2 });
    expect(crumbs()).toMatchObject([{ category: "console", level: "log", message: "a 1 [object Object]" }]);
  });

  it("of a console that is captured too come before the report, whose stack is the caller's", () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    start({ captureConsole: true });
    (function complain() {
      console.error("x");
    })();
    expect(page.errors()).toHaveLength(1);
    expect(page.errors()[0]!.stack.split("\n")[1]).toContain("complain");
    expect(page.errors()[0]!.breadcrumbs).toMatchObject([{ message: "x" }]);
  });

  it("know requests and how they ended", async () => {
    page.answers = [{ status: 404 }];
    start();
    await fetch("https://api.example/users/7?q=1");
    expect(crumbs()).toMatchObject([
      { category: "fetch", message: "GET https://api.example/users/{id} 404" },
    ]);
  });

  it("are the last 30, cut at 200 characters", () => {
    vi.spyOn(console, "info").mockImplementation(() => {});
    start();
    for (let i = 0; i < 40; i++) console.info(`line ${i} ${"x".repeat(500)}`);
    expect(crumbs()).toHaveLength(30);
    expect(crumbs()[0]!.message).toHaveLength(200);
    expect(crumbs()[29]!.message).toMatch(/^line 39 /);
  });

  it("give console and history back", () => {
    const before = [console.log, console.error, history.pushState, history.replaceState];
    start().destroy();
    expect([console.log, console.error, history.pushState, history.replaceState]).toEqual(before);
  });
});

describe("the offline queue", () => {
  const KEY = `monlight_offline_${DSN}`;
  const start = () => page.start({ sampleRate: 0 }, [offline]);
  const stored = () => JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as [string, string][];

  it("keeps what could not be sent when the page is left, and the next page sends it", async () => {
    page.answers = [new TypeError("away")];
    start().captureMessage("m");
    await turn();
    page.leave();
    expect(stored()).toHaveLength(1);
    expect(page.beacon).not.toHaveBeenCalled();
    page.sent = [];
    start();
    await turn();
    expect(page.errors()).toMatchObject([{ message: "m" }]);
    expect(stored()).toEqual([]);
  });
  it("sends when the browser is online again", async () => {
    start();
    sessionStorage.setItem(KEY, JSON.stringify([["/api/browser/errors", '{"message":"old"}']]));
    window.dispatchEvent(new Event("online"));
    expect(page.errors()).toMatchObject([{ message: "old" }]);
  });
  it("keeps 64 000 characters, the newest", async () => {
    page.answers = [new TypeError("away")];
    const client = start();
    client.captureMessage("first");
    await turn();
    for (let i = 0; i < 30; i++) client.captureError(new Error(`${i}`), { big: `${i}:${"x".repeat(9000)}` });
    page.leave();
    expect(sessionStorage.getItem(KEY)!.length).toBeLessThanOrEqual(64_000);
    expect(stored().at(-1)![1]).toContain("29:xxx");
  });
  it("is each client's own", () => {
    sessionStorage.setItem("monlight_offline_other", '[["/api/browser/errors","{}"]]');
    start();
    expect(page.sent).toEqual([]);
  });
  for (const content of ["not json", "5", '{"a":1}', "[5]"])
    it(`is not hurt by finding ${content}`, () => {
      sessionStorage.setItem(KEY, content);
      expect(start).not.toThrow();
    });
});

describe("resources", () => {
  const start = () => page.start({ sampleRate: 0 }, [resources]);

  for (const [markup, message] of [
    ['<img src="https://cdn.example/a.png?x=1">', "img https://cdn.example/a.png did not load"],
    [
      '<script src="https://cdn.example/app/5.js" type="none"></script>',
      "script https://cdn.example/app/5.js did not load",
    ],
    ['<link href="https://cdn.example/a.css">', "link https://cdn.example/a.css did not load"],
  ] as const)
    it(`${markup} that does not load is reported`, () => {
      document.body.innerHTML = markup;
      start();
      document.body.firstElementChild!.dispatchEvent(new Event("error"));
      expect(page.errors()).toMatchObject([{ type: "ResourceError", message }]);
    });
  it("without the feature they are not", () => {
    document.body.innerHTML = '<img src="https://cdn.example/a.png">';
    page.start();
    document.body.firstElementChild!.dispatchEvent(new Event("error"));
    expect(page.errors()).toEqual([]);
  });
  it("an error of a script is not taken for one", () => {
    start();
    window.dispatchEvent(new ErrorEvent("error", { message: "boom" }));
    expect(page.errors()).toMatchObject([{ type: "Error", message: "boom" }]);
  });

  const violate = (blockedURI: string) =>
    document.dispatchEvent(
      Object.assign(new Event("securitypolicyviolation"), {
        blockedURI,
        effectiveDirective: "script-src-elem",
        sourceFile: "https://shop.example/a.js",
        lineNumber: 3,
        columnNumber: 7,
        disposition: "enforce",
      }),
    );
  for (const [uri, what] of [
    ["https://evil.example/x.js?y", "https://evil.example/x.js"],
    ["inline", "inline"],
    ["data", "data"],
  ] as const)
    it(`what the policy forbids, as ${uri}, is reported with its place`, () => {
      start();
      violate(uri);
      expect(page.errors()).toMatchObject([
        {
          type: "SecurityPolicyViolation",
          message: `script-src-elem forbids ${what}`,
          stack: "    at https://shop.example/a.js:3:7",
          context: { disposition: "enforce" },
        },
      ]);
    });
  it("a policy that forbids our own requests is not told so by another one", () => {
    start();
    violate(`${ENDPOINT}/api/browser/errors`);
    expect(page.errors()).toEqual([]);
  });
});
