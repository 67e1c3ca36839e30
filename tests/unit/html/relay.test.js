// What the relay's pages compute: which source map answers, and which origins are meant.
import { describe, expect, it } from "vitest";
import { originsOf } from "../../../html/relay/origins.js";
import { pathOf, ranked } from "../../../html/relay/resolves.js";

describe("a file's path", () => {
  for (const [url, path] of [
    ["https://shop.example/assets/a.js?v=1#x", "/assets/a.js"],
    ["https://shop.example", "/"],
    ["https://shop.example?x=/a", "/"],
    ["/assets/a.js?v=1", "/assets/a.js"],
    ["/a.js", "/a.js"],
    ["app:///a.js", "/a.js"],
  ])
    it(`of ${url} is ${path}`, () => expect(pathOf(url)).toBe(path));
});

describe("the newest map", () => {
  const map = (id, project, release, url) => ({ id, project, release, file_url: url });
  it("is one for each path of a project, wherever the file is served from", () => {
    const maps = [
      map(1, "shop", "1", "https://a.example/x.js"),
      map(4, "shop", "2", "https://b.example/x.js"),
      map(2, "shop", "1", "/y.js"),
      map(3, "blog", "1", "/x.js"),
    ];
    expect(ranked(maps).map(({ id, newest }) => [id, newest])).toEqual([
      [4, true],
      [3, true],
      [2, true],
      [1, false],
    ]);
  });
});

describe("origins as they are typed", () => {
  for (const [text, origins] of [
    ["", []],
    [
      " https://a.example ,https://b.example\nhttps://c.example ",
      ["https://a.example", "https://b.example", "https://c.example"],
    ],
    ["*", ["*"]],
  ])
    it(JSON.stringify(text), () => expect(originsOf(text)).toEqual(origins));
});
