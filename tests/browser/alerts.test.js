// Who is told of errors, in a real browser: a test of the channels, and what became of each alert.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { answer, launch, sound, soundInEveryLook, soundWithoutData } from "./browser.js";
import { hardReports, pythonReport } from "./reports.js";
import { eventually } from "./stack.js";
import { enter, rows, withStack } from "./tracker.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

describe("who was told", () => {
  let hook;
  let answers = 200;
  before(async () => {
    hook = createServer((incoming, outgoing) => {
      incoming.resume().on("end", () => outgoing.writeHead(answers).end());
    });
    await new Promise((done) => hook.listen(0, "127.0.0.1", done));
  });
  after(() => {
    hook.closeAllConnections();
    hook.close();
  });
  const stack = withStack(() => ({ ALERT_WEBHOOKS: `http://127.0.0.1:${hook.address().port}/hook` }));
  const alerts = (page) => page.locator(".alerts > li");

  it("says that it is nobody, and how that changes", async () => {
    const { page, verify, close } = await enter(browser, stack, { path: "?view=alerts", expected: [/500/] });
    await page.getByRole("heading", { name: "Nobody has been told of anything yet" }).waitFor();
    assert.match(await page.getByLabel("Command").textContent(), /ALERT_WEBHOOKS=/);
    await soundInEveryLook(page, "alerts-none");
    await soundWithoutData(page, stack.url("errors", "?view=alerts"), "**/api/alerts", "alerts");
    verify();
    await close();
  });

  it("tests the channels and shows the outcome, good or bad", async () => {
    const { page, verify, close } = await enter(browser, stack, {
      path: "?view=alerts",
      expected: [/502/],
    });
    await page.getByRole("button", { name: "Send a test alert" }).click();
    await page.getByText("Every channel has taken the test alert").waitFor();
    await page.getByRole("region", { name: "Told" }).getByText("sent", { exact: true }).waitFor();
    answers = 500;
    await page.getByRole("button", { name: "Send a test alert" }).click();
    await page.getByText(/The test alert was not delivered: .*500/).waitFor();
    await page.getByRole("region", { name: "Queue" }).getByText("waiting", { exact: true }).waitFor();
    await sound(page);
    answers = 200;
    verify();
    await close();
  });

  it("lists what was told of errors, each a way to it", async () => {
    const { id } = await stack.report(pythonReport);
    for (const report of hardReports) await stack.report(report);
    const { page, verify, close } = await enter(browser, stack);
    await page.getByRole("link", { name: "Alerts" }).click();
    const told = page.getByRole("region", { name: "Told" }).locator(".alerts > li");
    assert.ok(
      await eventually(async () => {
        await page.keyboard.press("r");
        return (await told.filter({ has: page.getByRole("link") }).count()) === hardReports.length + 1;
      }),
      await alerts(page).allTextContents(),
    );
    await page.getByRole("link", { name: /ValueError/ }).click();
    await page.waitForURL(new RegExp(`/errors/${id}$`));
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    await page.goBack();
    await alerts(page).first().waitFor();
    verify();
    await close();
  });

  it("goes on to older ones, page by page, and back", async () => {
    const { page, verify, close } = await enter(browser, stack, { path: "?view=alerts" });
    const old = { kind: "new", state: "done", created_at: new Date().toISOString(), deliveries: [] };
    const pages = {
      "": [Array.from({ length: 50 }, (_, i) => 60 - i), "11"],
      11: [Array.from({ length: 10 }, (_, i) => 10 - i), null],
    };
    await answer(page, "**/api/alerts**", (route) => {
      const [ids, next_cursor] = pages[new URL(route.request().url()).searchParams.get("cursor") ?? ""];
      const all = ids.map((id) => ({ ...old, id, subject_id: 1, title: `alert ${id}` }));
      return route.fulfill({ json: { alerts: all, next_cursor } });
    });
    const pager = page.getByRole("navigation", { name: "Pages" });
    const newest = pager.getByRole("button", { name: "Newest" });
    const older = pager.getByRole("button", { name: "Older" });
    await page.keyboard.press("r");
    await pager.getByText("50 alerts", { exact: true }).waitFor();
    assert.ok(await newest.isDisabled());
    await older.click();
    await pager.getByText("10 alerts further back").waitFor();
    assert.match(page.url(), /cursor=11/);
    assert.equal(await alerts(page).first().locator(".what").textContent(), "alert 10");
    assert.ok(await older.isDisabled());
    await sound(page);
    await page.reload();
    await pager.getByText("10 alerts further back").waitFor();
    await newest.click();
    await alerts(page).nth(49).waitFor();
    assert.doesNotMatch(page.url(), /cursor/);
    verify();
    await close();
  });

  it("is sound in every look, and so are the list of such errors and the questions", async () => {
    const { page, verify, close } = await enter(browser, stack, { path: "?view=alerts" });
    await alerts(page).nth(5).waitFor();
    await soundInEveryLook(page, "alerts");
    await page.keyboard.press("u");
    await rows(page).nth(4).waitFor();
    await soundInEveryLook(page, "errors-names");
    for (const one of await rows(page).all()) await one.getByRole("checkbox").check();
    await soundInEveryLook(page, "errors-selected");
    await page.getByRole("button", { name: "Ignore…" }).click();
    await page.locator("dialog").waitFor();
    await soundInEveryLook(page, "errors-ignore");
    verify();
    await close();
  });
});
