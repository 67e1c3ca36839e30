// From a minified bundle of esbuild, webpack and vite back to the code: built and uploaded as a
// user does it, loaded from another origin, thrown in a real browser, shown by the tracker.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import webpack from "webpack";
import { launch } from "./browser.js";
import { errorsOf, newKey, site } from "./site.js";
import { Stack, eventually } from "./stack.js";

const SOURCES = fileURLToPath(new URL("../data/bundle/", import.meta.url));
const CLIENT = fileURLToPath(new URL("../../sdks/browser/bin/monlight-sourcemaps", import.meta.url));

const bundlers = {
  esbuild: (root, outdir) =>
    esbuild({
      absWorkingDir: root,
      entryPoints: { app: "src/main.js" },
      outdir,
      bundle: true,
      minify: true,
      sourcemap: true,
      logLevel: "silent",
    }),
  webpack: async (root, path) => {
    const stats = await promisify(webpack)({
      mode: "production",
      context: root,
      entry: "./src/main.js",
      devtool: "source-map",
      output: { path, filename: "app.js" },
    });
    assert.ok(!stats.hasErrors(), stats.toString());
  },
  vite: (root, outDir) =>
    vite({
      root,
      configFile: false,
      logLevel: "silent",
      build: {
        outDir,
        emptyOutDir: true,
        sourcemap: true,
        modulePreload: false,
        rollupOptions: { input: join(root, "src/main.js"), output: { entryFileNames: "app.js" } },
      },
    }),
};

// The frames as they have to come back: each place is marked by a remark in the source.
const expected = [
  ["digitsOf", "src/money.js", "thrown here"],
  ["roundTo", "src/money.js", "asked here"],
  ["total", "src/cart.js", "rounded here"],
  ["checkout", "src/main.js", "shown here"],
  ["start", "src/main.js", "started here"],
];

async function assertOriginal(frames) {
  const own = frames.filter(({ in_app: inApp }) => inApp);
  assert.equal(own.length, expected.length, JSON.stringify(frames, null, 1));
  for (const [i, [name, file, remark]] of expected.entries()) {
    const lines = (await readFile(join(SOURCES, file), "utf8")).split("\n");
    const line = lines.findIndex((text) => text.includes(remark)) + 1;
    assert.deepEqual([own[i].function, own[i].file, own[i].line], [name, file, line]);
    const { start, lines: around } = own[i].context;
    assert.equal(around[line - start], lines[line - 1]);
    assert.equal(start, Math.max(1, line - 5));
    assert.deepEqual(around, lines.slice(start - 1, line + 5));
  }
}

// What Firefox and Safari would print for a stack of V8.
const texts = {
  firefox: (stack) =>
    [...stack.matchAll(/^ +at (?:(\S+) \()?(http\S+:\d+:\d+)\)?$/gm)]
      .map(([, name, place], i) => `${i ? (name ?? "").replace(/^.*\./, "") : "r/<"}@${place}`)
      .join("\n"),
  safari: (stack) =>
    [...stack.matchAll(/^ +at (?:(\S+) \()?(http\S+:\d+:\d+)\)?$/gm)]
      .map(([, name, place]) => (name ? `${name}@${place}` : place))
      .join("\n"),
};

describe("a bundle that throws", () => {
  const stack = new Stack();
  let browser, root;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "monlight-bundles-"));
    await cp(SOURCES, root, { recursive: true });
    [browser] = await Promise.all([launch(), stack.start({ CORS_ORIGINS: "http://127.0.0.1:*" })]);
  });
  after(async () => {
    await stack.stop();
    await browser?.close();
    await rm(root, { recursive: true, force: true });
  });

  const uploadMaps = (project, folder, ...options) =>
    promisify(execFile)(
      CLIENT,
      ["--url", stack.url("relay"), "--project", project, "--release", "1.0", ...options, folder],
      { env: { PATH: process.env.PATH, MONLIGHT_ADMIN_API_KEY: stack.keys.relay } },
    );

  // Builds, uploads, throws; returns the error as the tracker shows it, and the stack as it was sent.
  async function thrown(name, ...options) {
    const project = [name, ...options].join("");
    const folder = join(root, project);
    const key = await newKey(stack, project);
    await bundlers[name](root, folder);
    await uploadMaps(project, folder, "--prefix", "/assets", ...options);
    const files = {};
    for (const file of await readdir(folder))
      if (file.endsWith(".js")) files[`/assets/${file}`] = await readFile(join(folder, file));
    const cdn = await site(files);
    const relay = stack.url("relay").replace(/\/$/, "");
    const page = await site({
      "/": `<script>shop = ${JSON.stringify({ key, relay })};</script>
            <script type="module" crossorigin src="${cdn.origin}/assets/app.js"></script>`,
    });
    const context = await browser.newContext();
    const opened = await context.newPage();
    let sent;
    opened.on("request", (request) => {
      if (request.url().includes("/api/browser/") && request.method() === "POST")
        sent = request.postDataJSON();
    });
    await opened.goto(page.origin);
    const error = await eventually(async () => (await errorsOf(stack, project))[0]);
    await context.close();
    await Promise.all([cdn.close(), page.close()]);
    assert.ok(error, "nothing arrived");
    return { error, sent, key };
  }

  for (const name of Object.keys(bundlers))
    it(`of ${name} shows its source, whatever engine printed the stack`, async () => {
      const { error, sent, key } = await thrown(name);
      assert.match(sent.stack, /assets\/app\.js:\d+:\d+/);
      assert.equal(error.exception_type, "RangeError");
      assert.match(error.traceback, /at digitsOf \(src\/money\.js:11:\d+\)/);
      await assertOriginal(error.occurrences[0].frames);
      for (const [engine, write] of Object.entries(texts)) {
        const body = { ...sent, type: engine, stack: write(sent.stack) };
        assert.doesNotMatch(body.stack, /^\s*at /m);
        const answer = await fetch(stack.url("relay", `api/browser/errors?key=${key}`), {
          method: "POST",
          body: JSON.stringify(body),
        });
        assert.equal(answer.status, 201);
        const all = await errorsOf(stack, name);
        const one = all.find(({ exception_type: type }) => type === engine);
        assert.match(one.traceback, /^digitsOf@src\/money\.js:11:\d+$/m);
        await assertOriginal(one.occurrences[0].frames);
      }
    });

  it("with a debug id written into it still throws from the same source", async () => {
    const { error, sent } = await thrown("esbuild", "--inject");
    assert.match(sent.stack, /app\.js:2:\d+/);
    await assertOriginal(error.occurrences[0].frames);
  });
});
