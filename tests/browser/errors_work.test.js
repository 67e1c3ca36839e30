// The work with errors in a real browser: ignoring, resolving in a release, merging, deleting, narrowing the
// list; and the whole way from the sign-in to the resolved error by keys alone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { launch, open, sound, soundInEveryLook, soundWithoutData } from "./browser.js";
import { nodeReport, pythonReport } from "./reports.js";
import { PASSWORD, eventually } from "./stack.js";
import { enter, row, rows, withStack } from "./tracker.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const history = (page) => page.getByRole("complementary", { name: "History" }).locator("li");
const answer = (page, name) => page.locator("dialog").getByRole("button", { name, exact: true }).click();

describe("what is done about an error", () => {
  const stack = withStack();
  let error;
  before(async () => {
    error = await stack.report(pythonReport);
  });
  const detail = async (options) => {
    const opened = await enter(browser, stack, { ...options, path: `errors/${error.id}` });
    await opened.page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    return opened;
  };

  it("is ignored on terms, by keys, and its history says on which", async () => {
    const { page, verify, close } = await detail();
    await page.keyboard.press("m");
    await page.locator("dialog").waitFor();
    await sound(page);
    for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
    await page.getByText("Ignored 1 error").waitFor();
    await history(page).getByText("until 100 more in 60 minutes").waitFor();
    assert.match(await history(page).first().textContent(), /Ignored.*by someone signed in/s);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Reopened 1 error").waitFor();

    await page.getByRole("button", { name: "Ignore…" }).click();
    await page.getByLabel("How long").selectOption("8 hours");
    await answer(page, "Ignore");
    await history(page).getByText("for 8 hours").waitFor();
    await stack.ask("errors", `api/errors/${error.id}/reopen`, {});
    await page.keyboard.press("r");
    await history(page).getByText("with an API key").waitFor();
    assert.equal(await history(page).count(), 4);
    await sound(page);
    verify();
    await close();
  });

  it("is resolved in a release, and only a report of a later one reopens it", async () => {
    const { page, verify, close } = await detail();
    await page.getByRole("button", { name: "Resolve in…" }).click();
    assert.equal(await page.getByLabel("Release", { exact: true }).inputValue(), pythonReport.release);
    await sound(page);
    await page.getByLabel("Release", { exact: true }).fill("2.15.0");
    await page.keyboard.press("Enter");
    await history(page).getByText("in release 2.15.0").waitFor();
    assert.equal((await stack.report({ ...pythonReport, release: "2.15.0" })).status, "incremented");
    assert.equal((await stack.report({ ...pythonReport, release: "2.16.0" })).status, "reopened");
    await page.keyboard.press("r");
    await history(page).getByText("by a report").waitFor();
    await page.getByText("unresolved", { exact: true }).waitFor();
    verify();
    await close();
  });

  it("shows chained causes, the frames of our own open, in every one", async () => {
    const text = await readFile(new URL("../data/fuzz/fuzz_traceback/python-chain", import.meta.url), "utf8");
    const { id } = await stack.report({ ...pythonReport, exception_type: "KeyError", traceback: text });
    const { page, verify, close } = await enter(browser, stack, { path: `errors/${id}` });
    const trace = page.getByRole("region", { name: "Stack trace" });
    await trace.locator(".cause").nth(1).waitFor();
    assert.deepEqual(await trace.locator(".cause").allTextContents(), [
      "raised while handlingKeyError: 'row'",
      "caused byValueError: invalid literal for int() with base 10: 'two'",
    ]);
    assert.match(await trace.locator(".frame.own").nth(4).textContent(), /inner.*g\.py:3.*return int\(x\)/s);
    await sound(page);
    verify();
    await close();
  });

  it("is deleted after a question, and the view goes back to the list", async () => {
    const { page, verify, close } = await detail({ expected: [/404/] });
    await page.keyboard.press("Delete");
    await page.getByText("This cannot be undone").waitFor();
    await sound(page);
    await page.keyboard.press("Enter"); // what has the focus is the way out
    assert.ok(await eventually(async () => (await page.locator("dialog").count()) === 0));
    await page.getByRole("button", { name: "Delete…" }).click();
    await answer(page, "Delete");
    await page.getByText("Deleted 1 error").waitFor();
    await rows(page).first().waitFor();
    assert.equal(await row(page, "ValueError").count(), 0);
    await page.goto(stack.url("errors", `errors/${error.id}`));
    await page.getByRole("heading", { name: "There is no error" }).waitFor();
    verify();
    await close();
  });
});

describe("what is done about many", () => {
  const stack = withStack();
  const types = ["First", "Second", "Third", "Fourth"];
  const ids = {};
  before(async () => {
    for (const [i, type] of types.entries())
      ids[type] = (
        await stack.report({
          ...pythonReport,
          exception_type: `${type}Error`,
          count: i + 1,
          environment: i ? "production" : "staging",
          release: `1.${i}`,
        })
      ).id;
    await stack.report(nodeReport);
  });
  const shows = (page, n) => eventually(async () => (await rows(page).count()) === n);

  it("narrows the list to an environment and a release, which say how much there is", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await rows(page).first().waitFor();
    const options = (label) => page.getByLabel(label).locator("option").allTextContents();
    assert.ok(
      await eventually(
        async () => (await options("Environment")).join() === "Any environment,production (4),staging (1)",
      ),
    );
    assert.deepEqual(await options("Release"), ["Any release", "1.3 (1)", "1.2 (1)", "1.1 (1)", "1.0 (1)"]);
    await page.getByLabel("Environment").selectOption("staging");
    assert.ok(await eventually(async () => (await rows(page).count()) === 1));
    await page.getByLabel("Release").selectOption("1.3");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await sound(page);
    await page.goBack();
    await row(page, "FirstError").waitFor();
    verify();
    await close();
  });

  it("merges what is selected, and splits a key off again", async () => {
    const { page, verify, close } = await enter(browser, stack);
    for (const type of ["FirstError", "SecondError"]) await row(page, type).getByRole("checkbox").check();
    await row(page, "TypeError").getByRole("checkbox").check();
    assert.ok(await page.getByRole("button", { name: "Merge…" }).isDisabled());
    await row(page, "TypeError").getByRole("checkbox").uncheck();
    await page.getByRole("button", { name: "Merge…" }).click();
    await page.locator("dialog").waitFor();
    await soundInEveryLook(page, "errors-merge");
    await answer(page, "Merge");
    await page.getByText("Merged 2 errors").waitFor();
    assert.ok(await shows(page, 4));
    // The one that stays is found by the words of both, and named by the first.
    for (const type of ["First", "Second"]) {
      await page.getByLabel("Search errors").fill(`${type}Error`);
      assert.ok(await shows(page, 1), type);
    }
    await row(page, "FirstError").getByRole("link").first().click();
    await page.getByText("These keys were merged").waitFor();
    assert.ok(await page.getByText("Merged", { exact: true }).isVisible());
    await sound(page);
    await page
      .getByRole("button", { name: /^Split/ })
      .first()
      .click();
    await page.getByText("Split off 1 error").waitFor();
    assert.ok(
      await eventually(async () => (await page.getByRole("button", { name: /^Split/ }).count()) === 0),
    );
    await page.goto(stack.url("errors"));
    assert.ok(await shows(page, 5));
    verify();
    await close();
  });

  for (const [way, undo] of [
    ["by mouse", (page) => page.getByRole("button", { name: "Undo" }).click()],
    ["by keys", (page) => page.keyboard.press("z")],
  ])
    it(`takes a merge back ${way}, and each error is itself again`, async () => {
      const all = ["First", "Second", "Third"];
      const { page, verify, close } = await enter(browser, stack);
      await rows(page).first().waitFor();
      if (way === "by keys") {
        const focused = () => page.evaluate(() => document.activeElement.textContent);
        for (let i = 0; i < 5; i++) {
          await page.keyboard.press("j");
          if (all.includes((await focused()).replace("Error", ""))) await page.keyboard.press("x");
        }
        await page.getByText("3 selected").waitFor();
      } else for (const type of all) await row(page, `${type}Error`).getByRole("checkbox").check();
      await page.getByRole("button", { name: "Merge…" }).press("Enter");
      await page.getByRole("radio", { checked: true }).press("Enter");
      await page.getByText("Merged 3 errors").waitFor();
      assert.ok(await shows(page, 3));
      await undo(page);
      await page.getByText("Split off 2 errors").waitFor();
      assert.ok(await shows(page, 5));
      for (const type of all) {
        const { exception_type: now, count } = await stack.ask("errors", `api/errors/${ids[type]}`);
        assert.deepEqual([now, count], [`${type}Error`, all.indexOf(type) + 1]);
      }
      verify();
      await close();
    });

  it("opens what an error was merged into where an old link names the error", async () => {
    await stack.ask("errors", "api/errors/merge", { into: ids.Third, ids: [ids.Second] });
    const { page, verify, close } = await enter(browser, stack, { path: `errors/${ids.Second}` });
    await page.waitForURL(stack.url("errors", `errors/${ids.Third}`));
    await page.getByText(`Error ${ids.Second} was merged into this one`).waitFor();
    await page.getByRole("heading", { level: 1, name: "SecondError" }).waitFor();
    verify();
    await close();
    const { grouping } = await stack.ask("errors", `api/errors/${ids.Third}`);
    const keys = [grouping.keys[0].key];
    const { id } = await stack.ask("errors", "api/errors/unmerge", { id: ids.Third, keys });
    assert.equal(id, ids.Second);
  });

  it("ignores and deletes what is selected, by keys", async () => {
    const { page, verify, close } = await enter(browser, stack);
    await rows(page).first().waitFor();
    const all = await rows(page).count();
    for (const key of ["j", "x", "j", "x", "m"]) await page.keyboard.press(key);
    await page.getByRole("heading", { name: "Ignore 2 errors" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Ignored 2 errors").waitFor();
    assert.ok(await eventually(async () => (await rows(page).count()) === all - 2));
    await page.getByRole("link", { name: "Ignored", exact: true }).click();
    assert.ok(await eventually(async () => (await rows(page).count()) === 2));
    await page.getByLabel("Select all on this page").check();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("heading", { name: "Delete 2 errors" }).waitFor();
    await answer(page, "Delete");
    await page.getByRole("heading", { name: "Nothing is ignored" }).waitFor();
    verify();
    await close();
  });
});

describe("by keys alone", () => {
  const stack = withStack();
  before(() => stack.report(pythonReport));

  // What Tab reaches, until it has that name.
  async function tabTo(page, name) {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      const text = await page.evaluate(() => document.activeElement.textContent.trim());
      if (text === name) return;
    }
    assert.fail(`Tab does not reach ${name}`);
  }

  it("goes from the sign-in to the newest error, its cause, its logs, and resolves it", async () => {
    const { page, verify, close } = await open(browser);
    await page.goto(stack.url("errors"));
    await page.getByLabel("Password or API key").waitFor();
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await rows(page).first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    const read = () => page.evaluate(() => document.activeElement.textContent);
    assert.ok(await eventually(async () => (await read()) === "ValueError"), "the focus is on the heading");
    assert.match(await page.locator(".frame.own").first().textContent(), /cart\.py:23.*int\(row/s);
    await tabTo(page, "Raw");
    await page.keyboard.press("Enter");
    await page.locator("pre.raw").waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    await tabTo(page, "Logs around it");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.port === String(stack.ports.logs) && url.search.includes("since="));
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await page.goBack(); // Alt and the left arrow, which a browser without a window does not know
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    await page.keyboard.press("e");
    await page.getByText("Resolved 1 error").waitFor();
    await page.keyboard.press("u");
    await page.getByRole("heading", { name: "All clear" }).waitFor();
    verify();
    await close();
  });
});

describe("when there is nothing to show", () => {
  const stack = withStack();

  it("each reason is said, in every look", async () => {
    const { page, verify, close } = await enter(browser, stack, { expected: [/500/, /404/] });
    await page.getByRole("heading", { name: "No error has been reported yet" }).waitFor();
    await soundInEveryLook(page, "errors-none");

    const { id } = await stack.report(pythonReport);
    await page.goto(stack.url("errors", "?search=nothing+like+it&level=fatal"));
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await soundInEveryLook(page, "errors-no-match");

    await soundWithoutData(page, stack.url("errors"), "**/api/errors?*", "errors");
    await rows(page).first().waitFor();
    await soundWithoutData(page, stack.url("errors", `errors/${id}`), `**/api/errors/${id}`, "error");
    await page.getByRole("heading", { level: 1, name: "ValueError" }).waitFor();
    await page.goto(stack.url("errors", "errors/4711"));
    await page.getByRole("heading", { name: "There is no error" }).waitFor();
    await soundInEveryLook(page, "error-gone");
    verify();
    await close();
  });
});
