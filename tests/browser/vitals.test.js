// The SDK's Web Vitals beside those of the web-vitals package, in the same pages of a real Chromium with
// real tabs; and whether the last values arrive when a page is left.  What is compared has gone all the way:
// from the page of one origin through the relay of another into the metrics collector.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { newKey } from "./site.js";
import { Stack, eventually, sleep } from "./stack.js";
import { Tabs } from "./tabs.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const CLOSES = Number(process.env.SDK_CLOSES ?? 200);
const NAMES = ["LCP", "INP", "CLS", "FCP", "TTFB"];

// In every page: what the tests make happen.
function behaviour() {
  const busy = (milliseconds) => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  };
  globalThis.grow = (pixels) => {
    document.querySelector("#above").style.height = `${pixels}px`;
  };
  document.querySelector("#slow").onclick = () => busy(150);
  document.querySelector("#field").onkeydown = () => busy(90);
  document.querySelector("#soft").onclick = () => {
    history.pushState({}, "", `${location.pathname}/elsewhere`);
    document.querySelector("#text").textContent = "Another page, without having been loaded. ".repeat(30);
  };
  globalThis.addEventListener("pageshow", ({ persisted }) => {
    globalThis.persisted = persisted;
  });
  // A tab closed before it showed anything has no vitals.
  globalThis.painted = new Promise((done) => {
    new PerformanceObserver(() => setTimeout(done, 50)).observe({ type: "paint", buffered: true });
  });
}

// In every page: each value of the package goes to the site, under the page view's name.
function library(project) {
  const tell = ({ name, value, id, navigationType }) =>
    navigator.sendBeacon("/library", JSON.stringify({ project, name, value, id, navigationType }));
  for (const on of Object.keys(globalThis.webVitals).filter((name) => /^on[A-Z]/.test(name)))
    globalThis.webVitals[on](tell);
}

const pageOf = ({ sdk, integrity, config, project }) => `<!doctype html><title>shop</title>
<style>button, input { width: 200px; height: 40px } #box { height: 300px; background: #ccc }</style>
<script>window.MonlightConfig = ${JSON.stringify(config)};</script>
<script src="${sdk}" integrity="${integrity}" crossorigin="anonymous"></script>
<script src="/web-vitals.js"></script><script>(${library})(${JSON.stringify(project)})</script>
<h1>A shop</h1><button id="slow">Slow</button><button id="soft">Soft</button><input id="field">
<div id="above"></div><div id="box"></div><p id="text">${"Some words to be painted. ".repeat(20)}</p>
<img src="/late.svg" width="600" height="400"><script>(${behaviour})()</script>`;

const stack = new Stack();
const said = []; // by the package
const tabs = new Tabs();
const keys = {};
let shop, origin, script, nowhere;

before(async () => {
  await stack.start();
  const { version } = JSON.parse(await readFile(here("../../sdks/browser/package.json"), "utf8"));
  const served = async (name) => (await fetch(stack.url("relay", `sdk/monlight-${version}.${name}`))).json();
  const integrity = await served("integrity.json");
  const [name] = Object.keys(integrity);
  script = { sdk: stack.url("relay", `sdk/${name}`), integrity: integrity[name] };
  const webVitals = await readFile(here("../../node_modules/web-vitals/dist/web-vitals.iife.js"));
  const files = {
    "/web-vitals.js": ["text/javascript", webVitals],
    "/late.svg": [
      "image/svg+xml",
      '<svg xmlns="http://www.w3.org/2000/svg"><rect width="99" height="99"/></svg>',
    ],
  };
  shop = createServer(async (request, answer) => {
    const [, project] = request.url.split("/");
    if (request.method === "POST") {
      let body = "";
      for await (const bytes of request) body += bytes;
      said.push(JSON.parse(body));
      answer.end();
    } else if (files[request.url]) {
      const [type, body] = files[request.url];
      if (request.url === "/late.svg") await sleep(120);
      answer.writeHead(200, { "Content-Type": type, "Cache-Control": "no-cache" }).end(body);
    } else {
      const config = { dsn: keys[project], endpoint: stack.url("relay").slice(0, -1) };
      await sleep(20);
      answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
      answer.end(
        keys[project] ? pageOf({ ...script, config, project }) : "<!doctype html><h1>elsewhere</h1>",
      );
    }
  });
  await new Promise((done) => shop.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${shop.address().port}`;
  await tabs.launch();
  nowhere = await tabs.open(`${origin}/`);
});
after(async () => {
  await tabs.close();
  shop?.close();
  shop?.closeAllConnections();
  await stack.stop();
});

// What the collector has of a project's vital: [number of views, sum of their values].
async function collected(project, name, kind) {
  const labels = kind ? `&labels=navigation_type:${kind}` : "";
  const query = `name=web_vitals_${name.toLowerCase()}&period=1h&project=${project}${labels}`;
  const answer = await fetch(stack.url("metrics", `api/metrics?${query}`), {
    headers: { "X-API-Key": stack.keys.metrics },
  });
  assert.equal(answer.status, 200);
  const { data } = await answer.json();
  return data.reduce(([count, sum], row) => [count + row.count, sum + row.sum], [0, 0]);
}

// The package's last value of each vital of a page view of this kind.
function ofLibrary(project, kind) {
  const values = {};
  for (const one of said)
    if (one.project === project && one.navigationType === kind) values[one.name] = one.value;
  return values;
}

// After the cache both libraries read the clock themselves, one after the other in the same
// frame: on a busy machine that is a frame or two.
const SAME_MOMENT = 50;

/*
 * Both have the same vitals with the same values, each once.  Of paints after the back/forward cache both
 * read the clock in the second frame, one after the other: there a few milliseconds lie between.
 */
async function agree(project, expected, kind = "navigate") {
  const compare = async () => {
    const theirs = ofLibrary(project, kind);
    const ours = {};
    for (const name of NAMES) {
      const [count, sum] = await collected(project, name, kind);
      if (count > 0) ours[name] = count === 1 ? sum : `${count} values`;
    }
    const near = (name) =>
      Math.abs(ours[name] - theirs[name]) <=
      (kind === "back-forward-cache" && ["FCP", "LCP"].includes(name) ? SAME_MOMENT : 0.000_01);
    const have = [theirs, ours].every(
      (one) => Object.keys(one).sort().join() === [...expected].sort().join(),
    );
    return { theirs, ours, right: have && expected.every(near) };
  };
  let last;
  await eventually(async () => (last = await compare()).right);
  const line = NAMES.map((name) => `${name} ${last.ours[name] ?? "-"} / ${last.theirs[name] ?? "-"}`).join(
    ", ",
  );
  assert.ok(last.right, `ours / theirs: ${line}; expected: ${expected}`);
  return line;
}

async function view(project, options) {
  keys[project] = await newKey(stack, project, { origins: [origin] });
  const tab = await tabs.open(`${origin}/${project}`, options);
  if (!options?.behind) await tab.evaluate("painted");
  return tab;
}

/*
 * Long enough that what follows is neither of the same frame nor taken for the input's doing.  And that the
 * package has looked at the last interaction: it does so when the browser is idle, after a second at the
 * latest, and of one that still waits when the page is hidden it says nothing.  Ours does.
 */
const settle = () => sleep(1300);
const ALL = ["LCP", "INP", "CLS", "FCP", "TTFB"];
const SEEN = ["LCP", "CLS", "FCP", "TTFB"];

describe("vitals as the web-vitals package has them", () => {
  it("a hard navigation", async (t) => {
    const tab = await view("hard");
    await settle();
    await tab.go(`${origin}/`);
    t.diagnostic(await agree("hard", SEEN));
  });

  it("a soft navigation belongs to the page that was loaded", async (t) => {
    const tab = await view("soft");
    await settle();
    await tab.click("#soft");
    await settle();
    await tab.evaluate("grow(120)");
    await settle();
    assert.match(await tab.evaluate("location.pathname"), /elsewhere/);
    await tab.go(`${origin}/`);
    t.diagnostic(await agree("soft", ALL));
  });

  it("a tab switched away from and back: the later values replace the earlier ones", async (t) => {
    const tab = await view("switch");
    await tab.evaluate("grow(40)");
    await settle();
    await nowhere.front();
    assert.ok(await tab.until(() => document.visibilityState === "hidden"));
    const before = await eventually(
      async () => (await collected("switch", "CLS"))[0] && collected("switch", "CLS"),
    );
    await tab.front();
    await tab.click("#slow");
    await settle();
    await tab.evaluate("grow(300)");
    await settle();
    await nowhere.front();
    t.diagnostic(await agree("switch", ALL));
    const [, sum] = await collected("switch", "CLS");
    assert.ok(sum > before[1], "the shift after the return counts");
    await tab.close();
  });

  it("back from the back/forward cache is a view of its own", async (t) => {
    const tab = await view("cache");
    await tab.click("#slow");
    await settle();
    await tab.go(`${origin}/`);
    t.diagnostic(await agree("cache", ALL));
    await tab.evaluate("history.back()");
    assert.ok(await tab.until(() => globalThis.persisted !== undefined));
    assert.equal(await tab.evaluate("globalThis.persisted"), true);
    await settle();
    await tab.evaluate("grow(200)");
    await settle();
    await tab.close();
    t.diagnostic(await agree("cache", SEEN, "back-forward-cache"));
  });

  it("a page that was prerendered, from when it was shown", async (t) => {
    keys.early = await newKey(stack, "early", { origins: [origin] });
    const tab = await tabs.open(`${origin}/`);
    await tab.evaluate((url) => {
      const prerender = [{ urls: [url], eagerness: "immediate" }];
      const textContent = JSON.stringify({ prerender });
      const rules = Object.assign(document.createElement("script"), {
        type: "speculationrules",
        textContent,
      });
      const link = Object.assign(document.createElement("a"), { href: url });
      document.body.append(link);
      setTimeout(() => document.body.append(rules), 500);
      setTimeout(() => link.click(), 2500);
    }, `${origin}/early`);
    // Nothing is prerendered for a page that is being looked into.
    await tab.detach();
    const shown = await eventually(() => tabs.find(`${origin}/early`));
    assert.ok(shown);
    await settle();
    assert.ok(
      (await shown.evaluate(() => performance.getEntriesByType("navigation")[0].activationStart)) > 0,
    );
    await shown.close();
    t.diagnostic(await agree("early", SEEN, "prerender"));
  });

  it("a closed tab", async (t) => {
    const tab = await view("close");
    await settle();
    await tab.close();
    t.diagnostic(await agree("close", SEEN));
  });

  it("slow interactions, by mouse and by keys", async (t) => {
    const tab = await view("slow");
    await tab.click("#field");
    for (const key of "abc") await tab.press(key);
    await tab.click("#slow");
    await tab.click("#slow");
    await settle();
    await tab.close();
    const line = await agree("slow", ALL);
    const [, inp] = await collected("slow", "INP");
    assert.ok(inp >= 150, line);
    t.diagnostic(line);
  });

  it("many interactions, of which one in fifty is left out", async (t) => {
    const tab = await view("many");
    await tab.click("#slow");
    await tab.click("#field");
    for (let i = 0; i < 60; i++) await tab.press("x");
    await settle();
    await tab.close();
    t.diagnostic(await agree("many", ALL));
  });

  it("layout shifts in several windows", async (t) => {
    const tab = await view("shifts");
    for (const pixels of [50, 100]) await tab.evaluate(`grow(${pixels})`).then(() => sleep(300));
    await sleep(1100);
    for (const pixels of [300, 20, 250, 0]) await tab.evaluate(`grow(${pixels})`).then(() => sleep(300));
    await sleep(1100);
    await tab.evaluate("grow(10)");
    await settle();
    await tab.close();
    t.diagnostic(await agree("shifts", SEEN));
  });

  it("a tab that was never in front has a first byte and nothing else", async (t) => {
    const tab = await view("behind", { behind: true });
    await settle();
    await tab.close();
    t.diagnostic(await agree("behind", ["TTFB"]));
  });
});

describe("a page that is left", () => {
  it(`its last values arrive, of ${CLOSES} closed tabs and as many navigations at least 99 %`, async (t) => {
    for (const [project, leave] of [
      ["closed", (tab) => tab.close()],
      [
        "left",
        (tab) =>
          tab
            .send("Page.navigate", { url: `${origin}/` })
            .then(() => tab.until("!window.Monlight"))
            .then(() => tab.close()),
      ],
    ]) {
      keys[project] = await newKey(stack, project, { origins: [origin] });
      for (let i = 0; i < CLOSES; i++) {
        const tab = await tabs.open(`${origin}/${project}`);
        await tab.evaluate("painted");
        await leave(tab);
      }
      const arrived = async (name) => (await collected(project, name))[0];
      await eventually(async () => (await arrived("CLS")) === CLOSES && (await arrived("LCP")) === CLOSES);
      for (const name of ["CLS", "LCP"]) {
        const count = await arrived(name);
        t.diagnostic(`${project}: ${count} of ${CLOSES} last values of ${name} arrived`);
        assert.ok(count >= CLOSES * 0.99 && count <= CLOSES, `${project}: ${count} of ${CLOSES} ${name}`);
      }
    }
  });
});
