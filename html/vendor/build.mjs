// Bundles the third-party code of the pages, once: `make vendor`.  What it writes is committed,
// so that neither the build nor a package needs Node.  Versions come from package-lock.json.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "../../node_modules");

const bundles = [
  {
    file: "preact.js",
    packages: ["preact", "htm"],
    source: `
      import { h } from "preact";
      import htm from "htm";
      export { render } from "preact";
      export { useCallback, useEffect, useErrorBoundary, useLayoutEffect, useMemo, useRef, useState }
        from "preact/hooks";
      export const html = htm.bind(h);
    `,
  },
  { file: "uplot.js", packages: ["uplot"], source: `export { default } from "uplot";` },
  { file: "uplot.css", packages: ["uplot"], source: `@import "uplot/dist/uPlot.min.css";`, loader: "css" },
];

function describe(name) {
  const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
  return `${name} ${version} (${license})`;
}

for (const { file, packages, source, loader = "js" } of bundles) {
  const banner = `/*! ${packages.map(describe).join(", ")}; see LICENSES.txt */`;
  await build({
    stdin: { contents: source, resolveDir: here, loader },
    outfile: join(here, file),
    bundle: true,
    minify: true,
    format: loader === "js" ? "esm" : undefined,
    target: loader === "js" ? "es2022" : undefined,
    legalComments: "none",
    banner: { [loader]: banner },
  });
}

const names = [...new Set(bundles.flatMap((bundle) => bundle.packages))];
const licences = names.map(
  (name) => `${describe(name)}\n\n${readFileSync(join(modules, name, "LICENSE"), "utf8").trim()}\n`,
);
writeFileSync(join(here, "LICENSES.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));
