// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { describeRange, describeSpan, parseSpan, rangeOf, shiftRange } from "../../../html/common/time.js";

const now = Date.parse("2026-03-01T12:00:00Z");
const params = (query) => new URLSearchParams(query);

describe("parseSpan", () => {
  for (const [text, expected] of [
    ["90m", 5_400_000],
    [" 24H ", 86_400_000],
    ["2w", 1_209_600_000],
    ["30s", 30_000],
    ["", NaN],
    ["1.5h", NaN],
    ["h", NaN],
    ["999999d", NaN],
    ["0h", NaN],
    [null, NaN],
  ])
    it(`of ${JSON.stringify(text)} is ${expected}`, () => expect(parseSpan(text)).toBe(expected));
});

describe("rangeOf", () => {
  for (const [query, expected] of [
    ["", {}],
    ["time=1h", { since: "2026-03-01T11:00:00Z" }],
    ["since=2026-01-01T00:00:00Z", { since: "2026-01-01T00:00:00Z" }],
    ["since=rubbish&until=2026-01-01T00:00:00Z", { until: "2026-01-01T00:00:00Z" }],
    ["time=1h&since=2026-01-01T00:00:00Z", { since: "2026-03-01T11:00:00Z" }],
    ["since=1700000000&until=1700000001.5", { since: "2023-11-14T22:13:20Z", until: "2023-11-14T22:13:21Z" }],
    ["since=foo 1&until=May 2026", {}],
    ["until=1970-01-01T00:00:00Z", { until: "1970-01-01T00:00:00Z" }],
    ["since=0001-01-01T00:00:00Z&until=2300-01-01T00:00:00Z", {}],
  ])
    it(`of "${query}"`, () => expect(rangeOf(params(query), now)).toEqual(expected));
});

describe("shiftRange", () => {
  it("moves a span up to now back by its length, as two moments", () =>
    expect(shiftRange(params("time=1h"), -1, now)).toEqual({
      time: null,
      since: "2026-03-01T10:00:00Z",
      until: "2026-03-01T11:00:00Z",
    }));
  it("moves forward no further than now", () =>
    expect(shiftRange(params("since=2026-03-01T09:00:00Z&until=2026-03-01T11:00:00Z"), 1, now)).toEqual({
      time: null,
      since: "2026-03-01T10:00:00Z",
      until: "2026-03-01T12:00:00Z",
    }));
  it("has nowhere to go from now, nor without a beginning", () => {
    expect(shiftRange(params("time=1h"), 1, now)).toBe(null);
    expect(shiftRange(params(""), -1, now)).toBe(null);
  });
});

describe("the words of a range", () => {
  for (const [query, expected] of [
    ["", "All time"],
    ["time=1h", "Last hour"],
    ["time=90m", "Last 90 minutes"],
  ])
    it(`are "${expected}" for "${query}"`, () =>
      expect(describeRange(params(query), "All time")).toBe(expected));
  it("are singular for one", () => expect(describeSpan("1d")).toBe("Last day"));
});
