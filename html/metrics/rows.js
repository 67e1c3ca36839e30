// From the rows of an answer to lines of a chart.  Pure.

import { gridOf, rateOf, valuesOf } from "./series.js";

export const GROUPS = 8; // lines that can be told apart

// What can be shown of each group of a type; the first is meant without a word.
export const statistics = {
  histogram: ["p95", "p50", "p99", "avg", "max", "rate"],
  counter: ["rate", "sum"],
  gauge: ["avg", "last", "min", "max"],
};
const titles = { avg: "Average", rate: "Each second", min: "Least", max: "Most", sum: "Sum", last: "Last" };
export const titleOf = (statistic) => titles[statistic] ?? statistic;

// What is drawn of all groups together, and what that is called.
const together = { histogram: ["p50", "p95", "p99"], counter: ["rate"], gauge: ["avg", "last"] };
const usual = { histogram: "Percentiles", counter: titles.rate, gauge: "Average and last" };

// The choices of a statistic as [value, words]; "" is what is meant without a word.
export function choicesOf(type, grouped) {
  const [first, ...others] = statistics[type];
  const said = grouped || type === "counter" ? others : [first, ...others];
  return [["", grouped ? titleOf(first) : usual[type]], ...said.map((one) => [one, titleOf(one)])];
}

export const nameOf = (labels) =>
  Object.values(labels ?? {})
    .map((value) => value || "(none)")
    .join(" · ");

const pick = (member) => (row) => row[member];

/*
 * {times, lines, band, more}: times in seconds, lines as Chart wants them, `band` the least and the most of a
 * bucket, `more` groups that are left out.  Groups with the most points come first.
 */
export function linesOf(answer, { grouped = false, statistic = null, now }) {
  const { type, data } = answer;
  const grid = gridOf(answer, now);
  const line = (rows, member) =>
    member === "rate"
      ? rateOf(grid, rows, pick(member), now)
      : valuesOf(grid, rows, pick(member), member === "sum" ? 0 : null);
  const base = { times: grid.times, band: null, more: 0 };
  if (!statistics[type]) return { ...base, lines: [] };
  if (!grouped)
    return {
      ...base,
      lines: (statistic ? [statistic] : together[type]).map((member) => ({
        name: titleOf(member),
        values: line(data, member),
      })),
      band: type !== "counter" && !statistic ? { low: line(data, "min"), high: line(data, "max") } : null,
    };

  const groups = new Map();
  for (const row of data) {
    const name = nameOf(row.labels);
    if (!groups.has(name)) groups.set(name, { name, labels: row.labels, rows: [], points: 0 });
    const group = groups.get(name);
    group.rows.push(row);
    group.points += row.count;
  }
  const largest = [...groups.values()].sort((a, b) => b.points - a.points).slice(0, GROUPS);
  return {
    ...base,
    lines: largest.map(({ name, labels, rows }) => ({
      name,
      labels,
      values: line(rows, statistic ?? statistics[type][0]),
    })),
    more: Math.max(0, (answer.groups ?? groups.size) - GROUPS),
  };
}

// The rate below a histogram: how many values a second.
export const rateLines = (answer, now) => {
  const grid = gridOf(answer, now);
  return {
    times: grid.times,
    lines: [{ name: "values each second", values: rateOf(grid, answer.data, pick("rate"), now) }],
  };
};
