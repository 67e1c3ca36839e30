// How long the first view of a full page takes, in a real Chromium over a real stack: from the navigation to its
// data, and the longest task on the way.  A page is a row of the table below.
//
// PAGES_LOADS is how often each is loaded (7); the median is shown.  PAGES_LINES is how many log lines there are.

import { launch, open, signIn } from "../browser/browser.js";
import { send } from "../browser/metrics_feed.js";
import { Container } from "../browser/containers.js";
import { PASSWORD, Stack, eventually } from "../browser/stack.js";

const LOADS = Number(process.env.PAGES_LOADS ?? 7);
const LINES = Number(process.env.PAGES_LINES ?? 2_000_000);
const CLIENTS = 8;
const DAY = 86_400_000;

const say = (what, figure, budget = "") =>
  process.stdout.write(`${what.padEnd(52)} ${figure.padStart(30)}   ${budget}\n`);

// ---- what the pages are full of ------------------------------------------------

async function errors(stack) {
  let n = 0;
  const client = async () => {
    while (n < 10_000) {
      const i = n++;
      await stack.report({
        project: `shop-${i % 20}`,
        exception_type: `Error${i % 97}`,
        message: `Order ${i} could not be paid: the card was declined`,
        traceback: `Traceback (most recent call last):\n  File "/app/orders.py", line ${i}, in pay_${i}\nError${i % 97}: declined`,
        environment: i % 3 ? "production" : "staging",
      });
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function series(stack) {
  const points = [];
  const now = Date.now();
  for (let at = now - DAY; at < now; at += 1_800_000)
    for (let i = 0; i < 500; i++) {
      const labels = { endpoint: `/api/v1/resource-${i}`, method: i % 3 ? "GET" : "POST" };
      const timestamp = new Date(at).toISOString();
      points.push(
        {
          name: "http_requests_total",
          type: "counter",
          value: 5,
          labels: { ...labels, status: i % 50 ? "200" : "500" },
          timestamp,
        },
        {
          name: "http_request_duration_seconds",
          type: "histogram",
          value: ((i * 7919) % 1000) / 1000,
          labels,
          timestamp,
        },
      );
    }
  await send(stack, points);
  await stack.control("index", "rollup");
}

async function lines(stack) {
  const made = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) =>
      new Container(stack, `app-${i}`, { service: `app-${i % 4}` }).start(),
    ),
  );
  const now = Date.now();
  const said = [
    (i) => `[INFO] GET /products/${i % 4000} 200 in ${i % 90} ms`,
    (i) => JSON.stringify({ level: "info", msg: "cart updated", user: `u${i % 900}`, took_ms: i % 90 }),
    (i) => `[DEBUG] cache ${i % 3 ? "hit" : "miss"} for product:${i % 4000}`,
    (i) => `[${i % 50 ? "WARNING" : "ERROR"}] query ${i} took ${200 + (i % 700)} ms`,
  ];
  for (let at = 0; at < LINES; at += 20_000)
    await made[(at / 20_000) % CLIENTS].write(
      Array.from({ length: 20_000 }, (_, i) => [
        said[(at + i) % 4](at + i),
        now - DAY + ((at + i) / LINES) * DAY,
      ]),
    );
  const read = async () => (await (await fetch(stack.url("logs", "health"))).json()).logs_indexed;
  if (!(await eventually(async () => (await read()) >= LINES, 600_000)))
    throw new Error("lines are not read");
  await stack.control("index", "merge");
}

// ---- the pages -----------------------------------------------------------------

// `fill` runs once for all rows that name it; `ready` is there when the data is.
const pages = [
  { what: "list of 10,000 errors", service: "errors", path: "", fill: errors, ready: "tbody tr[data-id]" },
  {
    what: "search in 10,000 errors",
    service: "errors",
    path: "?search=declined",
    fill: errors,
    ready: "tbody tr[data-id]",
  },
  { what: "newest of 2 million lines", service: "logs", path: "", fill: lines, ready: ".logline" },
  {
    ...{ what: "a word in 2 million lines", service: "logs", fill: lines, ready: ".logline mark" },
    path: "?search=cart&level=INFO",
  },
  { what: "overview of 1,000 series", service: "metrics", path: "", fill: series, ready: ".canvas canvas" },
  {
    ...{ what: "one metric, 500 series merged", service: "metrics", fill: series, ready: ".canvas canvas" },
    path: "?view=explore&name=http_request_duration_seconds",
  },
  {
    ...{ what: "one metric by 500 endpoints", service: "metrics", fill: series, ready: ".canvas canvas" },
    path: "?view=explore&name=http_requests_total&group_by=endpoint",
  },
];

// ---- measuring -----------------------------------------------------------------

// In the page, before anything else runs there.
function watch(ready) {
  const found = { data: null, task: 0 };
  globalThis.found = found;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) found.task = Math.max(found.task, duration);
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    if (document.querySelector(ready)) found.data = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

async function measure(browser, stack, { what, service, path, ready }) {
  const { page, close } = await open(browser);
  await signIn(page, stack.url(service), PASSWORD);
  await page.locator("main.page").waitFor();
  await page.addInitScript(watch, ready);
  const loads = [];
  for (let i = 0; i < LOADS; i++) {
    await page.goto("about:blank");
    await page.goto(stack.url(service, path));
    await page.waitForFunction(() => globalThis.found.data !== null);
    await page.waitForLoadState("networkidle");
    loads.push(await page.evaluate(() => globalThis.found));
  }
  await close();
  say(`${what}: time to data`, `${median(loads.map(({ data }) => data)).toFixed(0)} ms`, "500 ms");
  const task = median(loads.map((load) => load.task));
  say("    longest task", task ? `${task.toFixed(0)} ms` : "under 50 ms", "100 ms");
}

const stack = new Stack();
await stack.start({ DURABILITY: "process" });
const browser = await launch();
const filled = new Set();
try {
  for (const row of pages) {
    if (!filled.has(row.fill)) await row.fill(stack);
    filled.add(row.fill);
    await measure(browser, stack, row);
  }
} finally {
  await browser.close();
  await stack.stop();
}
