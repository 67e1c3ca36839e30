// The metrics collector's pages in a real browser, over a real stack.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, open, picture, signIn, sound } from "./browser.js";
import { PASSWORD, Stack, eventually } from "./stack.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function enter(stack, { path = "", ...options } = {}) {
  const opened = await open(browser, options);
  await signIn(opened.page, stack.url("metrics", path), PASSWORD);
  return opened;
}

async function send(stack, points) {
  for (let at = 0; at < points.length; at += 1000) {
    const answer = await fetch(stack.url("metrics", "api/metrics"), {
      method: "POST",
      headers: { "X-API-Key": stack.keys.metrics, "Content-Type": "application/json" },
      body: JSON.stringify(points.slice(at, at + 1000)),
    });
    assert.equal(answer.status, 202, await answer.text());
  }
}

const EVIL = "<img src=x onerror=alert(1)>";

// Three hours of a shop: requests on the server and from browsers, vitals of its pages, a gauge.
function history(now) {
  const points = [];
  const endpoints = ["/products", "/cart", "/checkout", `/${EVIL}`];
  const pages = [
    "/",
    "/products",
    "/a/very/long/path/of/a/page/that/goes/on/and/on/for/longer/than/any/window/is/wide",
  ];
  const add = (minute, name, type, value, labels) =>
    points.push({ name, type, value, labels, timestamp: new Date(now - minute * 60_000).toISOString() });
  for (let minute = 0; minute < 180; minute += 3)
    endpoints.forEach((endpoint, i) => {
      const labels = { endpoint, method: i === 2 ? "POST" : "GET" };
      const slow = 1 + Math.sin(minute / 25) ** 2;
      add(minute, "http_requests_total", "counter", 20 + ((minute * (i + 3)) % 17), {
        ...labels,
        status: "200",
      });
      if (i === 2 && minute % 9 === 0)
        add(minute, "http_requests_total", "counter", 2, { ...labels, status: "500" });
      for (let n = 0; n < 3; n++)
        add(minute, "http_request_duration_seconds", "histogram", 0.02 * (i + 1) * slow * (1 + n), labels);
      add(minute, "browser_http_requests_total", "counter", 5, {
        source: "browser",
        host: "api.example.com",
        method: "GET",
        status: "200",
      });
      add(minute, "browser_http_request_duration_ms", "histogram", 90 * slow, {
        source: "browser",
        host: "api.example.com",
        method: "GET",
      });
    });
  for (let minute = 0; minute < 180; minute += 4)
    pages.forEach((page, i) => {
      const labels = { source: "browser", page };
      add(minute, "web_vitals_lcp", "histogram", 1400 + 1200 * i + 10 * minute, labels);
      add(minute, "web_vitals_inp", "histogram", 90 + 80 * i, labels);
      add(minute, "web_vitals_cls", "histogram", 0.04 + 0.15 * i, labels);
      add(minute, "web_vitals_fcp", "histogram", 900 + 300 * i, labels);
      add(minute, "web_vitals_ttfb", "histogram", 200 + 100 * i, labels);
    });
  for (let minute = 0; minute < 180; minute += 5)
    add(minute, "queue_length", "gauge", (minute * 7) % 40, { queue: "mail" });
  return points;
}

describe("before any metric is there", () => {
  const stack = new Stack();
  before(() => stack.start());
  after(() => stack.stop());

  it("gives the line that sends the first one, and that line works", async () => {
    const { page, verify, close } = await enter(stack);
    await page.getByRole("heading", { name: "No metric has been sent yet" }).waitFor();
    const command = await page.getByLabel("Command").textContent();
    await sound(page);
    await send(stack, JSON.parse(/-d '([^']+)'/.exec(command)[1]));
    await page.keyboard.press("r");
    await page.getByRole("link", { name: "jobs_done_total" }).waitFor();
    verify();
    await close();
  });
});

describe("the metrics of a shop", () => {
  const stack = new Stack();
  before(async () => {
    await stack.start({
      METRIC_ALERT_1: "http_request_duration_seconds p95 5m > 0.001 for 1m",
    });
    await send(stack, history(Date.now()));
  });
  after(() => stack.stop());

  for (const size of ["wide", "narrow"])
    for (const dark of [false, true]) {
      const name = `${size === "wide" ? 1280 : 360}-${dark ? "dark" : "light"}`;
      it(`are sound at ${name}, at a glance and one by one`, async () => {
        const { page, verify, close } = await enter(stack, { size, dark });
        await page.getByRole("heading", { name: "Web Vitals" }).waitFor();
        await page.getByRole("heading", { name: "Rules" }).waitFor();
        await sound(page);
        await picture(page, `metrics-${name}`, { fullPage: size === "wide" });
        await page.goto(stack.url("metrics", "?view=explore&name=http_request_duration_seconds"));
        await page.locator(".canvas canvas").waitFor();
        await sound(page);
        await picture(page, `metric-${name}`);
        verify();
        await close();
      });
    }

  it("show the slow endpoint, the failing one and the vitals, and strangers' text as text", async () => {
    const { page, verify, close } = await enter(stack);
    const server = page.getByRole("region", { name: "Server", exact: true });
    await server.getByText("/checkout").waitFor();
    assert.ok(await server.getByText(EVIL).isVisible());
    assert.equal(await page.locator("img, #app script").count(), 0);
    const lcp = page.locator(".vital").filter({ hasText: "LCP" });
    assert.match(await lcp.textContent(), /(good|needs improvement|poor).*\d+ views/s);
    verify();
    await close();
  });

  it("are explored by name, group and label, all in the address, and Back goes the way back", async () => {
    const { page, verify, close } = await enter(stack);
    await page.getByRole("link", { name: "Explore" }).click();
    await page.getByRole("combobox", { name: "Metric", exact: true }).selectOption("http_requests_total");
    await page.waitForURL(/name=http_requests_total/);
    await page.getByRole("combobox", { name: "Group by" }).selectOption("endpoint");
    await page.waitForURL(/group_by=endpoint/);
    assert.ok(await eventually(async () => (await page.locator(".legend .swatch").count()) === 4));
    await page.getByRole("combobox", { name: "method", exact: true }).selectOption("POST");
    assert.ok(await eventually(async () => (await page.locator(".legend .swatch").count()) === 1));
    await page.reload();
    await page.locator(".canvas canvas").waitFor();
    assert.equal(await page.getByRole("combobox", { name: "method", exact: true }).inputValue(), "POST");
    await page.goBack();
    assert.ok(await eventually(async () => (await page.locator(".legend .swatch").count()) === 4));
    verify();
    await close();
  });
});
