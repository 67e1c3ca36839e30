// What a browser has to fetch, compressed: the frame of all pages, and what a view adds to it.
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

const root = resolve("html");
const SHELL = 15 * 1024;
const VIEW = 25 * 1024;
const CHARTS = 24 * 1024;

// The modules a module needs at once.  What is imported by a call comes later, and counts for itself.
function needed(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, source] of readFileSync(file, "utf8").matchAll(
    /^(?:import|export)\b[^;]*?from "(\.[^"]+)";/gm,
  )) {
    const shared = /^\.\/(common|vendor)\//.test(source) && !file.startsWith(join(root, "common"));
    needed(shared ? join(root, source) : resolve(dirname(file), source), found);
  }
  return found;
}

const size = (files) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
const shell = needed(join(root, "common/layout.js"));
shell.add(join(root, "common/boot.js"));

describe("sizes", () => {
  it("of the frame of all pages", () => expect(size(shell)).toBeLessThanOrEqual(SHELL));
  it("of the charts", () =>
    expect(size([join(root, "vendor/uplot.js"), join(root, "vendor/uplot.css")])).toBeLessThanOrEqual(
      CHARTS,
    ));
  for (const [name, tool, pages, modules] of [
    ["list of errors", "errors", ["index.html", "errors.css"], ["main.js", "list.js"]],
    ["error", "errors", ["detail.html", "errors.css"], ["main.js", "detail.js"]],
    ["alerts", "errors", ["index.html", "errors.css"], ["main.js", "alerts.js"]],
    ["lines", "logs", ["index.html", "logs.css"], ["main.js", "lines.js"]],
    ["line by itself", "logs", ["index.html", "logs.css"], ["main.js", "around.js"]],
    ["metrics at a glance", "metrics", ["index.html", "metrics.css"], ["main.js", "overview.js"]],
    ["Web Vitals", "metrics", ["index.html", "metrics.css"], ["main.js", "vitals.js"]],
    ["rules", "metrics", ["index.html", "metrics.css"], ["main.js", "rules.js"]],
    ["relay's keys", "relay", ["index.html", "relay.css"], ["main.js"]],
    ["source maps", "relay", ["index.html", "relay.css"], ["main.js", "maps.js"]],
    ["outbox", "relay", ["index.html", "relay.css"], ["main.js", "outbox.js"]],
    ["metric over time", "metrics", ["index.html", "metrics.css"], ["main.js", "explorer.js"]],
  ])
    it(`of the ${name}, its page and the style sheet included`, () => {
      const files = new Set([...pages.map((page) => join(root, tool, page)), join(root, "common/style.css")]);
      for (const module of modules)
        for (const file of needed(join(root, tool, module))) if (!shell.has(file)) files.add(file);
      expect(size(files)).toBeLessThanOrEqual(VIEW);
    });
});
