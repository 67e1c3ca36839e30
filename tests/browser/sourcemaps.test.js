// Our lookup beside an established one: 20 000 places in the maps that npm packages publish.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { TraceMap, originalPositionFor } from "@jridgewell/trace-mapping";
import { newKey } from "./site.js";
import { Stack } from "./stack.js";

const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));
const PLACES = 20_000;
const FRAMES = 100; // of a stack

// Minified and not, one line and many, by rollup, esbuild, terser, tsc and webpack.
const maps = [
  "@asamuzakjp/css-color/dist/browser/css-color.min.js.map",
  "ajv/dist/ajv.min.js.map",
  "esquery/dist/esquery.min.js.map",
  "js-yaml/dist/js-yaml.min.js.map",
  "magic-string/dist/magic-string.umd.js.map",
  "tldts/dist/index.esm.min.js.map",
  "uri-js/dist/es5/uri.all.min.js.map",
  "web-vitals/dist/web-vitals.attribution.iife.js.map",
];

// A sequence of its own, so that a failure can be repeated.
function* random(seed) {
  for (;;) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    yield seed / 2147483648;
  }
}

// What the relay leaves out of a source's name.
const plain = (source) =>
  source
    .replace(/^webpack:\/\/[^/]*\//, "")
    .replace(/\?.*$/, "")
    .replace(/^(\.\.?\/)+/, "");

describe("places in published maps", () => {
  const stack = new Stack();
  before(() => stack.start({ MAX_BODY_SIZE: "1M" }));
  after(() => stack.stop());

  // Without contents: then a function is called by the name at the frame that calls it.
  async function upload(project, text) {
    const map = JSON.parse(text);
    delete map.sourcesContent;
    const query = new URLSearchParams({ project, release: "1", file_url: "/a.js" });
    const answer = await fetch(stack.url("relay", `api/source-maps?${query}`), {
      method: "POST",
      headers: { "X-API-Key": stack.keys.relay, "Content-Type": "application/json" },
      body: JSON.stringify(map),
    });
    assert.equal(answer.status, 201, await answer.text());
    return map;
  }

  async function frames(key, project, places) {
    const lines = places.map(([line, column]) => `    at f (http://x/a.js:${line}:${column})`);
    const body = { type: `T${Math.random()}`, message: "", stack: lines.join("\n"), release: "1" };
    const answer = await fetch(stack.url("relay", `api/browser/errors?key=${key}`), {
      method: "POST",
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 201);
    const { id } = await answer.json();
    const error = await fetch(stack.url("errors", `api/errors/${id}`), {
      headers: { "X-API-Key": stack.keys.errors },
    });
    return (await error.json()).occurrences[0].frames;
  }

  for (const [i, path] of maps.entries())
    it(path, async () => {
      const project = `map-${i}`;
      const map = await upload(project, await readFile(MODULES + path, "utf8"));
      const key = await newKey(stack, project);
      const tracer = new TraceMap(map);
      const dice = random(i + 1);
      const next = (n) => Math.floor(dice.next().value * n);
      const lines = map.mappings.split(";");
      const coded = [...lines.keys()].filter((line) => lines[line]);
      let mapped = 0;
      for (let left = PLACES / maps.length; left > 0; left -= FRAMES) {
        const places = Array.from({ length: FRAMES }, () => {
          // Most places where there is code, some behind the end of a line or of it all.
          const line = next(20) ? coded[next(coded.length)] : next(lines.length + 2);
          return [line + 1, next((lines[line]?.length ?? 10) + 5) + 1];
        });
        const found = await frames(key, project, places);
        assert.equal(found.length, FRAMES);
        const truth = places.map(([line, column]) =>
          originalPositionFor(tracer, { line, column: column - 1 }),
        );
        for (const [at, frame] of found.entries()) {
          const { source, line, column } = truth[at];
          const where = `${path} ${places[at].join(":")}`;
          if (source === null) {
            assert.equal(frame.reason, "the source map has nothing for this place", where);
            continue;
          }
          mapped++;
          assert.deepEqual([frame.file, frame.line, frame.column], [plain(source), line, column + 1], where);
          const caller = truth[at + 1];
          if (caller?.source && caller.name && frame.function !== "f")
            assert.equal(frame.function, caller.name, where);
        }
      }
      assert.ok(mapped > PLACES / maps.length / 2, `only ${mapped} places were mapped`);
    });
});
