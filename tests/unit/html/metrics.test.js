// What the metrics pages compute: what the address asks, the grid of a chart, the lines on it.
// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { labelIs, timeOf } from "../../../html/metrics/asked.js";
import { linesOf } from "../../../html/metrics/rows.js";
import { gridOf, rateOf, valuesOf } from "../../../html/metrics/series.js";
import { length, rate } from "../../../html/metrics/units.js";

const now = Date.parse("2026-11-22T12:00:30Z");
const at = (minute) => new Date(Date.parse("2026-11-22T11:00:00Z") + minute * 60_000).toISOString();

describe("the time an address asks for", () => {
  for (const [text, wanted] of [
    ["", { period: "24h" }],
    ["time=90m", { period: "90m" }],
    ["time=48h", { period: "2d" }],
    ["time=2w", { period: "14d" }],
    ["time=nonsense", { period: "24h" }],
    ["since=2026-11-01T00:00:00Z", { from: "2026-11-01T00:00:00Z", to: undefined }],
    ["until=2026-11-02T00:00:00Z", { from: "2026-11-01T00:00:00.000Z", to: "2026-11-02T00:00:00Z" }],
  ])
    it(text || "(nothing)", () => expect(timeOf(new URLSearchParams(text), now)).toEqual(wanted));
});

it("a condition keeps commas and backslashes of its value", () =>
  expect(labelIs("page", "/a,b\\c:d")).toBe("page:/a\\,b\\\\c:d"));

describe("the grid of a chart", () => {
  const answer = { from: at(0), to: at(70), step: "1m" };
  it("ends where it is now", () => expect(gridOf(answer, now).times.length).toBe(61));
  it("has steps of any length", () => expect(gridOf({ ...answer, step: "5m" }, now).seconds).toBe(300));

  const grid = gridOf({ ...answer, to: at(12) }, now);
  const rows = (...minutes) => minutes.map((minute) => ({ bucket: at(minute), value: minute }));
  const value = (row) => row.value;
  it("bridges short holes and leaves long ones open", () => {
    const values = valuesOf(grid, rows(0, 1, 3, 11), value);
    expect(values).toEqual([0, 1, undefined, 3, null, null, null, null, null, null, null, 11]);
  });
  it("follows the pace of what is sent", () => {
    const values = valuesOf(grid, rows(0, 5, 10), value);
    expect(values.filter((one) => one === null)).toEqual([null]);
  });
  it("has zero where nothing is counted, and leaves out what is not over", () => {
    const late = gridOf({ from: at(58), to: at(70), step: "1m" }, now);
    expect(rateOf(late, [{ bucket: at(58), value: 4 }], value, now)).toEqual([4, 0, undefined]);
  });
  it("passes over rows that lie outside", () => expect(valuesOf(grid, rows(99), value)[0]).toBe(null));
});

describe("the lines of an answer", () => {
  const row = (minute, count, labels) => ({
    bucket: at(minute),
    count,
    rate: count,
    p95: count,
    min: 0,
    max: 9,
    labels,
  });
  const answer = { from: at(0), to: at(3), step: "1m", type: "counter" };
  it("are percentiles within their band for a histogram", () => {
    const { lines, band } = linesOf({ ...answer, type: "histogram", data: [row(1, 5)] }, { now });
    expect(lines.map(({ name }) => name)).toEqual(["p50", "p95", "p99"]);
    expect(band.high).toEqual([null, 9, null]);
  });
  it("are the largest groups, eight at most", () => {
    const data = Array.from({ length: 12 }, (_, i) => row(1, i + 1, { host: `h${i}` }));
    const { lines, more } = linesOf({ ...answer, data, groups: 40 }, { grouped: true, now });
    expect(lines.map(({ name }) => name)).toEqual(["h11", "h10", "h9", "h8", "h7", "h6", "h5", "h4"]);
    expect(more).toBe(32);
    expect(lines[0].values).toEqual([0, 12, 0]);
  });
  it("are none of a type nobody knows", () =>
    expect(linesOf({ ...answer, type: "summary", data: [] }, { now }).lines).toEqual([]));
});

describe("figures beside an axis", () => {
  for (const [value, wanted] of [
    [0, "0/s"],
    [0.0807, "0.0807/s"],
    [1e-9, "1.0e-9/s"],
    [1234, "1,234/s"],
    [3.33e12, "3.3T/s"],
    [-2e9, "-2B/s"],
    [1e17, "100,000T/s"],
    [null, "–"],
  ])
    it(`${value} is ${wanted}`, () => expect(rate(value)).toBe(wanted));
  it("lengths of time are as short", () =>
    expect([0.5, -5000, 1e12, 1e-6].map(length)).toEqual([
      "0.5\u00a0ms",
      "-5\u00a0s",
      "1B\u00a0s",
      "1.0e-6\u00a0ms",
    ]));
});
