// The browser SDK in pages that are hostile to it, and before a relay that is away: the page goes on, and all arrives.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { answer } from "./browser.js";
import { arrived, metric, pages, scriptOf, shop, stack, visit } from "./shop.js";
import { errorsOf } from "./site.js";
import { eventually, sleep } from "./stack.js";

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

describe("a hostile page keeps working", () => {
  before(() => {
    pages["/fails/17"] = { status: 500, body: "no" };
  });
  const posts = (sent) => sent.filter((request) => request.method() === "POST");
  const bytes = (sent) => posts(sent).reduce((sum, request) => sum + (request.postData()?.length ?? 0), 0);

  it("10 000 errors in a second: 20 requests, the rest of them counted at the end", async (t) => {
    const { page, sent, thrown, close } = await visit("storm", { full: true, body: scriptOf([storm]) });
    const took = await page.evaluate("happen[0]()");
    const reports = () => posts(sent).filter((request) => /errors/.test(request.url())).length;
    await eventually(() => reports() >= 20);
    await sleep(500);
    assert.equal(reports(), 20);
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
        "Content-Security-Policy": `default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' ${shop.relay}`,
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
        }, `${shop.relay}/api/browser/errors?key=none`);
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
    await answer(page, `${shop.relay}/api/browser/metrics`, async (route) => {
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
    await page.route(`${shop.relay}/api/**`, (route) => route.abort());
    await page.evaluate(() => globalThis.Monlight.captureMessage("from before"));
    await sleep(300);
    await page.goto(`${shop.origin}/missing`);
    await page.unroute(`${shop.relay}/api/**`);
    await page.goto(`${shop.origin}/later`);
    await arrived("later", "from before");
    await close();
  });
});
