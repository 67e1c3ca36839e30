// The browser SDK as its users have it: loaded from the relay by script tag with its integrity hash, or bundled; in pages
// of another origin than the relay's.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { build } from "esbuild";
import { arrived, here, metric, pages, scriptOf, shop, stack, visit } from "./shop.js";
import { errorsOf, newKey } from "./site.js";
import { eventually } from "./stack.js";

describe("whatever goes wrong in a page of another origin reaches the tracker", () => {
  // What happens in the page, and the error that is made of it.
  const paths = [
    [
      "a thrown error",
      () => setTimeout(() => null.missing, 0),
      { type: "TypeError", message: "Cannot read properties of null (reading 'missing')" },
    ],
    [
      "a thrown text",
      () =>
        setTimeout(() => {
          throw "text";
        }),
      { type: "Error", message: "Uncaught text" },
    ],
    [
      "a rejection nobody handles",
      () => void Promise.reject(new RangeError("rejected")),
      { type: "RangeError", message: "rejected" },
    ],
    [
      "a rejection with an object",
      () => void Promise.reject({ code: 7 }),
      { type: "UnhandledRejection", message: '{"code":7}' },
    ],
    [
      "captureError with a cause",
      () =>
        globalThis.Monlight.captureError(new Error("outer", { cause: new TypeError("inner") }), { cart: 3 }),
      { type: "Error", message: "outer" },
    ],
    [
      "captureMessage",
      () => globalThis.Monlight.captureMessage("look at this", "warning"),
      { type: "ConsoleWarning", message: "look at this" },
    ],
    ["console.error", () => globalThis.console.error("told", 5), { type: "ConsoleError", message: "told 5" }],
    [
      "a request that the server fails",
      () => void fetch("/fails/17?token=secret", { method: "POST" }),
      { type: "Error", message: "POST /fails/{id} failed with status 500" },
    ],
    [
      "a request without an answer",
      () => void fetch("http://127.0.0.1:9/x").catch(() => {}),
      { type: "Error", message: "GET http://127.0.0.1:9/x network error: Failed to fetch" },
    ],
    [
      "an XMLHttpRequest that the server fails",
      () => {
        const request = new XMLHttpRequest();
        request.open("GET", "/fails/18");
        request.send();
      },
      { type: "Error", message: "GET /fails/{id} failed with status 500" },
    ],
    [
      "an image that does not load",
      () => {
        new Image().src = "x";
        document.body.append(Object.assign(new Image(), { src: "/missing.png?x=1" }));
      },
      { type: "ResourceError", message: "img ORIGIN/missing.png did not load" },
    ],
    [
      "what the page's policy forbids",
      () =>
        document.body.append(
          Object.assign(document.createElement("script"), { src: "https://evil.example/x.js" }),
        ),
      { type: "SecurityPolicyViolation", message: "script-src-elem forbids https://evil.example/x.js" },
    ],
  ];
  let visited;
  before(async () => {
    pages["/fails/17"] = pages["/fails/18"] = { status: 500, body: "no" };
    visited = await visit("paths", {
      full: true,
      body: `<h1>A shop</h1>${scriptOf(paths.map(([, happen]) => happen))}`,
      config: { release: "v9", environment: "test", captureConsole: true },
      headers: { "Content-Security-Policy": `script-src 'self' 'unsafe-inline' 'unsafe-eval' ${shop.relay}` },
    });
    await visited.page.evaluate(() => {
      globalThis.Monlight.setUser("user-1");
      globalThis.Monlight.addContext("plan", "free");
    });
  });
  after(() => visited?.close());

  for (const [i, [what, , { type, message }]] of paths.entries())
    it(what, async () => {
      await visited.page.evaluate(`void happen[${i}]()`);
      const error = await arrived("paths", message.replace("ORIGIN", shop.origin));
      assert.equal(error.exception_type, type);
      const [occurrence] = error.occurrences;
      assert.equal(occurrence.environment, "test");
      assert.equal(occurrence.release, "v9");
      assert.equal(occurrence.request_method, "BROWSER");
      assert.equal(occurrence.request_url, `${shop.origin}/paths`);
      assert.match(occurrence.extra.user_agent, /Chrome/);
      assert.equal(occurrence.extra.context.user_id, "user-1");
      assert.equal(occurrence.extra.context.plan, "free");
      assert.match(occurrence.session_id, /^[0-9a-f-]{36}$/);
    });

  it("with its cause and its own context", async () => {
    const [occurrence] = (await arrived("paths", "outer")).occurrences;
    assert.equal(occurrence.extra.context.cart, 3);
    assert.deepEqual(
      occurrence.causes.map((cause) => [cause.exception_type, cause.message]),
      [["TypeError", "inner"]],
    );
  });

  it("with what happened before it", async () => {
    await visited.page.evaluate(() => {
      const card = Object.assign(document.createElement("input"), { name: "card", value: "4111" });
      document.body.append(
        card,
        Object.assign(document.createElement("a"), { id: "pay", textContent: "Pay" }),
      );
    });
    await visited.page.click("[name=card]");
    await visited.page.keyboard.type("4111");
    await visited.page.click("#pay");
    await visited.page.evaluate(() => {
      history.pushState({}, "", "/paths?q=1#x");
      globalThis.Monlight.captureMessage("with crumbs");
    });
    const [{ breadcrumbs }] = (await arrived("paths", "with crumbs")).occurrences;
    assert.ok(breadcrumbs.length <= 30);
    const seen = breadcrumbs.map(({ category, message }) => `${category}: ${message}`);
    for (const line of ["console: told 5", "fetch: POST /fails/{id} 500", "ui.click: a#pay"])
      assert.ok(seen.includes(line), `${line} in ${seen.join("\n")}`);
    assert.ok(!JSON.stringify(breadcrumbs).includes("4111"));
  });

  it("an error in the page's own pagehide handler, while it is left", async () => {
    const { page, close } = await visit("unloading");
    await page.evaluate(() =>
      addEventListener("pagehide", () => {
        throw new Error("while leaving");
      }),
    );
    await page.goto(`${shop.origin}/missing`);
    await arrived("unloading", "while leaving");
    await close();
  });

  it("equal errors are one report and a number", async () => {
    const { page, sent, close } = await visit("equal");
    await page.evaluate(() => {
      for (let i = 0; i < 500; i++) globalThis.Monlight.captureError(new Error("again and again"));
    });
    await page.goto(`${shop.origin}/missing`);
    const count = async () => (await errorsOf(stack, "equal"))[0]?.count;
    await eventually(async () => (await count()) === 500);
    assert.equal(await count(), 500);
    assert.equal(
      sent.filter((request) => request.method() === "POST" && /errors/.test(request.url())).length,
      2,
    );
    await close();
  });

  it("metrics of the page, and its requests", async () => {
    const { page, close } = await visit("numbers");
    await page.evaluate(async () => {
      globalThis.Monlight.counter("orders_total", 2, { kind: "web" });
      globalThis.Monlight.histogram("render_ms", 12.5);
      globalThis.Monlight.gauge("queue", 3);
      await fetch("/numbers");
      await globalThis.Monlight.flush();
    });
    assert.equal((await metric("numbers", "orders_total"))[0].sum, 2);
    assert.equal((await metric("numbers", "render_ms"))[0].sum, 12.5);
    assert.equal((await metric("numbers", "queue"))[0].max, 3);
    assert.equal((await metric("numbers", "browser_http_requests_total"))[0].sum, 1);
    await close();
  });

  it("what the page itself aborts is a request, and no error", async () => {
    const { page, close } = await visit("aborted");
    await page.evaluate(async () => {
      const controller = new AbortController();
      const answer = fetch("/?fetch", { signal: controller.signal });
      const request = new XMLHttpRequest();
      request.open("GET", "/?xhr");
      request.send();
      controller.abort();
      request.abort();
      await answer.catch(() => {});
      globalThis.Monlight.captureMessage("the only one");
      await globalThis.Monlight.flush();
    });
    await arrived("aborted", "the only one");
    assert.equal((await errorsOf(stack, "aborted")).length, 1);
    const counted = await metric("aborted", "browser_http_requests_total");
    assert.equal(
      counted.reduce((sum, row) => sum + row.sum, 0),
      2,
    );
    await close();
  });
});

describe("drop-in", () => {
  it("the original's script tag: MonlightConfig before, window.Monlight after, MonlightSDK.init besides", async () => {
    const { page, thrown, close } = await visit("tag");
    const names = await page.evaluate(() => [
      typeof globalThis.MonlightSDK.init,
      ...["captureError", "captureMessage", "setUser", "addContext", "destroy"].map(
        (name) => typeof globalThis.Monlight[name],
      ),
    ]);
    assert.deepEqual([...new Set(names)], ["function"]);
    assert.deepEqual(thrown, []);
    await close();
  });

  it("the original's module: init from @monlight/browser, bundled", async () => {
    const dsn = await newKey(stack, "module", { origins: [shop.origin] });
    const { outputFiles } = await build({
      stdin: {
        contents: `import { init } from "@monlight/browser";
          const monlight = init({ dsn: "${dsn}", endpoint: "${shop.relay}/", release: "1.0.0" });
          monlight.setUser("42");
          try { undefined.x } catch (error) { monlight.captureError(error, { page: "checkout" }) }`,
        resolveDir: here("../../sdks/browser"),
      },
      bundle: true,
      minify: true,
      write: false,
    });
    pages["/module.js"] = outputFiles[0].text;
    pages["/module"] = "<title>module</title><script type=module src=/module.js></script>";
    const context = await shop.browser.newContext();
    const page = await context.newPage();
    await page.goto(`${shop.origin}/module`);
    const error = await arrived("module", "Cannot read properties of undefined (reading 'x')");
    assert.deepEqual(error.occurrences[0].extra.context, { page: "checkout", user_id: "42" });
    await context.close();
  });

  it("two clients in one page, each to its project", async () => {
    const { page, close } = await visit("first");
    const dsn = await newKey(stack, "second", { origins: [shop.origin] });
    await page.evaluate(
      (config) => {
        const second = globalThis.MonlightSDK.init(config);
        second.captureMessage("of the second");
        globalThis.Monlight.captureMessage("of the first");
      },
      { dsn, endpoint: shop.relay },
    );
    await arrived("first", "of the first");
    await arrived("second", "of the second");
    for (const project of ["first", "second"]) assert.equal((await errorsOf(stack, project)).length, 1);
    await close();
  });

  it("a wrong hash, and the browser does not run it", async () => {
    const context = await shop.browser.newContext();
    const page = await context.newPage();
    pages["/tampered"] = shop.tags[0].replace(/sha384-.{8}/, "sha384-AAAAAAAA");
    await page.goto(`${shop.origin}/tampered`);
    assert.equal(await page.evaluate(() => typeof globalThis.MonlightSDK), "undefined");
    await context.close();
  });
});
