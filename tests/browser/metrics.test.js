// The metrics collector's pages in a real browser, over a real stack.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  answer,
  enter as enterAt,
  failNow,
  hold,
  launch,
  open,
  picture,
  signIn,
  sound,
  soundInEveryLook,
} from "./browser.js";
import { EVIL, LONG, RTL, history, send } from "./metrics_feed.js";
import { behindPrefix } from "./proxy.js";
import { PASSWORD, Stack, eventually } from "./stack.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const enter = (stack, options) => enterAt(browser, stack, "metrics", options);

const drawn = (page) => page.locator(".canvas canvas").first().waitFor();
const select = (page, name) => page.getByRole("combobox", { name, exact: true });

// Presses Tab until the focus is where it should be.
async function tabTo(page, target) {
  for (let i = 0; i < 60; i++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the focus does not come to ${target}`);
}

async function drag(page, from, to) {
  const { x, y, width, height } = await page.locator(".u-over").first().boundingBox();
  await page.mouse.move(x + width * from, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * to, y + height / 2, { steps: 6 });
  await page.mouse.up();
}

describe("the metrics of a shop", () => {
  const stack = new Stack();
  let opened;
  before(async () => {
    await stack.start({
      METRIC_ALERT_1: "http_request_duration_seconds p95 5m > 0.001",
      METRIC_ALERT_2: "heartbeat absent 5m for 1h",
      METRIC_ALERT_3: `${EVIL.replaceAll(" ", "")} max 10m > 1000`,
      METRIC_ALERT_4: `${RTL.replaceAll(" ", "")}{${LONG}=${LONG}} absent 10m`,
    });
    await send(stack, history(Date.now()));
    assert.equal(await stack.control("index", "rules"), 0);
    opened = await enter(stack, { expected: [/status of 500/] });
  });
  after(() => stack.stop());

  for (const [name, path, ready] of [
    ["metrics", "", ".canvas canvas"],
    ["vitals", "?view=vitals", ".canvas canvas"],
    ["metric", "?view=explore&name=http_request_duration_seconds", ".canvas canvas"],
    ["groups", "?view=explore&name=http_requests_total&group_by=endpoint", ".canvas canvas"],
    ["rules", "?view=rules", ".rules li"],
  ])
    it(`are sound at every width and in every light: ${name}`, async () => {
      const { page, verify } = opened;
      await page.goto(stack.url("metrics", path));
      await page.locator(ready).first().waitFor();
      await soundInEveryLook(page, name);
      verify();
    });

  it("show the slow endpoint by keyboard alone, and lead to it over time", async () => {
    const { page, verify } = opened;
    await page.goto(stack.url("metrics"));
    const server = page.getByRole("region", { name: "Server: by endpoint" });
    await server.waitFor();
    const errors = page.getByRole("link", { name: "New errors in this time" });
    assert.deepEqual(await errors.evaluateAll((all) => all.map(({ href }) => href)), [
      stack.url("errors", "?time=24h&sort=first_seen"),
      stack.url("errors", "?time=24h&source=browser&sort=first_seen"),
    ]);
    const p95 = server.getByRole("button", { name: "p95" });
    await tabTo(page, p95);
    await page.keyboard.press("Enter");
    assert.equal(
      await server.getByRole("columnheader", { name: "p95" }).getAttribute("aria-sort"),
      "descending",
    );
    const slowest = server.getByRole("row").nth(1).getByRole("link");
    assert.equal(await slowest.textContent(), `/${EVIL}`);
    await tabTo(page, slowest);
    await page.keyboard.press("Enter");
    await page.waitForURL(/view=explore/);
    assert.equal(await select(page, "endpoint").inputValue(), `=/${EVIL}`);
    await drawn(page);
    await page.keyboard.press("t");
    const rows = page.getByRole("region", { name: "Rows", exact: true });
    assert.ok(await eventually(() => rows.evaluate((element) => element === document.activeElement)));
    assert.equal(await page.locator("main img, main script").count(), 0);
    verify();
  });

  it("show by keyboard alone how pages feel, which one is poor, and since when", async () => {
    const { page, verify } = opened;
    await page.goto(stack.url("metrics"));
    await page.getByRole("heading", { name: "Web Vitals" }).waitFor();
    await page.keyboard.press("2");
    await page.waitForURL(/view=vitals/);
    const inp = page.locator(".vital").getByRole("button", { name: "INP" });
    await inp.waitFor();
    await tabTo(page, inp);
    await page.keyboard.press("Enter");
    await page.waitForURL(/vital=inp/);
    await page.getByRole("heading", { name: "Interaction to next paint" }).waitFor();
    const slowest = page
      .getByRole("region", { name: "Web Vitals by page" })
      .getByRole("button", { name: "LCP" });
    await tabTo(page, slowest);
    await page.keyboard.press("Enter");
    await page.waitForURL(/by=lcp/);
    const poor = page
      .getByRole("region", { name: "Web Vitals by page" })
      .getByRole("link", { name: "/a/very/long" });
    await tabTo(page, poor);
    await page.keyboard.press("Enter");
    await page.waitForURL(/page=%2Fa%2Fvery/);
    assert.ok(
      await eventually(
        async () =>
          (await page.getByRole("region", { name: "Web Vitals by page" }).getByRole("row").count()) === 2,
      ),
    );
    const lcp = page.locator(".vital").filter({ hasText: "LCP" });
    assert.match(await lcp.textContent(), /poor.*45 views/s);
    await page.getByRole("button", { name: "remove this filter" }).click();
    await page.goBack();
    await page.getByRole("button", { name: "remove this filter" }).waitFor();
    verify();
  });

  it("are explored by name, group, label and statistic, all in the address, and Back goes the way back", async () => {
    const { page, verify } = opened;
    await page.goto(stack.url("metrics"));
    const legend = async () => await page.locator(".legend .swatch").count();
    await page.getByRole("link", { name: "Explore" }).click();
    await select(page, "Metric").selectOption("http_requests_total");
    await page.waitForURL(/name=http_requests_total/);
    await select(page, "Group by").selectOption("endpoint");
    await page.waitForURL(/group_by=endpoint/);
    assert.ok(await eventually(async () => (await legend()) === 4));
    await select(page, "method").selectOption("=POST");
    assert.ok(await eventually(async () => (await legend()) === 1));
    await select(page, "method").selectOption("!=POST");
    assert.ok(await eventually(async () => (await legend()) === 3));
    await page.reload();
    await drawn(page);
    assert.equal(await select(page, "method").inputValue(), "!=POST");
    await page.goBack();
    await page.goBack();
    assert.ok(await eventually(async () => (await legend()) === 4));
    await select(page, "Statistic").selectOption("sum");
    await page.waitForURL(/stat=sum/);
    await page
      .getByRole("button", { name: "Only /checkout" })
      .or(page.locator(".legend button", { hasText: "/checkout" }))
      .first()
      .click();
    await page.waitForURL(/label=endpoint%3D%2Fcheckout/);
    assert.ok(await eventually(async () => (await legend()) === 1));
    verify();
  });

  it("are shown at a glance where the address names a view that is none", async () => {
    const { page, verify } = opened;
    await page.goto(stack.url("metrics", "?view=constructor"));
    await page.getByRole("heading", { name: "Server" }).waitFor();
    await page.goto(stack.url("metrics", "?view=explore&name=http_requests_total&stat=p95"));
    await drawn(page);
    assert.equal(await select(page, "Statistic").inputValue(), "");
    verify();
  });

  it("keep the focus on the tab that was followed, and near what is gone", async () => {
    const { page, verify } = opened;
    const focused = (target) => target.evaluate((element) => element === document.activeElement);
    await page.goto(stack.url("metrics"));
    const tab = page.getByRole("group", { name: "View" }).getByRole("link", { name: "Explore" });
    await tab.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/view=explore/);
    assert.ok(await eventually(() => focused(tab)));

    await page.goto(stack.url("metrics", "?view=explore&name=http_requests_total&group_by=endpoint"));
    await page.locator(".legend button").first().focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/label=endpoint/);
    assert.ok(await eventually(() => focused(select(page, "Metric"))));
    for (const name of ["remove this filter", "Any labels"]) {
      await page.goto(stack.url("metrics", "?view=explore&name=http_requests_total&label=nobody%3Dhas"));
      await page.getByRole("button", { name }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(/http_requests_total$/);
      assert.ok(await eventually(() => focused(select(page, "Metric"))));
    }
    await page.goto(stack.url("metrics", "?view=vitals&page=%2Fproducts"));
    await page.locator(".vital").first().waitFor();
    await page.getByRole("button", { name: "remove this filter" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/view=vitals$/);
    assert.ok(await eventually(() => focused(select(page, "Device"))));
    verify();
  });

  it("say of each alert whom it reached, and why not", async () => {
    const { page, verify } = opened;
    const mail = { channel: "mail ops@example.com", state: "waiting", attempts: 3, detail: "no such host" };
    const created_at = new Date().toISOString();
    const alerts = [
      ["done", [{ ...mail, state: "sent", detail: null }]],
      ["done", [{ ...mail, state: "failed" }]],
      ["sending", [mail]],
      ["done", []],
    ].map(([state, deliveries], id) => ({ id, title: "Firing: rule", created_at, state, deliveries }));
    await page.goto(stack.url("metrics", "?view=rules"));
    await page.locator(".rules li").first().waitFor();
    const told = { rules: [], alerts, next_cursor: "1" };
    await answer(page, "**/api/alerts", (route) => route.fulfill({ json: told }), { times: 1 });
    await page.keyboard.press("r");
    await page.locator(".past bdi").nth(3).waitFor();
    assert.deepEqual(await page.locator(".past bdi").allTextContents(), [
      "told",
      "not told by mail ops@example.com: no such host",
      "being told by mail ops@example.com: no such host",
      "told to nobody: there is no channel",
    ]);
    await page.getByRole("button", { name: "Older" }).click();
    await page.waitForURL(/cursor=1/);
    await page.getByText("Nothing was told before that").waitFor();
    await page.getByRole("button", { name: "Newest" }).click();
    await page.waitForURL((url) => !url.searchParams.has("cursor"));
    verify();
  });

  it("are zoomed by dragging on any chart, and by the picker's two moments; Back undoes it", async () => {
    const { page, verify } = opened;
    await page.goto(stack.url("metrics", "?time=6h"));
    await drawn(page);
    const before = await page.locator(".tiles dd").first().textContent();
    await drag(page, 0.6, 0.8);
    await page.waitForURL(/since=.*until=/);
    assert.ok(
      await eventually(async () => (await page.locator(".tiles dd").first().textContent()) !== before),
    );
    const range = new URL(page.url()).searchParams;
    const minutes = (Date.parse(range.get("until")) - Date.parse(range.get("since"))) / 60_000;
    assert.ok(minutes > 60 && minutes < 84, `${minutes} minutes of 72`);
    await page.keyboard.press("[");
    assert.ok(await eventually(() => new URL(page.url()).searchParams.get("until") === range.get("since")));
    await page.goBack();
    await page.goBack();
    assert.ok(
      await eventually(async () => (await page.locator(".tiles dd").first().textContent()) === before),
    );
    assert.match(page.url(), /time=6h$/);

    await page.getByTitle("Time range").click();
    await page.getByLabel("From").fill("2026-01-01T00:00:01");
    await page.getByLabel("To", { exact: true }).fill("2026-01-02T00:00:01");
    await page.getByLabel("To", { exact: true }).press("Enter");
    await page.getByRole("heading", { name: "No points in this time" }).waitFor();
    await soundInEveryLook(page, "metrics-no-points");
    verify();
  });

  it("have one moment marked on all charts at once", async () => {
    const { page, verify } = opened;
    await page.goto(stack.url("metrics", "?time=6h"));
    await drawn(page);
    assert.ok(await eventually(async () => (await page.locator(".canvas canvas").count()) === 6));
    const { x, y, width, height } = await page.locator(".u-over").first().boundingBox();
    await page.mouse.move(x + width * 0.7, y + height / 2);
    const moments = () => page.locator(".moment time").allTextContents();
    assert.ok(await eventually(async () => (await moments()).length === 6), String(await moments()));
    assert.equal(new Set(await moments()).size, 1);

    // Where a release was shipped, 41 minutes ago, its name stands with the moment.
    const flags = page.locator(".moment .flag");
    for (let left = 0.86; left < 0.91 && !(await flags.count()); left += 0.002) {
      await page.mouse.move(x + width * left, y + height / 2);
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
    assert.deepEqual(await flags.allTextContents(), new Array(6).fill("1.4.1"));
    await picture(page, "metrics-moment-1280-light");
    await page.mouse.move(0, 0);
    await page.locator(".moment").first().waitFor({ state: "detached" });
    assert.match(
      await page.getByRole("list", { name: "Releases" }).first().textContent(),
      /1\.4\.1.*1\.4\.0/,
    );
    verify();
  });

  it("are drawn in the colours of the theme that is switched to", async () => {
    const { page, verify } = opened;
    await page.goto(stack.url("metrics"));
    await drawn(page);
    await page.waitForLoadState("networkidle");
    const pixels = () =>
      page
        .locator(".canvas canvas")
        .first()
        .evaluate((canvas) => canvas.toDataURL());
    const light = await eventually(pixels);
    await page.getByRole("button", { name: "Theme: as the system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    assert.ok(await eventually(async () => (await pixels()) !== light));
    const dark = await pixels();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.getByRole("button", { name: "Theme: dark" }).click();
    assert.ok(await eventually(async () => (await pixels()) === dark));
    await page.emulateMedia({ colorScheme: "light" });
    assert.ok(await eventually(async () => (await pixels()) === light));
    verify();
  });

  for (const [view, pattern] of [
    ["", /api\/dashboard/],
    ["vitals", /api\/dashboard/],
    ["explore", /api\/metrics\?name=(?!deployments)/],
    ["rules", /api\/alerts/],
  ])
    it(`have a place while they are long in coming, and say what failed without taking away what was there: ${view || "overview"}`, async () => {
      const { page, verify } = opened;
      const shown = page.locator("section.sheet").first();
      const alert = page.getByRole("alert");
      const release = await hold(page, pattern);
      await page.goto(stack.url("metrics", `?view=${view}`));
      await page.locator(".skeleton.visible").waitFor();
      await soundInEveryLook(page, `metrics-loading-${view || "overview"}`);
      await failNow(page, pattern);
      await sound(page);
      await release();
      await page.getByRole("button", { name: "Try again" }).click();
      await shown.waitFor();
      assert.equal(await page.locator(".skeleton, .aged").count(), 0);
      if (view !== "rules") await drawn(page);

      await failNow(page, pattern);
      await page.locator(".aged").first().waitFor();
      await soundInEveryLook(page, `metrics-error-${view || "overview"}`);
      await page.getByRole("button", { name: "Try again" }).click();
      await alert.waitFor({ state: "detached" });
      assert.equal(await page.locator(".aged").count(), 0);
      verify();
    });

  it("say which labels have nothing, and which pages and devices", async () => {
    const { page, verify } = opened;
    const labels = `label=endpoint%3D${encodeURIComponent(LONG)}&label=gone!%3D${encodeURIComponent(EVIL)}`;
    await page.goto(stack.url("metrics", `?view=explore&name=http_requests_total&${labels}`));
    await page.getByRole("heading", { name: "No points" }).waitFor();
    await soundInEveryLook(page, "metric-no-match");
    await page.getByRole("button", { name: "Any labels" }).click();
    await drawn(page);

    await page.goto(
      stack.url("metrics", `?view=vitals&device=tablet&page=${encodeURIComponent(`/${LONG}${EVIL}`)}`),
    );
    await page.getByRole("heading", { name: "No page view matches" }).waitFor();
    await soundInEveryLook(page, "vitals-no-match");
    await page.getByRole("button", { name: "Any page, any device" }).click();
    await drawn(page);
    await select(page, "Device").selectOption("phone");
    await page.waitForURL(/device=phone/);
    await page.locator(".vital").filter({ hasText: "66 views" }).first().waitFor();
    verify();
  });

  it("work where a proxy serves them under a path", async () => {
    const proxy = await behindPrefix(stack, "metrics", "/tools/metrics");
    const { page, verify, close } = await open(browser);
    await signIn(page, proxy.url, PASSWORD);
    await drawn(page);
    await page.getByRole("link", { name: "Explore" }).click();
    await page.getByRole("region", { name: "Rows", exact: true }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/tools/metrics/");
    assert.deepEqual(proxy.outside, []);
    verify();
    await close();
    proxy.close();
  });
});
