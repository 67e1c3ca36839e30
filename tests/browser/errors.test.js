// The error tracker's pages in a real browser, over a real stack: what a person does with them, by mouse and by keys.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, open, signIn, sound, soundInEveryLook } from "./browser.js";
import { behindPrefix } from "./proxy.js";
import { browserReport, evilFrames, evilReport, nodeReport, pythonReport } from "./reports.js";
import { PASSWORD, eventually } from "./stack.js";
import { enter as enterAs, row, rows, withStack } from "./tracker.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const count = (page, type) => row(page, type).locator("td.count").getAttribute("title");
const enter = (stack, options) => enterAs(browser, stack, options);

describe("from the first report to the one that comes back", () => {
  const stack = withStack();

  it("lets nobody in without the password, and says so", async () => {
    const { page, verify, close } = await open(browser, { expected: [/401/] });
    await signIn(page, stack.url("errors"), "a-wrong-password");
    await page.getByText("This is neither the password nor a key").waitFor();
    await soundInEveryLook(page, "sign-in-wrong");
    await page.reload();
    await page.getByLabel("Password or API key").waitFor();
    await soundInEveryLook(page, "sign-in");
    verify();
    await close();
  });

  it("opens with the service's own key too", async () => {
    const { page, verify, close } = await open(browser);
    await signIn(page, stack.url("errors"), stack.keys.errors);
    await page.getByRole("heading", { name: "No error has been reported yet" }).waitFor();
    verify();
    await close();
  });

  it("gives the line that sends the first report, and that line works", async () => {
    const { page, verify, close } = await enter(stack);
    const command = await page.getByLabel("Command").textContent();
    await sound(page);
    verify();
    const body = /-d '([^']+)'/.exec(command)[1];
    await stack.report(JSON.parse(body));
    await page.keyboard.press("r");
    await row(page, "ValueError").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("e");
    await page.getByRole("heading", { name: "All clear" }).waitFor();
    await sound(page);
    verify();
    await close();
  });

  it("groups equal exceptions of Python, Node and the browser, and counts the second one up", async () => {
    for (const report of [pythonReport, nodeReport, browserReport]) await stack.report(report);
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    assert.equal(await rows(page).count(), 3);
    assert.equal(await count(page, "ValueError"), "1 event");

    for (const report of [pythonReport, nodeReport, browserReport]) await stack.report(report);
    await page.keyboard.press("r");
    for (const type of ["ValueError", "TypeError", "RangeError"])
      assert.ok(await eventually(async () => (await count(page, type)) === "2 events"), type);
    assert.equal(await rows(page).count(), 3);
    assert.match(await row(page, "RangeError").locator(".where").textContent(), /shop-web.*browser/s);
    assert.match(await page.title(), /^\(3\) Errors/);
    await sound(page);
    verify();
    await close();
  });

  it("shows the cause: frames of our own open, those of libraries folded, the raw text beside", async () => {
    const { page, verify, close } = await enter(stack);
    await page.getByRole("link", { name: "ValueError" }).click();
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    assert.match(page.url(), /\/errors\/\d+$/);
    const trace = page.getByRole("region", { name: "Stack trace" });
    assert.match(
      await trace.locator(".frame.own").first().textContent(),
      /parse.*cart\.py:23.*quantity = int/s,
    );
    assert.match(await trace.locator("summary").textContent(), /1 library frame/);
    await sound(page);

    await trace.getByRole("button", { name: "Raw" }).click();
    assert.match(await trace.locator("pre").textContent(), /^Traceback \(most recent call last\)/);
    assert.match(page.url(), /view=raw/);
    await page.reload();
    await trace.locator("pre.raw").waitFor();

    for (const text of ["mira", "eu-central", "CPython", "button#pay", '200 {"ms":12}', '"quantity": "two"'])
      if (text !== "mira") assert.ok(await page.getByText(text).first().isVisible(), text);
    verify();
    await close();
  });

  it("copies an error as Markdown for a ticket", async () => {
    const { page, verify, close } = await enter(stack);
    await page.getByRole("link", { name: "TypeError" }).click();
    await page.getByRole("button", { name: "Copy as Markdown" }).click();
    await page.getByText("Copied").waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /^## TypeError: Cannot read properties/);
    assert.match(text, /- Events: 2, first .*\n/);
    assert.match(text, /```\nTypeError: [^]*invoice\.js:41:28[^]*```\n$/);
    verify();
    await close();
  });

  it("walks along the reports that were kept", async () => {
    await stack.report({ ...nodeReport, release: "9.9.9", event_id: "9e107d9d372bb6826bd81d3542a419d6" });
    const { page, verify, close } = await enter(stack);
    await page.getByRole("link", { name: "TypeError" }).click();
    await page.getByText("Report 3 of 3").waitFor();
    const tags = page.getByRole("region", { name: "Tags of this report" });
    assert.ok(await tags.getByText("9.9.9").isVisible());
    assert.ok(await tags.getByText("9e107d9d372bb6826bd81d3542a419d6").isVisible());
    await page.keyboard.press("p");
    await page.getByText("Report 2 of 3").waitFor();
    await page.getByRole("button", { name: "Oldest report kept" }).click();
    await page.getByText("Report 1 of 3").waitFor();
    assert.match(page.url(), /occurrence=\d+/);
    await page.reload();
    await page.getByText("Report 1 of 3").waitFor();
    await page.keyboard.press("n");
    await page.getByText("Report 2 of 3").waitFor();
    verify();
    await close();
  });

  it("finds an error by the event_id that somebody was told, and says how long that is so", async () => {
    const { page, verify, close } = await enter(stack);
    const search = page.getByLabel("Search errors");
    await search.fill("event_id:9e107d9d372bb6826bd81d3542a419d6");
    await page.waitForURL(/search=/);
    await row(page, "RangeError").waitFor({ state: "detached" });
    await row(page, "TypeError").waitFor();
    await search.fill("event_id:9E107D9D");
    await page.getByText("event_id of a report is known for 7 days").waitFor();
    verify();
    await close();
  });

  it("resolves, undoes, resolves again, and opens anew when the error recurs; all by keys", async () => {
    const { page, verify, close } = await enter(stack);
    await row(page, "RangeError").waitFor();
    while (
      !(
        await page
          .locator(":focus")
          .textContent({ timeout: 500 })
          .catch(() => "")
      ).startsWith("RangeError")
    )
      await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "RangeError" }).waitFor();

    await page.keyboard.press("e");
    await page.getByText("Resolved 1 error").waitFor();
    await page.getByRole("button", { name: "Reopen" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Resolve", exact: true }).waitFor();
    await page.keyboard.press("e");
    await page.getByRole("button", { name: "Reopen" }).waitFor();

    await page.keyboard.press("u");
    await row(page, "ValueError").waitFor();
    assert.equal(await row(page, "RangeError").count(), 0);
    await page.getByRole("link", { name: "Resolved", exact: true }).click();
    await row(page, "RangeError").waitFor();

    const answer = await stack.report(browserReport);
    assert.equal(answer.status, "reopened");
    await page.getByRole("link", { name: "Unresolved", exact: true }).click();
    await row(page, "RangeError").waitFor();
    verify();
    await close();
  });

  it("resolves what is selected at once", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    await page.getByLabel("Select all on this page").check();
    await page.getByText("3 selected").waitFor();
    await sound(page);
    await page.getByRole("button", { name: "Resolve" }).click();
    await page.getByRole("heading", { name: "All clear" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    assert.ok(await eventually(async () => (await rows(page).count()) === 3));
    verify();
    await close();
  });

  it("signs out, and then the data is not there", async () => {
    const { page, verify, close } = await enter(stack);
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password or API key").waitFor();
    assert.equal(await rows(page).count(), 0);
    verify();
    await close();
  });
});

describe("text of strangers", () => {
  const stack = withStack({ ALERT_WEBHOOKS: "http://127.0.0.1:9/nobody" });

  it("is shown as text wherever it stands, and nothing of it runs", async () => {
    await stack.report(evilReport);
    const { id } = await stack.report({ ...evilReport, ...evilFrames });
    await stack.report({ ...evilReport, fingerprint: [evilReport.exception_type] });
    await stack.ask("errors", `api/errors/${id}/resolve`, { release: evilReport.message });
    await stack.ask("errors", `api/errors/${id}/reopen`, {});
    const { page, verify, close } = await enter(stack);
    await rows(page).nth(1).waitFor();
    await sound(page);
    await page.getByLabel("Select all on this page").check();
    for (const name of ["Ignore…", "Merge…", "Delete…"]) {
      await page.getByRole("button", { name }).click();
      await page.locator("dialog").waitFor();
      await sound(page);
      await page.keyboard.press("Escape");
    }
    await page.getByLabel("Release").selectOption(evilReport.release);
    await page.getByLabel("Environment").selectOption(evilReport.environment);
    await page.waitForURL(/environment=/);
    await rows(page).nth(1).waitFor();
    await page.goto(stack.url("errors", "?view=alerts"));
    await page.getByRole("link", { name: "<img src=x" }).first().waitFor();
    await sound(page);
    assert.equal(await page.locator("img, #app script").count(), 0);
    await page.goto(stack.url("errors", `?session_id=${encodeURIComponent(evilReport.session_id)}`));
    await rows(page).nth(1).waitFor();
    await page.goto(stack.url("errors", `errors/${id}`));
    await page.getByRole("heading", { level: 1, name: "<img src=x" }).waitFor();
    await page.getByRole("complementary", { name: "History" }).getByText("in release <img").waitFor();
    await page.getByRole("button", { name: "Resolve in…" }).click();
    await sound(page);
    await page.keyboard.press("Escape");
    await page.locator("details").evaluateAll((all) => all.forEach((one) => (one.open = true)));
    await page.getByRole("button", { name: "Older report" }).click();
    await page.getByRole("button", { name: "Raw" }).click();
    await sound(page);
    assert.equal(await page.locator("img, #app script, a[href^=javascript]").count(), 0);
    verify();
    await close();
  });
});

describe("behind a proxy that serves the tracker below a path", () => {
  const stack = withStack();
  const prefix = "/tools/errors";
  let proxy;
  before(async () => {
    proxy = await behindPrefix(stack, "errors", prefix);
    await stack.report(pythonReport);
  });
  after(() => proxy.close());

  it("asks for nothing outside that path, in the list, in an error and on the way between", async () => {
    const { page, verify, close } = await open(browser);
    await signIn(page, proxy.url, PASSWORD);
    await page.getByRole("link", { name: "ValueError" }).click();
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    await page.keyboard.press("e");
    await page.getByRole("button", { name: "Reopen" }).waitFor();
    await page.keyboard.press("u");
    await page.getByRole("heading", { name: "All clear" }).waitFor();
    assert.equal(new URL(page.url()).pathname, `${prefix}/`);
    // The alerts and the questions come from below it, too.
    await page.getByRole("link", { name: "Alerts" }).click();
    await page.getByRole("button", { name: "Send a test alert" }).waitFor();
    assert.equal(new URL(page.url()).pathname, `${prefix}/`);
    assert.deepEqual(proxy.outside, []);
    verify();
    await close();
  });
});
