// A shop whose pages have the browser SDK, by script tag and of another origin than the relay; and what of it arrives.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.js";
import { errorsOf, newKey, site } from "./site.js";
import { Stack, eventually } from "./stack.js";

export const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const stack = new Stack();
export const pages = {};
export const shop = {}; // once it is open: its origin, the relay's, the tags of the SDK (the core's, the full one's)

let served;
before(async () => {
  shop.browser = await launch();
  await stack.start();
  shop.relay = stack.url("relay").slice(0, -1);
  const { version } = JSON.parse(await readFile(here("../../sdks/browser/package.json"), "utf8"));
  const integrity = await (await fetch(`${shop.relay}/sdk/monlight-${version}.integrity.json`)).json();
  shop.tags = Object.entries(integrity).map(
    ([name, hash]) =>
      `<script src="${shop.relay}/sdk/${name}" integrity="${hash}" crossorigin="anonymous"></script>`,
  );
  served = await site(pages);
  shop.origin = served.origin;
});
after(async () => {
  await shop.browser?.close();
  await served?.close();
  await stack.stop();
});

// A page of a project of its own; `put` is in its head before the SDK's tag, which is the core's or the full one's.
export async function visit(
  project,
  { full = false, put = "", body = "<h1>A shop</h1>", config = {}, headers, origins } = {},
) {
  const dsn = await newKey(stack, project, { origins: origins ?? [shop.origin] });
  const head = `<script>window.MonlightConfig = ${JSON.stringify({ dsn, endpoint: shop.relay, ...config })};</script>`;
  const html = `<!doctype html><title>${project}</title>${put}${head}${shop.tags[full ? 1 : 0]}${body}`;
  pages[`/${project}`] = { status: 200, headers, body: html };
  const context = await shop.browser.newContext();
  const page = await context.newPage();
  const sent = [];
  const thrown = [];
  page.on("request", (request) => request.url().startsWith(`${shop.relay}/api/`) && sent.push(request));
  page.on("pageerror", (error) => thrown.push(error.message));
  await page.goto(`${shop.origin}/${project}`);
  return { page, context, sent, thrown, dsn, project, close: () => context.close() };
}

// Waits for an error of the project with this message, and returns it in full.
export async function arrived(project, message) {
  const find = async () => (await errorsOf(stack, project)).find((error) => error.message === message);
  const error = await eventually(find);
  assert.ok(error, `${message}: only ${(await errorsOf(stack, project)).map((one) => one.message)}`);
  return error;
}

export async function metric(project, name) {
  const ask = async () => {
    const answer = await fetch(
      stack.url("metrics", `api/metrics?name=${name}&period=1h&project=${project}`),
      {
        headers: { "X-API-Key": stack.keys.metrics },
      },
    );
    return (await answer.json()).data;
  };
  await eventually(async () => (await ask()).length);
  return ask();
}

/*
 * What a test makes happen in a page is a script of that page, in which every function has lines of its own:
 * the tracker groups by the place, and all that is evaluated from outside has the same.
 */
export const scriptOf = (functions) => {
  const path = `/script-${Object.keys(pages).length}.js`;
  pages[path] = `globalThis.happen = [\n${functions.join(",\n")}\n];`;
  return `<script src="${path}"></script>`;
};
