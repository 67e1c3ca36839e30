// The relay as pages meet it: what a real browser sends, lets a page read, and keeps from it.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch } from "./browser.js";
import { errorsOf, newKey, site } from "./site.js";
import { Stack, eventually } from "./stack.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const report = (message) => ({ type: "TypeError", message, stack: "at f (https://shop.example/a.js:1:2)" });

// In the page: posts as the SDK does, and says what the page could read of the answer.
async function post({ url, key, body, credentials }) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Monlight-Key": key },
      credentials,
      body: JSON.stringify(body),
    });
    const { status, headers } = answer;
    return { status, retryAfter: headers.get("Retry-After"), body: await answer.json() };
  } catch (error) {
    return { failed: error.name };
  }
}

// In the page: sends a beacon when it is left.
function sendOnLeaving({ url, body, type }) {
  globalThis.addEventListener("pagehide", () => {
    const text = JSON.stringify(body);
    navigator.sendBeacon(url, type ? new Blob([text], { type }) : text);
  });
}

describe("a page of another origin", () => {
  const stack = new Stack();
  const sites = [];
  let shop, other, errors;

  before(async () => {
    await stack.start();
    for (let i = 0; i < 2; i++) sites.push(await site({ "/": "<title>shop</title>" }));
    [shop, other] = sites.map(({ origin }) => origin);
    errors = stack.url("relay", "api/browser/errors");
  });
  after(async () => {
    await stack.stop();
    for (const one of sites) await one.close();
  });

  async function pageOf(origin) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(origin);
    return page;
  }

  async function postFrom(origin, key, message, more = {}) {
    const page = await pageOf(origin);
    const told = await page.evaluate(post, { url: errors, key, body: report(message), ...more });
    await page.context().close();
    return told;
  }

  it("reports by fetch with a header, and reads the answer", async () => {
    const key = await newKey(stack, "header", { origins: [shop] });
    const told = await postFrom(shop, key, "by fetch");
    assert.equal(told.status, 201);
    assert.equal(told.body.status, "created");
    assert.equal((await postFrom(shop, key, "by fetch", { credentials: "include" })).status, 200);
  });

  it("reports by a beacon when it is closed, as JSON and as plain text", async () => {
    for (const [i, type] of ["application/json", "text/plain", undefined].entries()) {
      const project = `beacon-${i}`;
      const key = await newKey(stack, project, { origins: [shop] });
      const page = await pageOf(shop);
      const body = report(`left with ${type}`);
      await page.evaluate(sendOnLeaving, { url: `${errors}?key=${key}`, body, type });
      await page.close({ runBeforeUnload: true });
      const arrived = await eventually(async () => (await errorsOf(stack, project))[0]);
      assert.equal(arrived?.message, body.message);
      await page.context().close();
    }
  });

  it("reports by a beacon when another page is opened", async () => {
    const key = await newKey(stack, "left", { origins: [shop] });
    const page = await pageOf(shop);
    const body = report("left for another page");
    await page.evaluate(sendOnLeaving, { url: `${errors}?key=${key}`, body, type: "application/json" });
    await page.goto(other);
    assert.ok(await eventually(async () => (await errorsOf(stack, "left")).length === 1));
    await page.context().close();
  });

  it("is kept from reading and from reporting where the key does not name its origin", async () => {
    const key = await newKey(stack, "wrong-origin", { origins: [shop] });
    assert.deepEqual(await postFrom(other, key, "from elsewhere"), { failed: "TypeError" });
    const page = await pageOf(other);
    await page.evaluate(sendOnLeaving, { url: `${errors}?key=${key}`, body: report("from elsewhere") });
    await page.close({ runBeforeUnload: true });
    await page.context().close();
    assert.equal((await postFrom(shop, key, "from the shop")).status, 201);
    const found = await errorsOf(stack, "wrong-origin");
    assert.deepEqual(
      found.map(({ message }) => message),
      ["from the shop"],
    );
  });

  it("is let in by a pattern, and by a star without credentials", async () => {
    const pattern = await newKey(stack, "pattern", { origins: ["http://127.0.0.1:*"] });
    assert.equal((await postFrom(shop, pattern, "by pattern")).status, 201);
    assert.equal((await postFrom(other, pattern, "by pattern", { credentials: "include" })).status, 200);
    const anyone = await newKey(stack, "anyone", { origins: ["*"] });
    assert.equal((await postFrom(shop, anyone, "by star")).status, 201);
  });

  it("can read why it was refused", async () => {
    await newKey(stack, "refusals", { origins: [shop] });
    const unknown = await postFrom(shop, "an-unknown-key", "x");
    assert.deepEqual([unknown.status, unknown.body.detail], [401, "Invalid DSN key"]);
    const key = await newKey(stack, "refusals", { origins: [shop] });
    const large = await postFrom(shop, key, "x".repeat(70_000));
    assert.equal(large.status, 413);
    // Beyond 4 MiB it is lighttpd that refuses, before the relay hears of it.
    const absurd = await postFrom(shop, key, "x".repeat(5_000_000));
    assert.deepEqual([absurd.status, absurd.body.detail], [413, "Request body exceeds maximum size"]);
    const broken = await postFrom(shop, key, 5);
    assert.deepEqual([broken.status, broken.body.detail], [400, "Missing required field: message"]);
  });
});

describe("a page whose relay is away", () => {
  const stack = new Stack();
  let shop;

  before(async () => {
    await stack.start();
    shop = await site({ "/": "<title>shop</title>" });
  });
  after(async () => {
    await stack.stop();
    await shop?.close();
  });

  // In the page: a report as plain text, which no browser asks about first.
  async function plain({ url, body }) {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    return { ok: answer.ok, status: answer.status, body: await answer.json() };
  }

  it("reads that it is", async () => {
    const key = await newKey(stack, "away", { origins: [shop.origin] });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(shop.origin);
    const url = stack.url("relay", `api/browser/errors?key=${key}`);
    // lighttpd starts a pool again soon after it has died, so this may take a few deaths.
    const told = await eventually(async () => {
      for (const id of await stack.running("monlight-relay")) process.kill(id, "SIGKILL");
      const answer = await page.evaluate(plain, { url, body: report("nobody there") });
      return answer.status === 503 && answer;
    });
    assert.match(told?.body?.detail, /not running; try again/);
    const back = () => page.evaluate(plain, { url, body: report("back") });
    assert.ok(await eventually(async () => (await back()).ok));
    await context.close();
  });
});

describe("a page that reports too often", () => {
  const stack = new Stack();
  let shop;

  before(async () => {
    await stack.start({ RATE_LIMIT: 10 });
    shop = await site({ "/": "<title>shop</title>" });
  });
  after(async () => {
    await stack.stop();
    await shop?.close();
  });

  it("reads how long to wait", async () => {
    const key = await newKey(stack, "often", { origins: [shop.origin] });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(shop.origin);
    const url = stack.url("relay", "api/browser/errors");
    let told;
    for (let i = 0; i < 12 && told?.status !== 429; i++)
      told = await page.evaluate(post, { url, key, body: report("again") });
    assert.equal(told.status, 429);
    assert.ok(Number(told.retryAfter) >= 1);
    assert.equal(told.body.retry_after, Number(told.retryAfter));
    await context.close();
  });
});
