// Numbers, times and names as people read them.  Pure: `now` is always a parameter, in milliseconds.

const integer = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const dateTime = new Intl.DateTimeFormat("en-GB", {
  ...{ year: "numeric", month: "short", day: "numeric" },
  ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
});
const dayMinute = new Intl.DateTimeFormat("en-GB", {
  ...{ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
});
const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

export const number = (n) => integer.format(n);

// Exact up to 9,999, then three figures: a column of counts stays narrow.
export const compact = (n) => (Math.abs(n) < 10_000 ? integer.format(n) : short.format(n));

export const plural = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

export function percent(part, whole) {
  if (!whole) return "0%";
  const share = (100 * part) / whole;
  if (share > 0 && share < 1) return "<1%";
  return `${Math.round(share)}%`;
}

const steps = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86_400, 3600, "h"],
  [60 * 86_400, 86_400, "d"],
  [730 * 86_400, 30.44 * 86_400, "mo"],
  [Infinity, 365.25 * 86_400, "y"],
];

// A length of time in its largest unit: "42 s", "5 min", "3 h", "12 d".
export function span(milliseconds) {
  const seconds = Math.max(0, milliseconds / 1000);
  const [, size, unit] = steps.find(([below]) => seconds < below);
  return `${Math.floor(seconds / size)}\u00a0${unit}`;
}

// The clocks of two machines differ by seconds: what lies in the future is "now".
export function ago(time, now) {
  const passed = now - Date.parse(time);
  return passed < 5000 ? "now" : `${span(passed)} ago`;
}

export const exact = (time) => dateTime.format(new Date(time));
export const minute = (time) => dayMinute.format(new Date(time));
export const day = (time) => dayMonth.format(new Date(time));

// Text for one line: what is long is cut, what breaks lines becomes a space.
export function oneLine(text, limit = 300) {
  const line = String(text)
    .slice(0, 2 * limit)
    .replace(/\s+/g, " ")
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

// Any value as text.  What comes from outside may be an object where a text is hoped for, and an object
// is nothing that can be drawn; even String() of it may throw.
export const plain = (value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
