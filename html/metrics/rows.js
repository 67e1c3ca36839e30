// From the rows of an answer to lines of a chart.  Pure.

const GROUPS = 8; // lines that can be told apart

// What is drawn of each type, as [member of a row, name].
const drawn = {
  histogram: [
    ["p50", "p50"],
    ["p95", "p95"],
    ["p99", "p99"],
  ],
  counter: [["rate", "each second"]],
  gauge: [
    ["min", "min"],
    ["avg", "average"],
    ["max", "max"],
  ],
};
const ofGroup = { histogram: "p95", counter: "rate", gauge: "avg" };

const nameOf = (labels) =>
  Object.values(labels ?? {})
    .map((value) => value || "(none)")
    .join(" · ");

/*
 * {times, lines, more}: times in seconds, lines as Chart wants them, `more` groups that are left out.
 * Groups with the most points come first.
 */
export function linesOf({ type, data }, grouped) {
  const times = [...new Set(data.map((row) => Date.parse(row.bucket) / 1000))].sort((a, b) => a - b);
  const place = new Map(times.map((time, i) => [time, i]));
  const line = (name, rows, member) => {
    const values = new Array(times.length).fill(null);
    for (const row of rows) values[place.get(Date.parse(row.bucket) / 1000)] = row[member] ?? null;
    return { name, values };
  };
  if (!grouped)
    return { times, lines: (drawn[type] ?? []).map(([member, name]) => line(name, data, member)), more: 0 };

  const groups = new Map();
  for (const row of data) {
    const name = nameOf(row.labels);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const points = (rows) => rows.reduce((sum, row) => sum + row.count, 0);
  const all = [...groups].sort(([, a], [, b]) => points(b) - points(a));
  return {
    times,
    lines: all.slice(0, GROUPS).map(([name, rows]) => line(name, rows, ofGroup[type])),
    more: Math.max(0, all.length - GROUPS),
  };
}
