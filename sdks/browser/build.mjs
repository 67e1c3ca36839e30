// SPDX-License-Identifier: MIT
// Builds dist/, which is the npm package, and what the relay serves under /sdk/:
//
//   dist/*.js, .d.ts, .js.map            ES modules and their types, file by file, by tsc; whoever
//                                        bundles them minifies them
//   dist/monlight{,.full}.min.js         for a script tag, with .map
//   ../../build/sdk/monlight-VERSION{,.full}.min.js, .map
//   ../../build/sdk/monlight-VERSION.integrity.json    {"file name": "sha384-..."}
//
// A name under /sdk/ holds the version, and what is behind it never changes.

import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Shortens our own `_names`, but not those by which others give us their debug ids. */
export const script = {
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  mangleProps: /^_/,
  reserveProps: /^_(sentry|monlight)DebugIds$/,
  legalComments: "none",
};

const scripts = { "monlight.min": "iife.ts", "monlight.full.min": "full-iife.ts" };

async function buildPackage() {
  await rm(here("dist"), { recursive: true, force: true });
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", here("tsconfig.json")], { stdio: "inherit" });
  for (const [name, source] of Object.entries(scripts))
    await build({
      ...script,
      entryPoints: [here(`src/${source}`)],
      outfile: here(`dist/${name}.js`),
      sourcemap: true,
    });
}

// Each file is put in its place whole: a relay may be serving from here.
async function put(path, content) {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

async function buildServed() {
  const { version } = JSON.parse(await readFile(here("package.json"), "utf8"));
  const integrity = {};
  await mkdir(here("../../build/sdk"), { recursive: true });
  for (const name of Object.keys(scripts)) {
    const served = name.replace("monlight", `monlight-${version}`);
    const map = await readFile(here(`dist/${name}.js.map`));
    const code = (await readFile(here(`dist/${name}.js`), "utf8")).replace(
      `${name}.js.map`,
      `${served}.js.map`,
    );
    integrity[`${served}.js`] = `sha384-${createHash("sha384").update(code).digest("base64")}`;
    await put(here(`../../build/sdk/${served}.js.map`), map);
    await put(here(`../../build/sdk/${served}.js`), code);
  }
  await put(
    here(`../../build/sdk/monlight-${version}.integrity.json`),
    `${JSON.stringify(integrity, null, 2)}\n`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPackage();
  await buildServed();
}
