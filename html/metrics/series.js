// Rows of an answer as values on a grid of times, for charts.  Pure.

/*
 * The grid: the starts of all buckets from the answer's first to its last, in seconds, none that begins after
 * `now` (milliseconds).  `step` as the API spells it.
 */
export function gridOf({ from, to, step }, now) {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(step);
  const seconds = Number(count) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit];
  const end = Math.min(Date.parse(to), now) / 1000;
  const times = [];
  for (let at = Date.parse(from) / 1000; at < end; at += seconds) times.push(at);
  return { times, seconds };
}

const CONNECTED = 3; // buckets that may be missing before a line has a gap

/*
 * The values of rows on the grid by `pick`.  Where there is no row the value is `missing`; if that is null, short
 * holes are undefined, which a chart draws over, and long ones null, which it leaves open.
 */
export function valuesOf({ times, seconds }, rows, pick, missing = null) {
  const values = new Array(times.length).fill(missing);
  const places = [];
  for (const row of rows) {
    const place = Math.round((Date.parse(row.bucket) / 1000 - times[0]) / seconds);
    if (!(place >= 0 && place < values.length)) continue;
    values[place] = pick(row) ?? missing;
    if (values[place] !== null) places.push(place);
  }
  if (missing !== null) return values;
  const steps = places.slice(1).map((place, i) => place - places[i]);
  const usual = [...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 1;
  const bridged = Math.max(CONNECTED, 2 * usual);
  steps.forEach((step, i) => {
    if (step <= bridged) values.fill(undefined, places[i] + 1, places[i + 1]);
  });
  return values;
}

// A rate is not known of a bucket that is not over.
export function rateOf(grid, rows, pick, now) {
  const values = valuesOf(grid, rows, pick, 0);
  if (values.length > 1 && (grid.times.at(-1) + grid.seconds) * 1000 > now)
    values[values.length - 1] = undefined;
  return values;
}
