// The log viewer's page in a real browser, over a real stack that reads files as Docker writes them.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { failNow, hold, launch, sound, soundInEveryLook } from "./browser.js";
import { Container } from "./containers.js";
import { Stack, eventually } from "./stack.js";
import { EVIL, MINUTE, enter, indexed, line, lines } from "./viewer.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const ESC = "\x1b";

// A shop on a quiet afternoon, with a minute that was not.
function afternoon(now) {
  const said = [
    (i) => `[INFO] GET /products/${i % 40} 200 in ${12 + (i % 31)} ms`,
    (i) => `[DEBUG] cache ${i % 3 ? "hit" : "miss"} for product:${i % 40}`,
    (i) =>
      JSON.stringify({
        level: "info",
        msg: "cart updated",
        user: `u${i % 17}`,
        items: i % 5,
        took_ms: i % 90,
      }),
    (i) => `${ESC}[32mINFO${ESC}[0m worker ${ESC}[1m#${i % 4}${ESC}[0m took order ${1000 + i}`,
    (i) => `[WARNING] slow query: ${200 + i} ms for SELECT * FROM orders WHERE customer = ${i}`,
  ];
  const calm = Array.from({ length: 900 }, (_, i) => [said[i % (i % 9 ? 4 : 5)](i), now - (900 - i) * 4000]);
  const storm = Array.from({ length: 60 }, (_, i) => [
    `[ERROR] payment ${5000 + i} failed: connection to bank refused`,
    now - 20 * MINUTE + i * 500,
  ]);
  return [...calm, ...storm].sort((a, b) => a[1] - b[1]);
}

describe("before any line is there", () => {
  const stack = new Stack();
  before(() => stack.start());
  after(() => stack.stop());

  it("says that none has been read and how that is done, or why none can be read", async () => {
    const { page, verify } = await enter(browser, stack);
    await page.getByRole("heading", { name: "No line has been read yet" }).waitFor();
    assert.equal(await page.getByLabel("Command").textContent(), "monlight index");
    await soundInEveryLook(page, "logs-none");

    const warning = "LOG_SOURCES cannot be read: setcap cap_dac_read_search=p monlight-indexer";
    await page.route("**/health", (route) => route.fulfill({ json: { logs_indexed: 0, warning } }));
    await page.reload();
    await page.getByRole("heading", { name: "The logs cannot be read" }).waitFor();
    await page.getByText(warning).waitFor();
    await soundInEveryLook(page, "logs-unreadable");
    verify();
  });
});

describe("the lines of a shop", () => {
  const stack = new Stack();
  let web;
  let worker;
  before(async () => {
    await stack.start();
    const now = Date.now();
    web = await new Container(stack, "shop-web-1", { project: "shop", service: "web" }).start();
    worker = await new Container(stack, "shop-worker-1", { project: "shop", service: "worker" }).start();
    await web.write(afternoon(now));
    await worker.write([
      ["[INFO] worker started", now - 50 * MINUTE],
      [`[ERROR] ${EVIL}`, now - 3 * MINUTE],
      ["[INFO] مرحبا بالعالم 🌙 שלום, and how are you today?", now - 2 * MINUTE],
      [`[INFO] ${"very-long-".repeat(300)}end`, now - MINUTE],
    ]);
    await indexed(stack, 964);
  });
  after(() => stack.stop());

  it("are sound in every look, also when one is open and when they wrap", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await lines(page).first().waitFor();
    await page.locator(".plot path").first().waitFor({ state: "attached" });
    await soundInEveryLook(page, "logs", { show: page.locator(".plot") });
    await line(page, "cart updated").first().getByRole("button").first().click();
    await page.getByRole("button", { name: "Lines around it" }).click();
    await page.locator(".near li").first().waitFor();
    await soundInEveryLook(page, "logs-open", { show: page.locator(".details") });
    await page.goto(stack.url("logs", "?container=shop-worker-1&wrap=1"));
    await line(page, "very-long-").waitFor();
    await soundInEveryLook(page, "logs-wrapped");
    verify();
    await close();
  });

  it("have a place while they are long in coming, and stay when newer ones fail", async () => {
    const { page, verify, close } = await enter(browser, stack, {
      path: "?container=shop-worker-1",
      expected: [/status of 500/],
    });
    const pattern = /api\/logs(\?|\/histogram|\/containers)/;
    const alert = page.getByRole("alert");
    const again = page.getByRole("button", { name: "Try again" });
    const release = await hold(page, pattern);
    await page.reload();
    await page.locator(".skeleton.visible").waitFor();
    await soundInEveryLook(page, "logs-loading", { show: page.locator(".slot") });
    await failNow(page, /api\/logs\?/);
    await soundInEveryLook(page, "logs-failed", { show: alert });
    await release();
    await again.click();
    await lines(page).first().waitFor();
    await alert.waitFor({ state: "detached" });

    await failNow(page, /api\/logs\?/);
    await page.locator(".lines.aged").waitFor();
    await soundInEveryLook(page, "logs-error", { show: alert });
    await again.click();
    await alert.waitFor({ state: "detached" });
    assert.equal(await page.locator(".aged").count(), 0);
    verify();
    await close();
  });

  it("shows what strangers wrote as text, and colours as classes", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await lines(page).first().waitFor();
    await line(page, EVIL).first().getByRole("button").first().click();
    assert.ok((await page.getByLabel("The whole line").textContent()).includes(EVIL));
    assert.equal(await page.locator("img, #app script").count(), 0);
    assert.equal(await page.locator(".ansi-green").first().textContent(), "INFO");
    verify();
    await close();
  });

  it("are narrowed by search, level and container, all in the address, and Back goes the way back", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await lines(page).first().waitFor();
    const total = async () =>
      Number(
        /([\d,]+) line/.exec(await page.getByRole("status").first().textContent())?.[1].replace(",", ""),
      );
    const becomes = async (wanted) =>
      assert.ok(await eventually(async () => (await total()) === wanted), `${wanted}`);
    await becomes(964);
    await page.keyboard.press("/");
    await page.keyboard.type('"bank refused" NOT 5007');
    await page.waitForURL(/search=/);
    await becomes(59);
    assert.equal(await page.locator("mark").first().textContent(), "bank refused");
    await page.goBack();
    await becomes(964);

    await page.getByRole("checkbox", { name: "ERROR" }).check();
    await page.waitForURL(/level=ERROR/);
    await becomes(61);
    await page.getByRole("checkbox", { name: "shop-worker-1" }).check();
    await becomes(1);
    await page.getByRole("checkbox", { name: "shop-web-1" }).check();
    await becomes(61);
    await page.reload();
    await becomes(61);
    assert.ok(await page.getByRole("checkbox", { name: "shop-web-1" }).isChecked());
    verify();
    await close();
  });

  it("says what did not match, and clears it", async () => {
    const { page, verify, close } = await enter(browser, stack, {
      path: "?search=nothing-says-this&level=ERROR",
    });
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await soundInEveryLook(page, "logs-no-match");
    await page.getByRole("link", { name: "Clear the filters" }).click();
    await lines(page).first().waitFor();
    verify();
    await close();
  });

  it("are zoomed into by drawing over the histogram", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await page.locator(".plot path").first().waitFor({ state: "attached" });
    const box = await page.locator(".plot").boundingBox();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 30, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/since=.*until=/);
    await lines(page).first().waitFor();
    verify();
    await close();
  });

  it("come by the hundred as the end of the list comes near, and far ones are not drawn", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await lines(page).first().waitFor();
    assert.ok(
      await eventually(async () => {
        await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
        return (await page.getByText("Reading on").count()) === 0;
      }, 20_000),
    );
    assert.ok(await eventually(async () => (await lines(page).count()) < 700));
    assert.ok((await page.locator(".block").count()) >= 5);
    verify();
    await close();
  });

  it("have an address each, with their container's lines around", async () => {
    const { page, verify, close } = await enter(browser, stack, {
      path: "?search=5030",
      expected: [/status of 404/],
    });
    await lines(page).first().getByRole("button").first().click();
    await page.getByRole("link", { name: "Open by itself" }).click();
    await page.waitForURL(/\?line=\d+$/);
    await page.locator(".here").waitFor();
    assert.ok(await eventually(async () => (await lines(page).count()) > 50));
    assert.match(await page.locator(".here").textContent(), /payment 5030/);
    await soundInEveryLook(page, "logs-line", { show: page.locator(".here") });
    await page.goBack();
    await page.waitForURL(/search=5030/);

    const release = await hold(page, /context/);
    await page.goto(stack.url("logs", "?line=999999999"));
    await page.locator(".skeleton.visible").waitFor();
    await soundInEveryLook(page, "logs-line-loading");
    await release();
    await page.getByRole("heading", { name: "This line is not here" }).waitFor();
    await soundInEveryLook(page, "logs-line-gone");
    verify();
    await close();
  });

  it("come in by themselves in the live tail, and wait above while one reads further down", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await lines(page).first().waitFor();
    await page.keyboard.press("l");
    await page.waitForURL(/live=1/);
    await page.locator(".tail.open").waitFor();
    await worker.write(["[INFO] fresh from the worker"]);
    await line(page, "fresh from the worker").waitFor();
    assert.match(await lines(page).first().textContent(), /fresh from the worker/);

    await page.evaluate(() => scrollTo(0, 1500));
    await worker.write(["[INFO] one more", "[INFO] and another"]);
    await page.getByRole("button", { name: "2 new" }).click();
    await line(page, "and another").waitFor();
    assert.equal(await page.evaluate(() => scrollY), 0);
    await sound(page);
    await page.keyboard.press("l");
    await page.waitForURL((url) => !url.search.includes("live"));
    verify();
    await close();
  });

  it("are walked along and opened by keys", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await lines(page).first().waitFor();
    for (const key of ["j", "j", "ArrowDown", "k"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    await page.getByLabel("The whole line").waitFor();
    assert.equal(
      await lines(page)
        .nth(1)
        .getAttribute("class")
        .then((name) => name.includes("open")),
      true,
    );
    verify();
    await close();
  });

  it("are saved as a file", async () => {
    const { page, verify, close } = await enter(browser, stack, { path: "?search=bank" });
    await lines(page).first().waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export" }).click(),
    ]);
    const { readFile } = await import("node:fs/promises");
    const text = await readFile(await download.path(), "utf8");
    assert.equal(text.trim().split("\n").length, 60);
    verify();
    await close();
  });
});
