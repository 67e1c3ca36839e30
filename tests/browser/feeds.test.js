// Real feeds: a FastAPI program under load and a page in Chromium send metrics by plain HTTP, and what the
// API tells and the page shows equals what they sent.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, open, signIn, sound } from "./browser.js";
import { newKey, site } from "./site.js";
import { PASSWORD, Stack, eventually, freePort } from "./stack.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLIENTS = 8;
const REQUESTS = Number(process.env.FEED_REQUESTS ?? 400);
const ERROR = 0.0055; // what a percentile may be off by, relatively

const stack = new Stack();
let browser, program, port, shop, sent;

const ask = async (path, parameters) => {
  const answer = await fetch(`${stack.url("metrics", path)}?${new URLSearchParams(parameters)}`, {
    headers: { "X-API-Key": stack.keys.metrics },
  });
  assert.equal(answer.status, 200);
  return answer.json();
};

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
const total = (rows, member) => sum(rows.map((row) => row[member]));
const nearestRank = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.max(Math.ceil(q * values.length), 1) - 1];
const near = (told, exact, what) =>
  assert.ok(Math.abs(told - exact) <= Math.abs(exact) * ERROR, `${what}: ${told}, exactly ${exact}`);

// The program answers /items and /orders, some of them failing, to several clients at once.
async function load() {
  const paths = Array.from({ length: REQUESTS }, (_, i) =>
    i % 4 === 3 ? `orders${i % 20 === 19 ? "?fails=1" : ""}` : `items/${i}`,
  );
  const client = async () => {
    for (let path = paths.pop(); path; path = paths.pop()) {
      const method = path.startsWith("orders") ? "POST" : "GET";
      const answer = await fetch(`http://127.0.0.1:${port}/${path}`, { method });
      assert.equal(answer.status, path.endsWith("fails=1") ? 500 : method === "POST" ? 201 : 200);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (await fetch(`http://127.0.0.1:${port}/sent`)).json();
}

before(async () => {
  browser = await launch();
  await stack.start({ INDEXER: "cron" });
  port = await freePort();
  program = spawn(
    `${ROOT}build/venv/bin/python`,
    ["-m", "uvicorn", "--port", port, "--log-level", "error", "shop:app"],
    {
      cwd: `${ROOT}tests/browser/programs`,
      env: {
        PATH: process.env.PATH,
        PYTHONDONTWRITEBYTECODE: "1",
        METRICS: stack.url("metrics", "api/metrics"),
        METRICS_KEY: stack.keys.metrics,
      },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  const up = () =>
    fetch(`http://127.0.0.1:${port}/items/0`).then(
      (answer) => answer.ok,
      () => false,
    );
  assert.ok(await eventually(up, 60_000), "the program does not answer");
  sent = await load();
});
after(async () => {
  program?.kill();
  await browser?.close();
  await shop?.close();
  await stack.stop();
});

// Every number must be the same whether the points are compacted or not.
for (const settled of ["as they came", "rolled up"])
  describe(`the numbers of a FastAPI program under load, ${settled}`, () => {
    before(async () => {
      if (settled === "rolled up") assert.equal(await stack.control("index", "rollup"), 0);
    });

    it("are told by the API", async () => {
      const durations = Object.values(sent.durations).flat();
      assert.equal(durations.length, REQUESTS + 1);
      const whole = { project: "shop", period: "1h" };
      const counted = await ask("api/metrics", { ...whole, name: "http_requests_total" });
      assert.equal(total(counted.data, "sum"), durations.length);
      const timed = await ask("api/metrics", { ...whole, name: "http_request_duration_seconds" });
      assert.equal(total(timed.data, "count"), durations.length);
      assert.equal(total(timed.data, "sum"), sum(durations));
      assert.equal(Math.min(...timed.data.map(({ min }) => min)), Math.min(...durations));
      assert.equal(Math.max(...timed.data.map(({ max }) => max)), Math.max(...durations));
      const queue = await ask("api/metrics", { ...whole, name: "queue_length" });
      assert.equal(queue.data.at(-1).last, sent.queue.at(-1));

      const { server } = await ask("api/dashboard", whole);
      for (const [name, q] of Object.entries({ p50: 0.5, p95: 0.95, p99: 0.99 }))
        near(server.latency[name], nearestRank(durations, q), name);
      assert.equal(server.errors, sent.durations["POST /orders 500"].length);
      const byEndpoint = await ask("api/metrics", {
        ...{ ...whole, name: "http_requests_total", group_by: "endpoint,method,status" },
      });
      for (const [key, values] of Object.entries(sent.durations)) {
        const rows = byEndpoint.data.filter(
          ({ labels }) => `${labels.method} ${labels.endpoint} ${labels.status}` === key,
        );
        assert.equal(total(rows, "sum"), values.length, key);
      }
    });

    it("are read off the page", async () => {
      const { page, verify, close } = await open(browser);
      await signIn(page, stack.url("metrics", "?project=shop&time=1h"), PASSWORD);
      const requests = Object.values(sent.durations).flat().length;
      const orders = [201, 500].map((status) => sent.durations[`POST /orders ${status}`].length);
      const tile = (name) =>
        page.locator(".tiles div", { hasText: name }).first().locator("dd").textContent();
      const server = page.getByRole("region", { name: "Server", exact: true });
      const row = server.getByRole("row", { name: "/orders" });
      await row.waitFor();
      assert.equal(await tile("Requests"), String(requests));
      assert.equal(await tile("Points"), (2 * requests + settledGauges()).toLocaleString("en"));
      assert.equal(await row.getByRole("cell").nth(1).textContent(), String(sum(orders)));
      const share = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
      assert.equal(
        await row.getByRole("cell").nth(2).textContent(),
        `${share.format((100 * orders[1]) / sum(orders))}%`,
      );
      await sound(page);

      await page.goto(
        stack.url("metrics", "?view=explore&project=shop&time=1h&name=http_requests_total&group_by=endpoint"),
      );
      const cells = page.getByRole("region", { name: "Rows" }).locator("tbody tr");
      await cells.first().waitFor();
      const rows = await cells.evaluateAll((all) =>
        all.map((one) => [...one.cells].map((cell) => cell.textContent)),
      );
      const ofOrders = rows
        .filter((cellsOfRow) => cellsOfRow[1] === "/orders")
        .map((cellsOfRow) => Number(cellsOfRow[3]));
      assert.equal(sum(ofOrders), sum(orders));
      verify();
      await close();
    });
  });

const settledGauges = () => sent.queue.length;

// In the page: sends by fetch, and what is left by a beacon when the page goes.
function sendAll({ url, key, values }) {
  const batch = (part) =>
    JSON.stringify({
      url: location.href,
      metrics: part.map((value) => ({
        name: "cart_milliseconds",
        type: "histogram",
        value,
        labels: { step: "pay" },
      })),
    });
  const half = values.length / 2;
  globalThis.addEventListener("pagehide", () =>
    navigator.sendBeacon(`${url}?key=${key}`, batch(values.slice(half))),
  );
  const headers = { "Content-Type": "application/json", "X-Monlight-Key": key };
  return fetch(url, { method: "POST", headers, body: batch(values.slice(0, half)) }).then(
    ({ status }) => status,
  );
}

describe("the numbers of a page in a browser", () => {
  const values = Array.from({ length: 60 }, (_, i) => 20 + ((i * 37) % 101));

  it("arrive by fetch and by beacon, and are told by the API", async () => {
    shop = await site({ "/cart": "<title>cart</title>" });
    const key = await newKey(stack, "cart", { origins: [shop.origin] });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${shop.origin}/cart?voucher=1`);
    const url = stack.url("relay", "api/browser/metrics");
    assert.equal(await page.evaluate(sendAll, { url, key, values }), 202);
    await page.close({ runBeforeUnload: true });
    const rows = async () =>
      (
        await ask("api/metrics", {
          name: "cart_milliseconds",
          project: "cart",
          period: "1h",
          labels: "page:/cart,step:pay",
        })
      ).data;
    assert.ok(await eventually(async () => total(await rows(), "count") === values.length));
    const data = await rows();
    assert.equal(total(data, "sum"), sum(values));
    assert.equal(Math.min(...data.map(({ min }) => min)), Math.min(...values));
    assert.equal(Math.max(...data.map(({ max }) => max)), Math.max(...values));
    if (data.length === 1) near(data[0].p95, nearestRank(values, 0.95), "p95");
    await context.close();
  });

  it("are read off the page", async () => {
    const { page, verify, close } = await open(browser);
    await signIn(
      page,
      stack.url("metrics", "?view=explore&project=cart&time=1h&name=cart_milliseconds"),
      PASSWORD,
    );
    const cells = page.getByRole("region", { name: "Rows" }).locator("tbody tr");
    await cells.first().waitFor();
    const rows = await cells.evaluateAll((all) =>
      all.map((one) => [...one.cells].map((cell) => cell.textContent)),
    );
    assert.equal(sum(rows.map((row) => Number(row[1]))), values.length);
    const highest = rows.map((row) => Number.parseFloat(row.at(-1)));
    assert.equal(Math.max(...highest), Math.max(...values));
    verify();
    await close();
  });
});
