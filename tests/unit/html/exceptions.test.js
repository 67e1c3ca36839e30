import { describe, expect, it } from "vitest";
import { contextOf, exceptionsOf } from "../../../html/errors/exceptions.js";

const error = { exception_type: "T", message: "m" };
const frames = [{ function: "f", file: "a.js", line: 1 }];

describe("exceptionsOf", () => {
  it("puts the one that was reported first, and says what the others are to it", () => {
    const causes = [
      { exception_type: "C", message: "n", relation: "context", frames },
      { type: "D", relation: "grouped", frames },
      { message: "only", relation: "unheard of", frames },
    ];
    const found = exceptionsOf({ message: "this one", frames, causes }, error);
    expect(found.map(({ title }) => title)).toEqual(["T: this one", "C: n", "D", "only"]);
    expect(found.map(({ note }) => note)).toEqual(["", "raised while handling", "in the group", "caused by"]);
  });

  it("keeps causes without frames when another exception has some", () => {
    const found = exceptionsOf({ frames, causes: [{ exception_type: "C" }] }, error);
    expect(found.map((one) => one.frames.length)).toEqual([1, 0]);
  });

  it("knows nothing without frames, whatever their shape", () => {
    for (const occurrence of [
      undefined,
      {},
      { frames: [] },
      { frames: "f", causes: 7 },
      { frames: [null, 1] },
    ])
      expect(exceptionsOf(occurrence, error)).toBeNull();
  });
});

describe("contextOf", () => {
  it("numbers the lines from where they start", () =>
    expect(contextOf({ line: 8, context: { start: 7, lines: ["a", "b"] } })).toEqual([
      [7, "a"],
      [8, "b"],
    ]));
  it("has the line in the middle of a list", () =>
    expect(contextOf({ line: 2, context: ["a", "b", { c: 1 }] })).toEqual([
      [1, "a"],
      [2, "b"],
      [3, '{"c":1}'],
    ]));
  it("is empty without one", () => expect(contextOf({ line: 2 })).toEqual([]));
});
