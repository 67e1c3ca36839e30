// The work with logs in a real browser: leaving out, fields, expressions, searches that are kept, one live tail for all
// tabs, ten thousand rows, a proxy's prefix, hostile names; and the whole way from the sign-in to the file by keys alone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { launch, open, signIn, soundInEveryLook } from "./browser.js";
import { Container } from "./containers.js";
import { behindPrefix } from "./proxy.js";
import { PASSWORD, Stack, eventually } from "./stack.js";
import { EVIL, MINUTE, enter, indexed, line, lines } from "./viewer.js";

const ROWS = Number(process.env.LIST_ROWS ?? 10_000); // by hand: 100 000

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const total = (page) => page.getByRole("status").first();
const totals = async (page, wanted) => {
  const text = wanted === 1 ? "1 line" : `${wanted.toLocaleString("en")} lines`;
  await page.getByRole("status").filter({ hasText: text }).first().waitFor();
};

const order = (i) =>
  JSON.stringify({
    level: "info",
    msg: `Order ${i}`,
    user: `u${i % 3}`,
    http: { status: i % 10 ? 200 : 500 },
  });

describe("a shop's logs", () => {
  const stack = new Stack();
  let web;
  before(async () => {
    await stack.start();
    const now = Date.now();
    web = await new Container(stack, "web", { project: "shop", service: "web" }).start();
    const worker = await new Container(stack, "worker", { project: "shop", service: "worker" }).start();
    await web.write(Array.from({ length: 60 }, (_, i) => [order(i), now - (60 - i) * MINUTE]));
    await worker.write([
      ["[ERROR] Disk is 91 percent full", now - 30 * MINUTE],
      ["[INFO] disk is 12 percent full", now - 20 * MINUTE],
      ["level=warn queue=mail waiting=17", now - 10 * MINUTE],
    ]);
    await indexed(stack, 63);
  });
  after(() => stack.stop());

  it("is asked without a level, a container and the value of a field, and with one", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await totals(page, 63);
    await page.getByRole("button", { name: "Leave out ERROR" }).click();
    await page.waitForURL(/not_level=ERROR/);
    await totals(page, 62);
    await page.getByRole("img", { name: "62 lines over time, by level" }).waitFor();
    await page.getByRole("button", { name: "Leave out worker" }).last().click();
    await totals(page, 60);
    await page.getByText("Fields", { exact: true }).click();
    await page.getByRole("checkbox", { name: "u1" }).check();
    await page.waitForURL(/field=user%3Du1/);
    await totals(page, 20);
    await page.getByRole("button", { name: "Leave out 500" }).click();
    await totals(page, 18);
    await page.locator(".filters .more").dispatchEvent("click"); // where it is narrow, they are folded
    await soundInEveryLook(page, "logs-facets");
    for (let i = 0; i < 4; i++) await page.goBack();
    await totals(page, 63);
    await page.goto(stack.url("logs", "?level=error"));
    await page.getByRole("img", { name: "1 line over time, by level" }).waitFor();
    assert.ok(await page.getByRole("checkbox", { name: "ERROR" }).isChecked());
    await page.goto(stack.url("logs", "?level=>=warn"));
    await page.getByRole("img", { name: "2 lines over time, by level" }).waitFor();
    for (const [name, on] of Object.entries({ CRITICAL: true, ERROR: true, WARNING: true, INFO: false }))
      assert.equal(await page.getByRole("checkbox", { name }).isChecked(), on, name);
    await page.getByRole("checkbox", { name: "ERROR" }).uncheck();
    await totals(page, 1);
    await page.goto(stack.url("logs", "?stream=stdout&not_project=shop&search=DISK&case=0"));
    await page.getByRole("button", { name: "Remove the filter not project shop" }).click();
    await totals(page, 2);
    await page.getByRole("button", { name: "Remove the filter stream stdout" }).click();
    await page.waitForURL(/\?search=DISK&case=0$/);
    await page.goto(stack.url("logs"));

    await line(page, "Order 30").first().getByRole("button").first().click();
    await page.getByRole("button", { name: "Leave out lines with this http.status" }).click();
    await page.waitForURL(/not_field=http.status%3D500/);
    await totals(page, 57);
    await page.goto(stack.url("logs"));
    await line(page, "queue=mail").first().getByRole("button").first().click();
    await page.getByRole("button", { name: "Only lines with this queue" }).click();
    await totals(page, 1);
    verify();
    await close();
  });

  it("is searched by an expression and by case, and a faulty expression is said with the way on", async () => {
    const { page, verify, close } = await enter(browser, stack, { expected: [/status of 400/] });
    await page.getByRole("button", { name: "Regular expression" }).click();
    await page.keyboard.type("disk is \\d{2} percent");
    await totals(page, 2);
    assert.match(await page.locator("mark").first().textContent(), /disk is \d\d percent/i);
    await page.getByRole("button", { name: "Match case" }).click();
    await totals(page, 1);
    await page.getByLabel("Search lines by a regular expression").fill("(");
    await page.getByRole("alert").filter({ hasText: "regex:" }).waitFor();
    await soundInEveryLook(page, "logs-wrong");
    await page.getByRole("button", { name: "Regular expression" }).click();
    await page.getByLabel("Search lines").fill("");
    await page.keyboard.press("Enter");
    await totals(page, 63);
    verify();
    await close();
  });

  it("is searched by names that are kept in the browser", async () => {
    const { page, verify, close } = await enter(browser, stack, { path: "?search=percent&level=ERROR" });
    await totals(page, 1);
    await page.getByRole("button", { name: "Saved" }).click();
    for (const name of [EVIL, "full disks"]) {
      await page.getByLabel("Name").fill(name);
      await page.keyboard.press("Enter");
    }
    await soundInEveryLook(page, "logs-saved");
    assert.equal(await page.locator("#app img, #app script").count(), 0);
    await page.getByRole("button", { name: `Delete ${EVIL}` }).click();
    await page.goto(stack.url("logs"));
    await totals(page, 63);
    await page.getByRole("button", { name: "Saved" }).click();
    assert.equal(await page.locator(".saved li").count(), 1);
    await page.getByRole("button", { name: "full disks", exact: true }).click();
    await page.waitForURL(/search=percent/);
    await totals(page, 1);
    verify();
    await close();
  });

  it("is searched, zoomed, followed and taken along by keys alone", async () => {
    const { page, verify, close } = await enter(browser, stack);
    const press = (...keys) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await totals(page, 63);
    const ofWeb = page.getByTitle(/^web: \d+ lines$/);
    await ofWeb.waitFor();
    await press("/");
    await page.keyboard.type("order");
    await press("Enter", "Escape");
    await totals(page, 60);
    assert.equal(await page.getByRole("searchbox").inputValue(), "order", "what is searched for is there");
    assert.equal(await ofWeb.count(), 0, "a container's lines are not those that were found");
    await page.locator(".plot path").first().waitFor({ state: "attached" });
    await press("h", "ArrowLeft", "ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft");
    await page.locator(".plot i").waitFor();
    await press("Enter");
    await page.waitForURL(/since=.*until=/);
    await page.waitForFunction(() =>
      /^\d+ lines?$/.test(document.querySelector("[role=status]").textContent.trim()),
    );
    assert.notEqual((await total(page).textContent()).trim(), "60 lines");
    await press("j", "Enter");
    await page.getByLabel("The whole line").waitFor();
    await press("l");
    await page.locator(".tail.open").waitFor();
    await web.write([order(1000)]);
    await line(page, "Order 1000").waitFor();
    await press("l");
    const [download] = await Promise.all([page.waitForEvent("download"), press("x")]);
    const found = (await readFile(await download.path(), "utf8")).trim().split("\n");
    assert.ok(found.length > 0 && found.every((one) => JSON.parse(one).message.includes("Order")));
    verify();
    await close();
  });

  it("works below a path that a proxy strips", async () => {
    const proxy = await behindPrefix(stack, "logs", "/tools/logs");
    const { page, verify, close } = await open(browser);
    await signIn(page, proxy.url, PASSWORD);
    await lines(page).first().waitFor();
    await lines(page).first().getByRole("button").first().click();
    await page.getByRole("link", { name: "Open by itself" }).click();
    await page.locator(".here").waitFor();
    assert.ok(page.url().startsWith(`${proxy.url}?line=`));
    await page.goto(`${proxy.url}?live=1`);
    await page.locator(".tail.open").waitFor();
    assert.ok((await page.getByRole("link", { name: "Export" }).getAttribute("href")).startsWith(proxy.url));
    assert.deepEqual(proxy.outside, []);
    verify();
    await close();
    proxy.close();
  });
});

describe("one live tail", () => {
  const stack = new Stack();
  let web;
  before(async () => {
    await stack.start();
    web = await new Container(stack, "web").start();
    await web.write(["[INFO] the first"]);
    await indexed(stack, 1);
  });
  after(() => stack.stop());

  const streams = (page) => {
    const seen = [];
    page.on("request", (request) => request.url().includes("api/logs/tail") && seen.push(request.url()));
    return seen;
  };
  // All tabs are in sight until one is told otherwise.
  const inSight = () => {
    globalThis.hiddenNow = false;
    Object.defineProperty(Document.prototype, "hidden", { get: () => globalThis.hiddenNow });
  };
  const hide = (page, hidden) =>
    page.evaluate((now) => {
      globalThis.hiddenNow = now;
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);

  it("serves all tabs, passes to the next when one goes, and takes up where a hidden one left", async () => {
    const { page: one, verify, close } = await enter(browser, stack);
    await one.context().addInitScript(inSight);
    const ofOne = streams(one);
    await one.goto(stack.url("logs", "?live=1"));
    await one.locator(".tail.open").waitFor();
    const two = await one.context().newPage();
    const ofTwo = streams(two);
    await two.goto(stack.url("logs", "?live=1"));
    await two.locator(".tail.open").waitFor();
    await web.write(["[INFO] for both"]);
    for (const page of [one, two]) await line(page, "for both").waitFor();
    assert.equal(ofTwo.length, 0, "the second tab hears it from the first");

    await hide(one, true);
    assert.ok(await eventually(() => ofTwo.length === 1), "the second takes over");
    await web.write(["[INFO] while the first is hidden"]);
    await line(two, "while the first").waitFor();
    assert.equal(await line(one, "while the first").count(), 0);
    await hide(one, false);
    await line(one, "while the first").waitFor();
    const before = ofOne.length;
    await two.close();
    assert.ok(await eventually(() => ofOne.length === before + 1), "and back");
    await web.write(["[INFO] and on"]);
    await line(one, "and on").waitFor();
    assert.equal(await line(one, "for both").count(), 1);

    // Alone and hidden, as over night: what was written meanwhile is there when it is looked at again.
    await hide(one, true);
    await web.write(["[INFO] by night"]);
    await indexed(stack, 5);
    await hide(one, false);
    await line(one, "by night").waitFor();
    assert.match(ofOne.at(-1), /last=\d+/);
    assert.deepEqual(
      await lines(one).locator(".text").allTextContents(),
      ["by night", "and on", "while the first is hidden", "for both", "the first"].map(
        (text) => `[INFO] ${text}`,
      ),
    );
    verify();
    await close();
  });
});

describe("what strangers name", () => {
  const stack = new Stack();
  before(async () => {
    await stack.start();
    const name = `${EVIL}${"long".repeat(40)}`;
    const evil = await new Container(stack, name, { project: EVIL, service: `${EVIL}شركة` }).start();
    await evil.write([
      JSON.stringify({ [EVIL]: EVIL, level: EVIL, "a b": { [EVIL]: `${"x".repeat(100)}🌙` } }),
      `key=${EVIL.replaceAll(" ", "_")} other="${EVIL}"`,
      `\x1b[31m${EVIL}\x1b[0m\x1b]0;${EVIL}\x07`,
    ]);
    await indexed(stack, 3);
  });
  after(() => stack.stop());

  it("is text wherever it is shown, and leads nowhere", async () => {
    const { page, verify, close } = await enter(browser, stack, {
      path: `?fields=1&search=${encodeURIComponent('"img src"')}`,
    });
    await totals(page, 3);
    await page.getByText("Fields", { exact: true }).click();
    await page.locator(".more-facets fieldset").first().waitFor();
    for (const row of await lines(page).all()) await row.getByRole("button").first().click();
    await page
      .getByRole("button", { name: `Only lines with this ${EVIL}` })
      .first()
      .waitFor();
    await soundInEveryLook(page, "logs-hostile");
    await page
      .getByRole("button", { name: `Only lines with this ${EVIL}` })
      .first()
      .click();
    await page.waitForURL(/field=/);
    await totals(page, 1);
    await page.getByRole("checkbox", { name: EVIL }).first().check();
    assert.equal(await page.locator("#app img, #app script").count(), 0);
    assert.ok((await page.locator(".facets").textContent()).includes(EVIL));
    verify();
    await close();
  });
});

describe("a long list", () => {
  const stack = new Stack();
  before(async () => {
    await stack.start();
    const now = Date.now();
    const web = await new Container(stack, "web").start();
    for (let at = 0; at < ROWS; at += 10_000)
      await web.write(
        Array.from({ length: Math.min(10_000, ROWS - at) }, (_, i) => [
          `[INFO] line ${at + i}`,
          now - ROWS + at + i,
        ]),
      );
    await indexed(stack, ROWS);
  });
  after(() => stack.stop());

  it(`of ${ROWS} rows is read to its end, with few of them drawn, and back to its top`, async () => {
    const { page, verify, close } = await enter(browser, stack);
    await lines(page).first().waitFor();
    const atEnd = () =>
      page.evaluate(() => {
        scrollTo(0, document.documentElement.scrollHeight);
        return [...document.querySelectorAll(".logline .text")].at(-1)?.textContent;
      });
    assert.ok(await eventually(async () => (await atEnd()) === "[INFO] line 0", ROWS * 6, 0));
    assert.ok(await eventually(async () => (await lines(page).count()) < 1500));
    await page.evaluate(() => scrollTo(0, 0));
    await line(page, `line ${ROWS - 1}`).waitFor();
    assert.ok(await eventually(async () => (await lines(page).count()) < 1500));
    verify();
    await close();
  });
});
