// The relay's pages in a real browser, over a real stack: keys, source maps, the outbox.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  enter as enterAt,
  failNow,
  launch,
  open,
  signIn,
  sound,
  soundInEveryLook,
  soundWithoutData,
} from "./browser.js";
import { behindPrefix } from "./proxy.js";
import { errorsOf, newKey, site } from "./site.js";
import { PASSWORD, Stack, eventually } from "./stack.js";

const EVIL = `"><img src=x onerror=alert(1)>'</script><script>alert(2)</script>`;
const LONG = `a-name-that-never-ends-${"and-goes-on-".repeat(6)}`;
const RTL = "متجر الإلكترونيات 🛒👩‍👩‍👧‍👦";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const enter = (stack, options) => enterAt(browser, stack, "relay", options);

async function upload(
  stack,
  project,
  release,
  url,
  map = { version: 3, sources: ["a.js"], mappings: "AAAA" },
) {
  const place = new URLSearchParams({ project, release, file_url: url });
  const answer = await fetch(stack.url("relay", `api/source-maps?${place}`), {
    method: "POST",
    headers: { "X-API-Key": stack.keys.relay, "Content-Type": "application/json" },
    body: JSON.stringify(map),
  });
  assert.equal(answer.status, 201, await answer.text());
}

const key = (page, project) => page.getByRole("listitem", { name: `Key of ${project}`, exact: true });

describe("a relay nobody has used yet", () => {
  const stack = new Stack();
  const pages = {};
  let shop;
  before(async () => {
    await stack.start();
    shop = await site(pages);
  });
  after(async () => {
    await stack.stop();
    await shop.close();
  });

  it("shows strangers the sign-in and nothing else", async () => {
    const { page, verify, close } = await open(browser, { expected: [/401/] });
    await signIn(page, stack.url("relay"), "not-the-key");
    await page.getByText("This is neither the password nor a key").waitFor();
    assert.equal(await page.getByRole("navigation").count(), 0);
    verify();
    await close();
  });

  it("gives a page with the way back to who mistypes its address", async () => {
    const { page, close } = await open(browser);
    const answer = await page.goto(stack.url("relay", "no/such/page"));
    assert.equal(answer.status(), 404);
    await soundInEveryLook(page, "missing");
    await page.getByRole("link", { name: "To the start" }).click();
    await page.getByLabel("Password or API key").waitFor();
    await close();
  });

  it("is entered with its admin key, and linked from the other tools", async () => {
    const { page, verify, close } = await open(browser);
    await signIn(page, stack.url("relay"), stack.keys.relay);
    await page.getByRole("heading", { name: "No key has been made yet" }).waitFor();
    await signIn(page, stack.url("errors"), PASSWORD);
    await page.getByRole("navigation", { name: "Tools" }).getByRole("link", { name: "Relay" }).click();
    await page.waitForURL(stack.url("relay"));
    verify();
    await close();
  });

  for (const [name, path, heading] of [
    ["keys", "", "No key has been made yet"],
    ["maps", "?view=maps", "No source map has been uploaded yet"],
    ["outbox", "?view=outbox", "Nothing waits"],
  ])
    it(`has an empty view of ${name} that says what to do, also while it waits and if it fails`, async () => {
      const { page, verify, close } = await enter(stack, { path, expected: [/500/] });
      await page.getByRole("heading", { name: heading }).waitFor();
      await soundInEveryLook(page, `relay-${name}-empty`);
      const asked = { keys: "dsn-keys", maps: "source-maps", outbox: "outbox" }[name];
      await soundWithoutData(page, stack.url("relay", path), `**/api/${asked}`, `relay-${name}`);
      verify();
      await close();
    });

  it("gives a key by keyboard alone, and its lines make a page report", async () => {
    const { page, verify, close } = await enter(stack);
    await page.keyboard.press("n");
    await page.keyboard.type("keyboard-shop");
    await page.keyboard.press("Tab");
    await page.keyboard.type(`${shop.origin}, https://*.shop.example`);
    await page.keyboard.press("Enter");
    const row = key(page, "keyboard-shop");
    await row.getByLabel("Script tag", { exact: true }).waitFor();
    assert.ok(await eventually(() => row.evaluate((one) => one === document.activeElement)));
    assert.deepEqual(await row.locator(".chip").allTextContents(), [shop.origin, "https://*.shop.example"]);
    await page.getByRole("button", { name: "Copy: Script tag" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Copied").waitFor();
    const tag = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(tag, /integrity="sha384-[A-Za-z0-9+/]{64}"/);
    await soundInEveryLook(page, "relay-new-key");
    verify();
    await close();

    pages["/"] = `<!doctype html><title>shop</title>${tag}`;
    const context = await browser.newContext();
    const visitor = await context.newPage();
    await visitor.goto(`${shop.origin}/`);
    await visitor.evaluate(() => setTimeout(() => globalThis.nothing.here));
    assert.ok(await eventually(async () => (await errorsOf(stack, "keyboard-shop")).length === 1));
    await context.close();
  });
});

describe("a relay in use", () => {
  const stack = new Stack();
  const folder = { path: null };
  before(async () => {
    folder.path = await mkdtemp(join(tmpdir(), "monlight-maps-"));
    await stack.start();
    for (const project of ["shop", "blog", LONG, RTL, EVIL.slice(0, 90)])
      await newKey(stack, project, { origins: ["https://shop.example", "https://*.shop.example"] });
    await newKey(stack, "open", { origins: ["*"] });
    await newKey(stack, "old");
    for (const release of ["1.0.0", "1.1.0"])
      for (const file of ["app", "vendor"])
        await upload(stack, "shop", release, `https://shop.example/assets/${file}.min.js`);
    await upload(stack, "blog", EVIL.slice(0, 90), `/${EVIL}`);
    await upload(stack, RTL, `${LONG}-2026`, `/${LONG}/${LONG}/app.js`, {
      ...{ version: 3, sources: ["a.js"], mappings: "AAAA", debugId: "85314830-023F-4CF1-A267-535F4E37BB17" },
    });
  });
  after(async () => {
    await stack.stop();
    await rm(folder.path, { recursive: true });
  });

  for (const [name, path] of [
    ["keys", ""],
    ["maps", "?view=maps"],
    ["outbox", "?view=outbox"],
  ])
    it(`shows ${name} at every width and in every light, whatever strangers called things`, async () => {
      const { page, verify, close } = await enter(stack, { path });
      await page
        .locator(name === "outbox" ? ".destinations" : ".rows > li")
        .first()
        .waitFor();
      assert.equal(await page.locator("main img, main script").count(), 0);
      if (name !== "outbox")
        assert.ok(await page.locator(".rows").getByText("onerror=alert(1)").first().isVisible());
      await soundInEveryLook(page, `relay-${name}`);
      verify();
      await close();
    });

  it("shows lines for a hostile project that are text, too", async () => {
    const { page, verify, close } = await enter(stack);
    await key(page, EVIL.slice(0, 90)).getByRole("button", { name: "Use it" }).click();
    await page.getByLabel("Script tag", { exact: true }).waitFor();
    await sound(page);
    verify();
    await close();
  });

  it("switches a key off and on again, and changes its origins", async () => {
    const { page, verify, close } = await enter(stack);
    await key(page, "old").getByRole("button", { name: "Switch off" }).click();
    await key(page, "old").getByText("switched off").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await key(page, "old").getByRole("button", { name: "Switch off" }).waitFor();
    await key(page, "old").getByRole("button", { name: "Origins" }).click();
    await key(page, "old").getByRole("textbox").fill("https://old.example http://localhost:3000");
    await page.keyboard.press("Enter");
    await key(page, "old").getByText("http://localhost:3000").waitFor();
    verify();
    await close();
  });

  it("keeps the focus with what was done: in the origins' field and back, on the row after a deleted map", async () => {
    const { page, verify, close } = await enter(stack);
    const has = (target) =>
      eventually(() => target.evaluate((one) => one === document.activeElement).catch(() => false));
    const opener = key(page, "blog").getByRole("button", { name: "Origins" });
    for (const way of ["Escape", "Enter"]) {
      await opener.press("Enter");
      assert.ok(await has(key(page, "blog").getByRole("textbox")), way);
      await page.keyboard.press(way);
      assert.ok(await has(opener), way);
      await key(page, "blog").getByRole("textbox").waitFor({ state: "detached" });
    }
    for (const file of ["first", "second"]) await upload(stack, "gone", "1", `/${file}.js`);
    await page.goto(stack.url("relay", "?view=maps&project=gone"));
    const map = (file) => page.getByRole("listitem", { name: `/${file}.js` });
    await map("second").getByRole("button").press("Enter");
    await page.keyboard.press("Escape");
    await map("second").getByRole("button", { name: "Delete", exact: true }).press("Enter");
    await map("second").getByRole("button", { name: "Really delete?" }).press("Enter");
    assert.ok(await has(map("first")));
    verify();
    await close();
  });

  it("says what is wrong with an origin, in the relay's words", async () => {
    const { page, close } = await enter(stack, { expected: [/400/] });
    await page.getByLabel("Project").fill("wrong");
    await page.getByLabel("Origins of its pages").fill("shop.example/path");
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.getByRole("alert").getByText("Field 'origins' must name origins").waitFor();
    await sound(page);
    await close();
  });

  it("takes a source map from a file, says which release it answers for, and deletes it", async () => {
    const file = join(folder.path, "cart.min.js.map");
    // Larger than what a page may send as it is: it leaves compressed.
    const map = {
      version: 3,
      sources: ["cart.js"],
      mappings: "AAAA",
      sourcesContent: ["// cart\n".repeat(700_000)],
    };
    await writeFile(file, JSON.stringify(map));
    const { page, verify, close } = await enter(stack, { path: "?view=maps" });
    await page.getByLabel("Map", { exact: true }).setInputFiles(file);
    assert.equal(await page.getByLabel("Served as").inputValue(), "/cart.min.js");
    const form = page.getByRole("form", { name: "Upload a source map" });
    for (const release of ["2.0.0", "2.1.0"]) {
      await form.getByLabel("Map", { exact: true }).setInputFiles(file);
      await form.getByLabel("Project").fill("shop");
      await form.getByLabel("Release").fill(release);
      await form.getByRole("button", { name: "Upload" }).click();
      await page.locator(".map", { hasText: release }).waitFor();
    }
    const row = (release) => page.locator(".map", { hasText: "/cart.min.js" }).filter({ hasText: release });
    assert.equal(await row("2.1.0").getByText("newest").count(), 1);
    assert.equal(await row("2.0.0").getByText("newest").count(), 0);
    assert.match(await row("2.0.0").textContent(), /6\.3 MB/);
    await row("2.1.0").getByRole("button", { name: "Delete" }).click();
    await row("2.1.0").getByRole("button", { name: "Really delete?" }).click();
    assert.ok(await eventually(async () => (await row("2.1.0").count()) === 0));
    assert.equal(await row("2.0.0").getByText("newest").count(), 1);
    await page.getByRole("combobox", { name: "Release" }).selectOption("1.0.0");
    assert.ok(await eventually(async () => (await page.locator(".map").count()) === 2));
    await page.keyboard.press("/");
    await page.keyboard.type("vendor");
    assert.ok(await eventually(async () => (await page.locator(".map").count()) === 1));
    await page.getByLabel("Search files").fill("no such file");
    const none = page.getByRole("heading", { name: "No map matches" });
    await none.waitFor();
    await soundInEveryLook(page, "relay-maps-no-match", { show: none });
    await page.reload();
    await page.getByRole("link", { name: "Show all maps" }).click();
    assert.ok(await eventually(async () => (await page.locator(".map").count()) >= 7));
    verify();
    await close();
  });

  it("says that a file is no source map", async () => {
    const file = join(folder.path, "no.map");
    await writeFile(file, `{"version": 3}`);
    const { page, close } = await enter(stack, { path: "?view=maps", expected: [/400/] });
    await page.getByLabel("Map", { exact: true }).setInputFiles(file);
    await page.getByLabel("Project", { exact: true }).first().fill("shop");
    await page.getByLabel("Release").first().fill("1");
    await page.getByRole("button", { name: "Upload" }).click();
    await page.getByRole("alert").getByText("Invalid source map format").waitFor();
    await close();
  });

  it("says what failed, keeps what it had, and tries again", async () => {
    const { page, verify, close } = await enter(stack, { expected: [/500/] });
    await key(page, "shop").waitFor();
    await failNow(page, "**/api/dsn-keys");
    assert.ok(await key(page, "shop").isVisible());
    await soundInEveryLook(page, "relay-error", { show: page.getByRole("alert") });
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
    verify();
    await close();
  });

  it("works where a proxy serves it under a path", async () => {
    const proxy = await behindPrefix(stack, "relay", "/tools/relay");
    const { page, verify, close } = await open(browser);
    await signIn(page, proxy.url, PASSWORD);
    await key(page, "shop").waitFor();
    await page.getByRole("link", { name: "Source maps" }).click();
    await page.locator(".map").first().waitFor();
    assert.equal(new URL(page.url()).pathname, "/tools/relay/");
    assert.deepEqual(proxy.outside, []);
    verify();
    await close();
    proxy.close();
  });
});

describe("a relay whose tracker is away", () => {
  const stack = new Stack();
  let away;
  before(async () => {
    away = createServer((_, answer) => {
      answer.writeHead(503);
      answer.end();
    });
    await new Promise((done) => away.listen(0, "127.0.0.1", done));
    await stack.start({ INDEXER: "cron", ERROR_TRACKER_URL: `http://127.0.0.1:${away.address().port}` });
  });
  after(async () => {
    await stack.stop();
    away.closeAllConnections();
    away.close();
  });

  it("shows what waits, since when", async () => {
    const dsn = await newKey(stack, "shop");
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(stack.url("relay", "api/browser/errors"), {
        method: "POST",
        headers: { "X-Monlight-Key": dsn, "Content-Type": "application/json" },
        body: JSON.stringify({ type: "Error", message: `kept ${i}`, stack: "" }),
      });
      assert.equal(answer.status, 202);
    }
    const { page, verify, close } = await enter(stack, { path: "?view=outbox" });
    const tracker = page.getByRole("region", { name: "Error tracker" });
    await tracker.getByText("waiting").first().waitFor();
    assert.equal(await tracker.locator(".tiles dd").first().textContent(), "3");
    await soundInEveryLook(page, "relay-outbox-waiting");
    verify();
    await close();
  });
});
