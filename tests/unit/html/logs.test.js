// What the log viewer makes of terminal codes, of a search, and of JSON in a line.
import { describe, expect, it } from "vitest";
import { pieces, strip } from "../../../html/logs/ansi.js";

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
