// The list of errors in a real browser, full of data, in every state and look.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { answer, failNow, hold, launch, sound, soundInEveryLook } from "./browser.js";
import { hardReports, history } from "./reports.js";
import { eventually } from "./stack.js";
import { enter as enterAs, row, rows, withStack } from "./tracker.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const DAY = 86_400_000;
const enter = (stack, options) => enterAs(browser, stack, options);

describe("a list in which few of many match", () => {
  const stack = withStack();
  before(async () => {
    const now = Date.now();
    const report = (i, age, count) =>
      stack.report({
        ...{ project: "shop", exception_type: `Kind${i}`, message: "", traceback: "", count },
        timestamp: new Date(now - age).toISOString(),
      });
    for (let i = 0; i < 450; i += 10)
      await Promise.all(Array.from({ length: 10 }, (_, j) => report(i + j, 5 * DAY, 100)));
    for (let i = 450; i < 453; i++) await report(i, 0, 1);
  });

  it("has them, however many others come before them", async () => {
    const { page, verify, close } = await enter(stack, { path: "?sort=count&time=1h" });
    await page.getByText("1–3 of 3", { exact: true }).waitFor();
    assert.equal(await rows(page).count(), 3);
    await page.goto(stack.url("errors", "?sort=count&time=1h&offset=50"));
    await page.waitForURL(/time=1h$/);
    await page.getByText("1–3 of 3", { exact: true }).waitFor();
    verify();
    await close();
  });
});

describe("a list full of data", () => {
  const stack = withStack();
  const now = Date.now();
  before(async () => {
    for (const report of history(now)) await stack.report(report);
  });

  it("is sound in every look, and so is an error of it", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    await soundInEveryLook(page, "errors", { show: page.locator("header.top") });
    await row(page, "ValueError").getByRole("link", { name: "ValueError" }).click();
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    await page.getByText(/^Report \d+ of \d+$/).waitFor();
    await soundInEveryLook(page, "error");
    verify();
    await close();
  });

  for (const [at, name] of ["long", "right-to-left", "emoji", "no-message"].entries())
    it(`is sound in every look where an error is ${name.replaceAll("-", " ")}`, async () => {
      const { project, exception_type: type } = hardReports[at];
      const { page, verify, close } = await enter(stack, { path: `?project=${encodeURIComponent(project)}` });
      await row(page, type).getByRole("link", { name: type }).click();
      await page.getByRole("region", { name: "Stack trace" }).waitFor();
      await page.getByText(/^Report \d+ of \d+$/).waitFor();
      await soundInEveryLook(page, `error-${name}`);
      verify();
      await close();
    });

  it("keeps filters, search and page in the address, and Back goes the way back", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    const total = async () => /of (\d+)/.exec(await page.locator(".pager").textContent())[1];
    const all = await total();

    await page.getByLabel("Project").selectOption("shop-web");
    await page.waitForURL(/project=shop-web/);
    assert.ok(await eventually(async () => (await total()) !== all));
    const some = await total();
    await page.getByLabel("Search errors").fill("stock");
    await page.waitForURL(/search=stock/);
    assert.ok(await eventually(async () => (await total()) !== some));

    await page.reload();
    await rows(page).first().waitFor();
    assert.equal(await page.getByLabel("Search errors").inputValue(), "stock");
    assert.equal(await page.getByLabel("Project").inputValue(), "shop-web");
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes("search"));
    assert.ok(await eventually(async () => (await total()) === some));
    await page.goBack();
    assert.ok(await eventually(async () => (await total()) === all));

    await page.getByRole("button", { name: "Older" }).click();
    await page.waitForURL(/offset=50/);
    assert.ok(await eventually(async () => (await page.locator(".pager").textContent()).includes("51–")));
    await rows(page).first().getByRole("link").first().click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.goBack();
    await page.waitForURL(/offset=50/);
    assert.ok(await eventually(async () => (await page.locator(".pager").textContent()).includes("51–")));
    verify();
    await close();
  });

  it("reads an address as the interface does, and shows the last page where its own is gone", async () => {
    const { page, verify, close } = await enter(stack, {
      path: "?project=shop-web&project=billing&level=&source=nowhere&sort=last_seen&status=",
    });
    await rows(page).first().waitFor();
    for (const [label, value] of Object.entries({
      Project: "shop-web",
      Level: "",
      Source: "",
      "Sort by": "",
    }))
      assert.equal(await page.getByRole("combobox", { name: label }).inputValue(), value, label);
    const tabs = page.getByRole("group", { name: "State" });
    await tabs.locator("[aria-current]", { hasText: "Unresolved" }).waitFor();
    await tabs.getByRole("link", { name: "All" }).click();
    await page.waitForURL(/\?project=shop-web&status=all$/);
    await page.goto(stack.url("errors", "?offset=100000"));
    await page.waitForURL(/\?offset=50$/);
    await rows(page).first().waitFor();
    verify();
    await close();
  });

  it("returns to the row and the scroll it was left at", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    await rows(page).nth(30).scrollIntoViewIfNeeded();
    const left = await page.evaluate(() => scrollY);
    assert.ok(left > 500);
    await rows(page).nth(30).getByRole("link").first().click();
    await page.locator("header.title h1").waitFor();
    assert.equal(await page.evaluate(() => scrollY), 0);
    await page.goBack();
    await rows(page).first().waitFor();
    assert.ok(await eventually(async () => Math.abs((await page.evaluate(() => scrollY)) - left) < 5));
    verify();
    await close();
  });

  it("goes down the list by keys, into an error and back to its row, and on along the errors", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    const focused = () => page.evaluate(() => document.activeElement.closest("tr")?.dataset.id);
    const ids = await rows(page).evaluateAll((all) => all.map((one) => one.dataset.id));
    for (const key of ["j", "j", "ArrowDown", "k"]) await page.keyboard.press(key);
    assert.ok(await eventually(async () => (await focused()) === ids[1]));
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`/errors/${ids[1]}$`));
    await page.locator("header.title h1").waitFor();
    await page.keyboard.press("j");
    await page.waitForURL(new RegExp(`/errors/${ids[2]}$`));
    await page.keyboard.press("u");
    assert.ok(await eventually(async () => (await focused()) === ids[2]));
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("e");
    await page.waitForURL(stack.url("errors"));
    verify();
    await close();
  });

  it("narrows the time by the picker, by keys, and says when nothing lies there", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "All time" }).click();
    await sound(page);
    await page.getByRole("button", { name: "Last hour" }).click();
    await page.waitForURL(/time=1h/);
    await page.getByRole("button", { name: "Last hour" }).click();
    await page.getByLabel("Other span").fill("rubbish");
    await page.keyboard.press("Enter");
    await page.getByText("A number and s, m, h, d or w").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.getByLabel("Other span").count(), 0);

    await page.goto(stack.url("errors", "?until=2001-01-01T00:00:00Z"));
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await sound(page);
    await page.getByRole("link", { name: "Clear the filters" }).click();
    await rows(page).first().waitFor();
    verify();
    await close();
  });

  it("has a sheet of shortcuts, which can be switched off", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
    await soundInEveryLook(page, "shortcuts", { show: page.locator("dialog") });
    await page.getByLabel("Shortcuts are on").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await page.keyboard.type("j");
    assert.equal(await page.getByLabel("Search errors").inputValue(), "");
    verify();
    await close();
  });

  it("keeps a chosen theme, also before the first paint of the next visit", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    const button = page.getByRole("button", { name: /^Theme/ });
    await button.click();
    await button.click();
    assert.equal(await button.getAttribute("aria-label"), "Theme: dark");
    await page.reload();
    await rows(page).first().waitFor();
    const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    assert.equal(ground, "rgb(15, 17, 23)");
    verify();
    await close();
  });

  it("says what failed and keeps what was there; a second try mends it", async () => {
    const { page, verify, close } = await enter(stack, { expected: [/500/] });
    await rows(page).first().waitFor();
    await failNow(page, "**/api/errors?*");
    assert.ok((await rows(page).count()) > 0);
    await sound(page);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
    verify();
    await close();
  });

  it("comes again by itself when the server names a time", async () => {
    const { page, verify, close } = await enter(stack, { expected: [/429/] });
    await rows(page).first().waitFor();
    await answer(page, "**/api/errors?*", (route) =>
      route.fulfill({
        status: 429,
        headers: { "Retry-After": "1" },
        json: { detail: "Too many requests", retry_after: 1 },
      }),
    );
    await page.keyboard.press("r");
    await page.getByText("The next try follows in 1 s").waitFor();
    await page.unroute("**/api/errors?*");
    await page.getByRole("alert").waitFor({ state: "detached" });
    verify();
    await close();
  });

  it("cancels a request that was overtaken, so that an old answer never covers a new one", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    const cancelled = [];
    page.on("requestfailed", (failed) => cancelled.push(failed.url()));
    const release = await hold(page, /project=billing/);
    await page.getByLabel("Project").selectOption("billing");
    await page.waitForURL(/project=billing/);
    await page.getByLabel("Project").selectOption("importer");
    const shows = async () => /importer/.test(await rows(page).first().locator(".where").textContent());
    assert.ok(await eventually(shows));
    await release();
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
    assert.ok(await shows());
    assert.ok(cancelled.some((url) => url.includes("project=billing")));
    verify();
    await close();
  });

  it("shows a skeleton as high as the rows while the wait is long, and nothing moves", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    const release = await hold(page, "**/api/errors?*");
    await page.addInitScript(() => {
      globalThis.moved = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.moved += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.reload();
    await page.locator("tr.skeleton.visible").first().waitFor();
    const expected = (await page.locator("tr.skeleton").first().boundingBox()).height;
    await release();
    await rows(page).first().waitFor();
    assert.equal((await rows(page).first().boundingBox()).height, expected);
    assert.ok((await page.evaluate(() => globalThis.moved)) < 0.02);
    verify();
    await close();
  });
});
