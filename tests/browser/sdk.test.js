// The browser SDK as its users have it: loaded from the relay by script tag with its integrity hash, or
// bundled; in pages of another origin than the relay's, and in pages that are hostile to it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { answer, launch } from "./browser.js";
import { errorsOf, newKey, site } from "./site.js";
import { Stack, eventually, sleep } from "./stack.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const stack = new Stack();
const pages = {};
let browser, shop, relay, tags;

before(async () => {
  browser = await launch();
  await stack.start();
  relay = stack.url("relay").slice(0, -1);
  const { version } = JSON.parse(await readFile(here("../../sdks/browser/package.json"), "utf8"));
  const integrity = await (await fetch(`${relay}/sdk/monlight-${version}.integrity.json`)).json();
  tags = Object.entries(integrity).map(
    ([name, hash]) =>
      `<script src="${relay}/sdk/${name}" integrity="${hash}" crossorigin="anonymous"></script>`,
  );
  shop = await site(pages);
});
after(async () => {
  await browser?.close();
  await shop?.close();
  await stack.stop();
});

// A page of a project of its own; `put` is in its head before the SDK's tag, which is the core's or the full one's.
async function visit(
  project,
  { full = false, put = "", body = "<h1>A shop</h1>", config = {}, headers, origins } = {},
) {
  const dsn = await newKey(stack, project, { origins: origins ?? [shop.origin] });
  const head = `<script>window.MonlightConfig = ${JSON.stringify({ dsn, endpoint: relay, ...config })};</script>`;
  const html = `<!doctype html><title>${project}</title>${put}${head}${tags[full ? 1 : 0]}${body}`;
  pages[`/${project}`] = { status: 200, headers, body: html };
  const context = await browser.newContext();
  const page = await context.newPage();
  const sent = [];
  const thrown = [];
  page.on("request", (request) => request.url().startsWith(`${relay}/api/`) && sent.push(request));
  page.on("pageerror", (error) => thrown.push(error.message));
  await page.goto(`${shop.origin}/${project}`);
  return { page, context, sent, thrown, dsn, project, close: () => context.close() };
}

// Waits for an error of the project with this message, and returns it in full.
async function arrived(project, message) {
  const find = async () => (await errorsOf(stack, project)).find((error) => error.message === message);
  const error = await eventually(find);
  assert.ok(error, `${message}: only ${(await errorsOf(stack, project)).map((one) => one.message)}`);
  return error;
}

async function metric(project, name) {
  const ask = async () => {
    const answer = await fetch(
      stack.url("metrics", `api/metrics?name=${name}&period=1h&project=${project}`),
      {
        headers: { "X-API-Key": stack.keys.metrics },
      },
    );
    return (await answer.json()).data;
  };
  await eventually(async () => (await ask()).length);
  return ask();
}

/*
 * What a test makes happen in a page is a script of that page, in which every function has lines of its own:
 * the tracker groups by the place, and all that is evaluated from outside has the same.
 */
const scriptOf = (functions) => {
  const path = `/script-${Object.keys(pages).length}.js`;
  pages[path] = `globalThis.happen = [\n${functions.join(",\n")}\n];`;
  return `<script src="${path}"></script>`;
};

// Throws ten thousand errors, every other one like no other, in a second or so; returns what it took.
function storm() {
  const begun = performance.now();
  const errors = Array.from({ length: 5000 }, (_, i) => new Error(`storm ${i}`));
  for (const error of errors) {
    dispatchEvent(new ErrorEvent("error", { error, message: error.message }));
    globalThis.Monlight.captureError(new Error("the same"));
  }
  return performance.now() - begun;
}

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
      headers: { "Content-Security-Policy": `script-src 'self' 'unsafe-inline' 'unsafe-eval' ${relay}` },
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
          const monlight = init({ dsn: "${dsn}", endpoint: "${relay}/", release: "1.0.0" });
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
    const context = await browser.newContext();
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
      { dsn, endpoint: relay },
    );
    await arrived("first", "of the first");
    await arrived("second", "of the second");
    for (const project of ["first", "second"]) assert.equal((await errorsOf(stack, project)).length, 1);
    await close();
  });

  it("a wrong hash, and the browser does not run it", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    pages["/tampered"] = tags[0].replace(/sha384-.{8}/, "sha384-AAAAAAAA");
    await page.goto(`${shop.origin}/tampered`);
    assert.equal(await page.evaluate(() => typeof globalThis.MonlightSDK), "undefined");
    await context.close();
  });
});

describe("a hostile page keeps working", () => {
  const posts = (sent) => sent.filter((request) => request.method() === "POST");
  const bytes = (sent) => posts(sent).reduce((sum, request) => sum + (request.postData()?.length ?? 0), 0);

  it("10 000 errors in a second: 20 requests, the rest of them counted at the end", async (t) => {
    const { page, sent, thrown, close } = await visit("storm", { full: true, body: scriptOf([storm]) });
    const took = await page.evaluate("happen[0]()");
    await sleep(500);
    assert.equal(posts(sent).filter((request) => /errors/.test(request.url())).length, 20);
    assert.ok(bytes(sent) < 20 * 48_000);
    t.diagnostic(`${((took / 10_000) * 1000).toFixed(1)} µs an error, ${bytes(sent)} bytes sent`);
    await page.goto(`${shop.origin}/missing`);
    const same = await eventually(async () => {
      const one = (await errorsOf(stack, "storm")).find(({ message }) => message === "the same");
      return one?.count === 5000 && one;
    });
    assert.equal(same?.count, 5000);
    assert.ok(posts(sent).length <= 60, `${posts(sent).length} requests`);
    assert.deepEqual(thrown, []);
    await close();
  });

  it("globals frozen", async () => {
    const freeze = `<script>
      for (const one of [console, history, navigator, performance, XMLHttpRequest.prototype, Object.prototype,
                         Array.prototype, Function.prototype, Promise.prototype, String.prototype, JSON, Math])
        Object.freeze(one);
      Object.defineProperty(window, "fetch", { value: window.fetch, writable: false, configurable: false });
    </script>`;
    const { page, thrown, close } = await visit("frozen", {
      full: true,
      put: freeze,
      config: { captureConsole: true },
    });
    const answer = await page.evaluate(async () => {
      globalThis.console.error("still here");
      history.pushState({}, "", "/frozen");
      globalThis.Monlight.captureError(new Error("frozen"));
      return (await fetch("/frozen")).status;
    });
    assert.equal(answer, 200);
    await arrived("frozen", "frozen");
    assert.deepEqual(thrown, []);
    await close();
  });

  it("fetch replaced twice, once before and once after the SDK", async () => {
    const replace = `<script>
      window.calls = 0;
      const real = window.fetch;
      window.fetch = (...args) => (window.calls++, real(...args));
    </script>`;
    const { page, thrown, close } = await visit("replaced", { put: replace });
    const [status, calls, theirs] = await page.evaluate(async () => {
      const ours = globalThis.fetch;
      const second = (...args) => ours(...args);
      globalThis.fetch = second;
      const { status } = await fetch("/replaced");
      await fetch("/fails/17").catch(() => {});
      globalThis.Monlight.destroy();
      const kept = globalThis.fetch === second;
      await fetch("/fails/17");
      return [status, globalThis.calls, kept];
    });
    assert.equal(status, 200);
    assert.ok(theirs, "destroy leaves the page's own replacement");
    assert.ok(calls >= 3);
    const errors = await eventually(async () => {
      const all = await errorsOf(stack, "replaced");
      return all.length > 0 && all;
    });
    assert.deepEqual(
      errors.map(({ message, count }) => [message, count]),
      [["GET /fails/{id} failed with status 500", 1]],
    );
    assert.deepEqual(thrown, []);
    await close();
  });

  it("storage blocked, as in a sandbox", async () => {
    const { page, thrown, close } = await visit("sandbox", {
      full: true,
      headers: { "Content-Security-Policy": "sandbox allow-scripts" },
      origins: ["*"],
    });
    await page.evaluate(() => {
      try {
        sessionStorage.length;
      } catch (error) {
        globalThis.Monlight.captureError(error);
      }
      globalThis.Monlight.captureMessage("second");
    });
    const [first, second] = [
      await eventually(async () =>
        (await errorsOf(stack, "sandbox")).find((one) => one.exception_type === "SecurityError"),
      ),
      await arrived("sandbox", "second"),
    ];
    assert.ok(first, "storage was blocked, and that was reported");
    assert.equal(first.occurrences[0].session_id, second.occurrences[0].session_id);
    assert.deepEqual(thrown, []);
    await close();
  });

  it("a policy that does not let it send: one attempt after each pause, not one an error", async (t) => {
    const { page, thrown, close } = await visit("forbidden", {
      full: true,
      body: `<h1>A shop</h1>${scriptOf([storm])}`,
      headers: {
        "Content-Security-Policy": `default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' ${relay}`,
      },
    });
    let refused = 0;
    page.on("console", (message) => {
      if (/Fetch API cannot load/.test(message.text())) refused++;
    });
    await page.evaluate("happen[0]()");
    await sleep(5000);
    t.diagnostic(`${refused} attempts in five seconds`);
    assert.ok(refused > 0 && refused <= 30, `${refused} attempts`);
    assert.equal(await page.evaluate(() => document.querySelector("h1").textContent), "A shop");
    assert.deepEqual(thrown, []);
    await close();
    assert.deepEqual(await errorsOf(stack, "forbidden"), []);
  });

  it("a relay that is away: pauses, then everything arrives", async () => {
    const { page, context, thrown, close } = await visit("away", { full: true });
    await context.setOffline(true);
    await page.evaluate(() => {
      for (let i = 0; i < 5; i++) globalThis.Monlight.captureMessage(`offline ${i}`);
    });
    await sleep(1500);
    await context.setOffline(false);
    const all = await eventually(async () => {
      const errors = await errorsOf(stack, "away");
      return errors.reduce((sum, { count }) => sum + count, 0) === 5 && errors;
    }, 15_000);
    assert.ok(all, "all five have arrived");
    assert.deepEqual(thrown, []);
    await close();
  });

  // The browser counts 64 KiB of bodies with keepalive until their answers are read, for the whole page.
  for (const [who, reads] of Object.entries({
    "the SDK": true,
    "somebody else, who reads no answers": false,
  }))
    it(`${who} has sent more with keepalive than may be under way: all of it arrives`, async () => {
      const project = reads ? "much" : "crowded";
      const { page, close } = await visit(project, { config: { sampleRate: 0 } });
      let answers = 0;
      page.on("response", (answer) => {
        answers += answer.request().method() === "POST" && answer.url().endsWith("/api/browser/metrics");
      });
      if (!reads)
        await page.evaluate(async (url) => {
          const request = { method: "POST", body: "x".repeat(3000), keepalive: true };
          for (let n = 0; n < 40; n++) await fetch(url, request).catch(() => {});
        }, `${relay}/api/browser/errors?key=none`);
      const batches = reads ? 30 : 2;
      for (let batch = 1; batch <= batches; batch++) {
        await page.evaluate(() => {
          const labels = { some: "x".repeat(190) };
          for (let n = 0; n < 10; n++) globalThis.Monlight.counter("much_total", 1, labels);
        });
        assert.ok(await eventually(() => answers >= batch, 10_000), `batch ${batch}`);
      }
      assert.equal(
        (await metric(project, "much_total")).reduce((sum, row) => sum + row.sum, 0),
        batches * 10,
      );
      await close();
    });

  it("a batch of which only the answer was lost is counted once", async () => {
    const { page, sent, close } = await visit("lost");
    let lost = 0;
    await answer(page, `${relay}/api/browser/metrics`, async (route) => {
      if (route.request().method() !== "POST" || lost++) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await page.evaluate(() => {
      globalThis.Monlight.counter("orders_total", 7);
      return globalThis.Monlight.flush();
    });
    const tries = () => posts(sent).filter((request) => request.postData()?.includes("orders_total")).length;
    await eventually(() => tries() >= 2);
    await sleep(500);
    assert.equal(tries(), 2);
    assert.equal((await metric("lost", "orders_total"))[0].sum, 7);
    await close();
  });

  it("left while the relay is away: the next page of the tab sends it", async () => {
    const { page, close } = await visit("later", { full: true });
    await page.route(`${relay}/api/**`, (route) => route.abort());
    await page.evaluate(() => globalThis.Monlight.captureMessage("from before"));
    await sleep(300);
    await page.goto(`${shop.origin}/missing`);
    await page.unroute(`${relay}/api/**`);
    await page.goto(`${shop.origin}/later`);
    await arrived("later", "from before");
    await close();
  });
});
