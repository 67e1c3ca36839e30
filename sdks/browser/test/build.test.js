// SPDX-License-Identifier: MIT
// What is shipped: its size, what it defines, what it may be imported from.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { JSDOM } from "jsdom";
import { beforeAll, describe, expect, it } from "vitest";
import { script } from "../build.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const json = async (path) => JSON.parse(await readFile(here(path), "utf8"));
const gzipped = (code) => gzipSync(code, { level: 9 }).length;

const budgets = { "iife.ts": 5120, "full-iife.ts": 7 * 1024 };
const scripts = {};

beforeAll(async () => {
  for (const name of Object.keys(budgets)) {
    const { outputFiles, metafile } = await build({
      ...script,
      entryPoints: [here(`../src/${name}`)],
      write: false,
      metafile: true,
    });
    scripts[name] = { code: outputFiles[0].text, inputs: Object.values(metafile.outputs)[0].inputs };
  }
});

describe("the size", () => {
  for (const [name, budget] of Object.entries(budgets))
    it(`of ${name} is within ${budget} bytes of gzip`, () => {
      const { code, inputs } = scripts[name];
      const size = gzipped(code);
      const modules = Object.entries(inputs)
        .map(([path, { bytesInOutput }]) => [path.split("/").pop(), bytesInOutput])
        .sort((a, b) => b[1] - a[1])
        .map(([module, bytes]) => `  ${String(bytes).padStart(6)} ${module}`);
      process.stdout.write(
        `${name}: ${size} of ${budget} bytes gzip, ${code.length} minified, of which\n${modules.join("\n")}\n`,
      );
      expect(size).toBeLessThanOrEqual(budget);
    });
});

describe("the script tag's file", () => {
  // A window of its own, in which the file runs as a page's script.
  const open = (name, before = "") => {
    const { window } = new JSDOM("", { url: "https://shop.example/", runScripts: "outside-only" });
    window.sent = [];
    window.fetch = async (url, init) => {
      window.sent.push({ ...JSON.parse(init.body), to: url });
      return { status: 202 };
    };
    window.eval(before);
    window.eval(scripts[name].code);
    return window;
  };
  const config = 'window.MonlightConfig = { dsn: "d", endpoint: "https://relay.example/" };';

  for (const name of Object.keys(budgets)) {
    it(`${name} defines MonlightSDK and nothing else`, () => {
      const before = Object.keys(new JSDOM("", { runScripts: "outside-only" }).window);
      const after = Object.keys(open(name)).filter((key) => !before.includes(key));
      expect(after.sort()).toEqual(["MonlightSDK", "fetch", "sent"]);
    });
    it(`${name} starts from MonlightConfig, and reports`, () => {
      const window = open(name, config);
      window.Monlight.setUser("u");
      window.Monlight.captureMessage("hello", "warning");
      expect(window.sent).toMatchObject([
        {
          to: "https://relay.example/api/browser/errors",
          type: "ConsoleWarning",
          message: "hello",
          context: { user_id: "u" },
        },
      ]);
      window.close();
    });
    it(`${name} makes further clients with MonlightSDK.init`, () => {
      const window = open(name);
      window.eval(
        'MonlightSDK.init({ dsn: "d", endpoint: "https://r.example" }).captureError(new Error("x"))',
      );
      expect(window.sent).toMatchObject([{ type: "Error", message: "x" }]);
      window.close();
    });
    it(`${name} knows the names under which others leave debug ids`, () => {
      const ids = '_sentryDebugIds = { "at https://shop.example/a.js:1:1": "one" };';
      const window = open(name, config + ids);
      window.eval(
        `_monlightDebugIds = { "at https://shop.example/b.js:1:1": "two" };
         Monlight.captureError({ message: "x", stack: "at https://shop.example/a.js:2:2\\n at https://shop.example/b.js:1:2" })`,
      );
      expect(window.sent[0].debug_ids).toEqual({
        "https://shop.example/a.js": "one",
        "https://shop.example/b.js": "two",
      });
      window.close();
    });
  }

  it("names nothing that begins with _ but those", () => {
    const names = scripts["iife.ts"].code.match(/\._\w+/g);
    expect([...new Set(names)].sort()).toEqual(["._monlightDebugIds", "._sentryDebugIds"]);
  });
});

describe("what make has built", () => {
  it("has the version of the package, and hashes that are right", async () => {
    const { version } = await json("../package.json");
    const integrity = await json(`../../../build/sdk/monlight-${version}.integrity.json`);
    expect(Object.keys(integrity)).toEqual([`monlight-${version}.min.js`, `monlight-${version}.full.min.js`]);
    for (const [name, hash] of Object.entries(integrity)) {
      const code = await readFile(here(`../../../build/sdk/${name}`));
      expect(hash).toBe(`sha384-${createHash("sha384").update(code).digest("base64")}`);
      expect(code.toString()).toMatch(new RegExp(`//# sourceMappingURL=${name}.map\n$`));
      expect((await json(`../../../build/sdk/${name}.map`)).sourcesContent.length).toBeGreaterThan(5);
    }
  });
});

describe("the package", () => {
  let manifest;
  beforeAll(async () => {
    manifest = await json("../package.json");
  });

  it("has the version of the whole", async () => {
    const makefile = await readFile(here("../../../Makefile"), "utf8");
    expect(makefile).toContain(`VERSION  := ${manifest.version}\n`);
  });
  it("depends on nothing", () => expect(manifest.dependencies).toBeUndefined());
  it("has types first, and every file that it names", async () => {
    const entries = Object.values(manifest.exports).filter((entry) => typeof entry === "object");
    expect(entries).toHaveLength(7);
    for (const entry of entries) {
      expect(Object.keys(entry)).toEqual(["types", "default"]);
      for (const path of Object.values(entry)) await readFile(here(`../${path}`));
    }
  });
  it("packs README, LICENSE, and what was built, no sources or tests", () => {
    const [{ files }] = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
        cwd: here(".."),
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "README.md",
        "package.json",
        "dist/index.js",
        "dist/monlight.min.js",
      ]),
    );
    expect(paths.filter((path) => !/^(dist|bin)\/|^(LICENSE|README\.md|package\.json)$/.test(path))).toEqual(
      [],
    );
  });

  // As a page rendered on a server does; by the package's own name, as its users do.
  const node = (code) =>
    execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: here(".."),
      encoding: "utf8",
    }).trim();

  it("can be imported in Node, where a client does nothing", () => {
    const said = node(`
      import { init } from "@monlight/browser";
      const client = init({ dsn: "d", endpoint: "https://relay.example" });
      client.captureError(new Error("x"));
      client.counter("n");
      await client.flush();
      client.destroy();
      console.log(typeof window, typeof document, Object.keys(client).length);
    `);
    expect(said).toBe("undefined undefined 9");
  });
  for (const [entry, names] of [
    ["", "init,initWith"],
    ["/full", "breadcrumbs,init,initWith,offline,resources"],
    ["/breadcrumbs", "breadcrumbs"],
    ["/offline", "offline"],
    ["/resources", "resources"],
  ])
    it(`@monlight/browser${entry} exports ${names}`, () => {
      expect(node(`console.log(Object.keys(await import("@monlight/browser${entry}")).sort().join())`)).toBe(
        names,
      );
    });
  it("importing it changes nothing, so that a bundler may leave it out", () => {
    const said = node(`
      const before = Object.keys(globalThis).length;
      await import("@monlight/browser/full");
      console.log(Object.keys(globalThis).length - before);
    `);
    expect(said).toBe("0");
  });
});
