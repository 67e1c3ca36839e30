// A real Chromium, and what is demanded of every page it shows: nothing on the console, nothing against the
// Content-Security-Policy, nothing wider than the window, nothing that axe-core finds fault with.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { PASSWORD, axeSource, screenshots } from "./stack.js";

export const candidates = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
export const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const launch = () =>
  chromium.launch({
    executablePath: candidates.find((path) => path && existsSync(path)),
    args: ["--headless", ...quiet],
  });

export const sizes = { wide: { width: 1280, height: 900 }, narrow: { width: 360, height: 780 } };

// A window of its own, as another person's; `complaints` collects what nobody wants to see.
export async function open(browser, { size = "wide", dark = false, expected = [] } = {}) {
  const context = await browser.newContext({
    viewport: sizes[size],
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.stack}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  const verify = () =>
    assert.deepEqual(
      complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint))),
      [],
    );
  return { page, verify, close: () => context.close() };
}

export async function signIn(page, url, password) {
  await page.goto(url);
  await page.getByLabel("Password or API key").fill(password);
  await page.keyboard.press("Enter");
}

const sessions = new WeakMap(); // cookies by stack

// Somebody who is signed in at a tool, at a path of it.  The first at a stack types the password, others come with
// the cookie that it got.
export async function enter(browser, stack, service, { path = "", ...options } = {}) {
  const opened = await open(browser, options);
  const { page } = opened;
  const url = stack.url(service, path);
  if (sessions.has(stack)) {
    await page.context().addCookies(sessions.get(stack));
    await page.goto(url);
  } else await signIn(page, url, PASSWORD);
  await page.locator("main.page").waitFor();
  sessions.set(stack, await page.context().cookies());
  return opened;
}

/*
 * Answers requests of a page in the server's place, as page.route does, from the next request on: a page that runs
 * hears of the first of its routes only a moment after page.route has returned.  So it asks until it is answered here.
 */
export async function answer(page, pattern, handler, options) {
  await page.route(pattern, handler, options);
  await page.route(/health\?here/, (route) => route.fulfill({ json: { here: true } }));
  await page.waitForFunction(() =>
    fetch("/health?here")
      .then((response) => response.json())
      .then(({ here }) => here),
  );
}

// Keeps back all answers from addresses of the pattern, until what it gives is called.
export async function hold(page, pattern) {
  let go;
  const gone = new Promise((done) => {
    go = done;
  });
  const held = [];
  await answer(page, pattern, (route) => {
    held.push(gone.then(() => route.continue()).catch(() => {})); // the page may have given up on it
  });
  return () => {
    go();
    return Promise.all(held);
  };
}

// What sticks out of the window to the right.  What scrolls within itself or is cut on purpose does not count.
const overflowing = () => {
  const wide = document.documentElement.clientWidth;
  const clipped = (element) => {
    for (let above = element.parentElement; above && above !== document.body; above = above.parentElement)
      if (getComputedStyle(above).overflowX !== "visible") return true;
    return false;
  };
  const out = [...document.body.querySelectorAll("*")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.right > wide + 1 && !clipped(element);
  });
  return [
    ...(document.documentElement.scrollWidth > wide
      ? [`the page scrolls to ${document.documentElement.scrollWidth}`]
      : []),
    ...out.map((element) => `${element.tagName.toLowerCase()}.${element.className}`),
  ];
};

let axe;

async function faults(page) {
  axe ??= await axeSource();
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, {
      resultTypes: ["violations"], // writing out what passed takes long
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`,
    );
  });
}

export async function sound(page) {
  assert.deepEqual(await page.evaluate(overflowing), []);
  assert.deepEqual(await faults(page), []);
}

// Writes a picture for the documentation, when SCREENSHOTS asks for it.
export async function picture(page, name, options = {}) {
  if (!process.env.SCREENSHOTS) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), ...options });
}

// Nothing sticks out at either width in either light, and axe-core finds nothing in the two that have nothing in
// common.  Pictures are NAME-WIDTH-LIGHT, of the whole page if it is wide, or of the window that `show` is scrolled into.
// The window is left as it is opened: wide and light.
export async function soundInEveryLook(page, name, { show } = {}) {
  for (const [size, viewport] of Object.entries(sizes))
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      if ((size === "wide") === (colorScheme === "light")) await sound(page);
      else assert.deepEqual(await page.evaluate(overflowing), []);
      await show?.scrollIntoViewIfNeeded();
      await picture(page, `${name}-${viewport.width}-${colorScheme}`, { fullPage: !show && size === "wide" });
    }
  await page.setViewportSize(sizes.wide);
  await page.emulateMedia({ colorScheme: "light" });
}

const FAULT = "The disk is on fire";

// Has the view read again, and fail once, at the pattern.
export async function failNow(page, pattern) {
  const refuse = (route) => route.fulfill({ status: 500, json: { detail: FAULT } });
  await answer(page, pattern, refuse, { times: 1 });
  await page.keyboard.press("r");
  await page.getByRole("alert").getByText(FAULT).waitFor();
}

// The same of a view that waits for what it asks for at the pattern, and of one that does not get it.
export async function soundWithoutData(page, url, pattern, name) {
  const release = await hold(page, pattern);
  await page.goto(url);
  await page.locator(".skeleton.visible").first().waitFor();
  await soundInEveryLook(page, `${name}-loading`);
  await failNow(page, pattern);
  await soundInEveryLook(page, `${name}-failed`);
  await release();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
}
