// The time range of a page: a span up to now ("24h") or two moments, kept in the address as
// `time` or as `since` and `until`.

import { html } from "../vendor/preact.js";
import { Popover } from "./components.js";
import { exact } from "./format.js";
import { Icon } from "./icons.js";
import { later } from "./layout.js";

const Panel = later(() => import("./timepanel.js"));

const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const words = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

// "90m" -> milliseconds; NaN when it is not a span.
export function parseSpan(text) {
  const [, count, unit] = /^\s*([1-9]\d{0,4})\s*([smhdw])\s*$/i.exec(text ?? "") ?? [];
  return count ? Number(count) * units[unit.toLowerCase()] * 1000 : NaN;
}

export function describeSpan(text) {
  const [, count, unit] = /(\d+)\s*([smhdw])/i.exec(text);
  const word = words[unit.toLowerCase()];
  return `Last ${count === "1" ? word : `${count} ${word}s`}`;
}

export const iso = (milliseconds) => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");

// What the interface takes for a moment, as RFC 3339; null if it is none.  A browser makes a date of "foo 1", too.
function momentOf(text) {
  if (/^\d{1,10}(\.\d+)?$/.test(text)) return iso(text * 1000);
  return /^(1[7-9]|2[01])\d\d-/.test(text) && Number.isFinite(Date.parse(text)) ? text : null;
}

// The range a query asks for, as {since, until} in RFC 3339; a side that is open is missing.
export function rangeOf(params, now) {
  const span = parseSpan(params.get("time"));
  if (!Number.isNaN(span)) return { since: iso(now - span) };
  const range = {};
  for (const side of ["since", "until"]) {
    const moment = momentOf(params.get(side));
    if (moment) range[side] = moment;
  }
  return range;
}

export function describeRange(params, fallback) {
  if (!Number.isNaN(parseSpan(params.get("time")))) return describeSpan(params.get("time"));
  const { since, until } = rangeOf(params, 0);
  if (since && until) return `${exact(since)} – ${exact(until)}`;
  if (since) return `Since ${exact(since)}`;
  if (until) return `Until ${exact(until)}`;
  return fallback;
}

// Moves a range by its own length, forward no further than now.  null where there is nothing to move.
export function shiftRange(params, direction, now) {
  const { since, until } = rangeOf(params, now);
  if (!since) return null;
  const from = Date.parse(since);
  const to = until ? Date.parse(until) : now;
  const by = Math.min(direction * (to - from), now - to);
  return by === 0 ? null : { time: null, since: iso(from + by), until: iso(to + by) };
}

export function TimePicker({ params, onChange, spans, all }) {
  return html`<${Popover}
    title="Time range"
    button=${html`<${Icon} name="clock" /><span class="clip">${describeRange(params, all)}</span>`}
    children=${(close) => html`<${Panel} params=${params} spans=${spans} all=${all}
      choose=${(patch) => {
        onChange({ time: null, since: null, until: null, ...patch });
        close();
      }} />`}
  />`;
}
