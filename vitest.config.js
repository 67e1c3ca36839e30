import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// A tool's folder is the root of its port, beside which lighttpd serves common/ and vendor/:
// what a page imports as ./common/ lies one folder higher on disk.
const asServed = {
  name: "as-served",
  resolveId(source, importer) {
    if (/\/html\/\w+\/[^/]+$/.test(importer ?? "") && /^\.\/(common|vendor)\//.test(source))
      return fileURLToPath(new URL(`html/${source.slice(2)}`, import.meta.url));
    return null;
  },
};

export default defineConfig({
  plugins: [asServed],
  test: { include: ["tests/unit/html/*.test.js", "sdks/browser/test/*.test.{js,ts}"] },
});
