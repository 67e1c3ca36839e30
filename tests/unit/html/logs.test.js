// @vitest-environment jsdom
// What the log viewer makes of terminal codes, of a search, and of JSON in a line.
import { describe, expect, it } from "vitest";
import { pieces, strip } from "../../../html/logs/ansi.js";
import { choose, asRead, levelsOf, marker, split, splitWish, wishFor } from "../../../html/logs/search.js";

const ESC = "\x1b";

describe("terminal codes", () => {
  for (const [name, line, wanted] of [
    ["plain text is one piece", "a b", [["a b", ""]]],
    [
      "a colour lasts until it is reset",
      `${ESC}[31mred${ESC}[0m on`,
      [
        ["red", "ansi-red"],
        [" on", ""],
      ],
    ],
    [
      "a short reset ends it, too",
      `${ESC}[1;32mok${ESC}[m.`,
      [
        ["ok", "ansi-green ansi-bold"],
        [".", ""],
      ],
    ],
    ["one of 256 colours is passed over with its parameters", `${ESC}[38;5;31mx`, [["x", ""]]],
    [
      "a title and a cursor movement are left out",
      `${ESC}]0;title\x07a${ESC}[2Kb`,
      [
        ["a", ""],
        ["b", ""],
      ],
    ],
    ["markup is text", "<b>", [["<b>", ""]]],
    ["an unfinished sequence is left out", `a${ESC}`, [["a", ""]]],
  ])
    it(name, () => expect(pieces(line).map(({ text, name: as }) => [text, as])).toEqual(wanted));

  it("are stripped for copying", () => expect(strip(`${ESC}[31mred${ESC}[0m\tx`)).toBe("red\tx"));
});

describe("fields in the address", () => {
  for (const [name, value] of [
    ["user", "u1"],
    ["a=b", "c=d"],
    ["back\\slash", "x\\"],
    ["=", ""],
  ])
    it(`${name} and ${value} come back`, () =>
      expect(splitWish(wishFor(name, value))).toEqual([name, value]));
});

describe("a value of a filter", () => {
  const after = (address, ...asked) => choose(new URLSearchParams(address), ...asked);
  for (const [name, address, asked, wanted] of [
    ["is asked for", "", ["level", "INFO", false], { level: ["INFO"], not_level: [] }],
    ["is asked for no more", "level=INFO", ["level", "INFO", false], { level: [], not_level: [] }],
    [
      "is left out instead",
      "level=INFO&level=DEBUG",
      ["level", "INFO", true],
      { level: ["DEBUG"], not_level: ["INFO"] },
    ],
    ["is left out no more", "not_level=INFO", ["level", "INFO", true], { level: [], not_level: [] }],
  ])
    it(name, () => expect(after(address, ...asked)).toEqual(wanted));
});

describe("the levels that are found", () => {
  for (const [address, wanted] of [
    ["", ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE", "UNKNOWN"]],
    ["level=error&level=Info", ["ERROR", "INFO"]],
    ["not_level=info&not_level=UNKNOWN", ["CRITICAL", "ERROR", "WARNING", "DEBUG", "TRACE"]],
    ["level=ERROR&level=INFO&not_level=info", ["ERROR"]],
    ["level=>=warn", ["CRITICAL", "ERROR", "WARNING"]],
    ["level=%3E%3DError&level=debug", ["CRITICAL", "ERROR", "DEBUG"]],
    ["level=fatal&level=ERR&level=crit", ["CRITICAL", "ERROR"]],
    ["not_level=>=warning", ["INFO", "DEBUG", "TRACE", "UNKNOWN"]],
    ["level=&not_level=", ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE", "UNKNOWN"]],
    ["level=loud&level=>=loud", []],
  ])
    it(`by "${address}" are ${wanted.join(", ")}`, () =>
      expect(levelsOf(asRead(new URLSearchParams(address)))).toEqual(wanted));
});

describe("matches", () => {
  const marked = (address, text) =>
    split(text, marker(new URLSearchParams(address)))
      .filter(({ hit }) => hit)
      .map(({ text: part }) => part);
  for (const [name, address, text, wanted] of [
    ["of words, whatever their case", "search=disk OR full", "Disk is full", ["Disk", "full"]],
    ["of case on demand", "search=disk&case=1", "Disk disk", ["disk"]],
    ["of a phrase, not of what is behind NOT", 'search="a b" NOT c', "a b c", ["a b"]],
    ["of an expression", "regex=\\d%2B", "12 a 3", ["12", "3"]],
    ["not of an expression this browser does not know", "regex=(?<", "x", []],
  ])
    it(name, () => expect(marked(address, text)).toEqual(wanted));
});
