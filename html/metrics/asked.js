// What the address asks of the API: the time, the project, the labels.  Pure.

import { parseSpan, rangeOf } from "./common/time.js";

export const POINTS = 300; // buckets that a chart shows well
export const DAY = 86_400_000;
export const spans = ["1h", "6h", "7d", "30d"]; // beside the last 24 hours, which need no word

const times = ["time", "since", "until"];
export const isTimed = (params) => times.some((name) => params.has(name));

// What the address says of the time, for keys of resources.
export const said = (params) => Object.fromEntries(times.map((name) => [name, params.get(name)]));

// As the API has them: {period} up to now, or {from, to}.  Weeks are days there.
export function timeOf(params, now) {
  const span = parseSpan(params.get("time"));
  const minutes = Math.ceil(span / 60_000);
  // In the largest unit that they fill: the answer's resolution does not depend on how it is spelt.
  if (minutes % 1440 === 0) return { period: `${minutes / 1440}d` };
  if (minutes % 60 === 0) return { period: `${minutes / 60}h` };
  if (minutes) return { period: `${minutes}m` };
  const { since, until } = rangeOf(params, now);
  if (since) return { from: since, to: until };
  if (until) return { from: new Date(Date.parse(until) - DAY).toISOString(), to: until };
  return { period: "24h" };
}

// A condition for `labels=`, whatever the value is made of.
export const labelIs = (name, value) => `${name}:${value.replace(/[\\,]/g, "\\$&")}`;
