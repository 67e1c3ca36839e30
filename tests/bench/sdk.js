// What the browser SDK costs the page it watches: time of each kind of event in a real Chromium.  The page's
// fetch answers at once without asking anybody, so that the time is the SDK's alone.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch } from "../browser/browser.js";
import { site } from "../browser/site.js";

const code = await readFile(
  fileURLToPath(new URL("../../sdks/browser/dist/monlight.full.min.js", import.meta.url)),
  "utf8",
);

const page = `<!doctype html><title>bench</title><script>
  window.requests = 0;
  window.fetch = () => (window.requests++, Promise.resolve(new Response(null, { status: 202 })));
</script><p>bench</p>`;

// In the page: microseconds of one event, the median of several rounds.
async function measure(code) {
  const ROUNDS = 9;
  const N = 2000;
  const results = {};
  const bare = globalThis.fetch;
  let begun = performance.now();
  document.head.append(Object.assign(document.createElement("script"), { textContent: code }));
  results["the script, run once"] = (performance.now() - begun) * 1000;
  const { init } = globalThis.MonlightSDK;
  begun = performance.now();
  const client = init({ dsn: "d", endpoint: "https://relay.example" });
  results["init"] = (performance.now() - begun) * 1000;

  const time = async (name, event) => {
    const times = [];
    for (let round = 0; round < ROUNDS; round++) {
      begun = performance.now();
      for (let i = 0; i < N; i++) event(i);
      times.push(performance.now() - begun);
      await new Promise((done) => setTimeout(done, 20));
    }
    results[name] = (times.sort((a, b) => a - b)[ROUNDS >> 1] / N) * 1000;
  };
  begun = performance.now();
  for (let i = 0; i < 20; i++) client.captureError(new Error(`new ${i}`));
  results["an error, sent"] = ((performance.now() - begun) / 20) * 1000;
  const same = new Error("same");
  client.captureError(same);
  await time("an error, counted", () => client.captureError(same));
  const others = Array.from({ length: 2000 }, (_, i) => new Error(`other ${i}`));
  await time("an error, one too many", (i) => client.captureError(others[i]));
  await time("a counter", () => client.counter("orders_total", 1, { kind: "web" }));
  await time("a request without the SDK", () => void bare("/x"));
  await time("a request", () => void globalThis.fetch("/x"));
  results["requests to the relay and of the page"] = globalThis.requests;
  return results;
}

const browser = await launch();
const shop = await site({ "/": page });
const tab = await browser.newPage();
await tab.goto(shop.origin);
const results = await tab.evaluate(measure, code);
await browser.close();
await shop.close();
const { "requests to the relay and of the page": requests, ...times } = results;
process.stdout.write("browser SDK (full), Chromium\n");
for (const [name, time] of Object.entries(times))
  process.stdout.write(`  ${name.padEnd(28)} ${time.toFixed(time < 10 ? 2 : 0).padStart(8)} µs\n`);
process.stdout.write(`  ${"requests made".padEnd(28)} ${String(requests).padStart(8)}\n`);
