import { describe, expect, it } from "vitest";
import { ago, compact, oneLine, percent, plain, plural, span } from "../../../html/common/format.js";
import { asMarkdown, asText } from "../../../html/errors/report.js";

const second = 1000;
const day = 86_400 * second;

describe("span", () => {
  for (const [milliseconds, expected] of [
    [0, "0 s"],
    [-5 * second, "0 s"],
    [59.9 * second, "59 s"],
    [60 * second, "1 min"],
    [day - 1, "23 h"],
    [day, "1 d"],
    [59 * day, "59 d"],
    [90 * day, "2 mo"],
    [800 * day, "2 y"],
  ])
    it(`of ${milliseconds} ms is ${expected}`, () =>
      expect(span(milliseconds).replace("\u00a0", " ")).toBe(expected));
});

describe("figures", () => {
  it("a clock that runs ahead is now", () =>
    expect(ago("2026-01-01T00:00:09Z", Date.parse("2026-01-01T00:00:00Z"))).toBe("now"));
  it("counts are exact up to 9,999", () =>
    expect([9999, 10_000, 1_234_567].map(compact)).toEqual(["9,999", "10K", "1.2M"]));
  it("one is singular", () =>
    expect([plural(1, "event"), plural(1200, "event")]).toEqual(["1 event", "1,200 events"]));
  it("a share that is there is never 0 %", () =>
    expect([percent(1, 1000), percent(0, 5), percent(1, 2), percent(1, 0)]).toEqual([
      "<1%",
      "0%",
      "50%",
      "0%",
    ]));
});

describe("text", () => {
  it("of several lines becomes one, cut where it is long", () =>
    expect(oneLine("a\n\tb  c", 4)).toBe("a b…"));
  it("of anything is text", () =>
    expect([plain("a"), plain({ toString: 1 }), plain(undefined), plain(5)]).toEqual([
      "a",
      '{"toString":1}',
      "",
      "5",
    ]));
});

describe("an error to paste", () => {
  const error = {
    ...{ exception_type: "E", message: "first\nsecond", project: "p", count: 1200, users: 0 },
    ...{ first_seen: "2026-01-01T00:00:00Z", last_seen: "2026-01-02T00:00:00Z", traceback: "" },
  };
  it("as text has its name when the trace does not say it", () =>
    expect(asText(error, { traceback: "f@x:1:1" })).toBe("E: first\nsecond\nf@x:1:1\n"));
  it("as Markdown is fenced more than its content", () => {
    const text = asMarkdown(
      error,
      { traceback: "E\n````\n", request_url: "/a`b`", request_method: "POST" },
      "http://m/errors/1",
    );
    expect(text).toBe(
      "## E: first\n\n- Project: p\n- Events: 1,200, first 2026-01-01T00:00:00Z, last 2026-01-02T00:00:00Z\n" +
        "- Request: `POST /ab`\n- Monlight: http://m/errors/1\n\n`````\nE\n````\n`````\n",
    );
  });
});
