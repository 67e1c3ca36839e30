// SPDX-License-Identifier: MIT
// A real Chromium while the stack is soaked: our pages lie open, and a page of another origin reports through
// the browser SDK.  The argument is the stack's ports and keys as JSON.  When its input ends it says what
// was reported and what of it was acknowledged.

import { readFile } from "node:fs/promises";
import { launch, signIn } from "../browser/browser.js";
import { newKey, site } from "../browser/site.js";
import { PASSWORD, eventually } from "../browser/stack.js";

const stack = JSON.parse(process.argv[2]);
stack.url = (service, path = "") => `http://127.0.0.1:${stack.ports[service]}/${path}`;

const sdk = new URL("../../sdks/browser/dist/monlight.full.min.js", import.meta.url);
const shop = await site({ "/": "<title>shop</title>", "/sdk.js": await readFile(sdk, "utf8") });
const key = await newKey(stack, "soak-browser", { origins: [shop.origin] });
const browser = await launch();
const context = await browser.newContext();

const own = await context.newPage();
await signIn(own, stack.url("errors"), PASSWORD);
for (const name of ["logs", "metrics"]) await (await context.newPage()).goto(stack.url(name)).catch(() => {});

// In the page: reports an error and counts every half second, and notes what the relay acknowledged.
function report({ dsn, endpoint }) {
  const told = { errors: 0, counted: 0, acknowledged: { errors: 0, metrics: 0 } };
  const fetched = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    const answer = await fetched(url, init);
    if (answer.ok) {
      const body = JSON.parse(init.body);
      if (String(url).includes("/errors")) told.acknowledged.errors += body.count ?? 1;
      else
        for (const { name, value } of body.metrics)
          if (name === "soak_page_total") told.acknowledged.metrics += value;
    }
    return answer;
  };
  const client = globalThis.MonlightSDK.init({ dsn, endpoint, sampleRate: { network: 0 } });
  const timer = setInterval(() => {
    client.captureError(new Error("soaked"));
    told.errors++;
    client.counter("soak_page_total");
    told.counted++;
  }, 500);
  globalThis.finish = async () => {
    clearInterval(timer);
    await client.flush();
    return told;
  };
}

const page = await context.newPage();
await page.goto(shop.origin);
await page.addScriptTag({ url: "/sdk.js" });
await page.evaluate(report, { dsn: key, endpoint: stack.url("relay").slice(0, -1) });
process.stdout.write("ready\n");

process.stdin.resume();
await new Promise((done) => process.stdin.on("end", done));
let told = await page.evaluate(() => globalThis.finish());
// What the last outage held up is sent a little later.
await eventually(async () => {
  told = await page.evaluate(() => globalThis.finish());
  return told.acknowledged.metrics === told.counted;
}, 60_000);
process.stdout.write(`${JSON.stringify(told)}\n`);
await browser.close();
await shop.close();
