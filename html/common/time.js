// The time range of a page: a span up to now ("24h") or two moments, kept in the address as
// `time` or as `since` and `until`.

import { html, useRef, useState } from "../vendor/preact.js";
import { Popover } from "./components.js";
import { exact } from "./format.js";
import { Icon } from "./icons.js";

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

const isMoment = (text) => !Number.isNaN(Date.parse(text ?? ""));
const iso = (milliseconds) => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");

// The range a query asks for, as {since, until} in RFC 3339; a side that is open is missing.
export function rangeOf(params, now) {
  const span = parseSpan(params.get("time"));
  if (!Number.isNaN(span)) return { since: iso(now - span) };
  const range = {};
  for (const side of ["since", "until"]) if (isMoment(params.get(side))) range[side] = params.get(side);
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

// What a <input type=datetime-local> wants: local time, without zone.
function local(moment) {
  if (!moment) return "";
  const date = new Date(moment);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
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

function Panel({ params, spans, all, choose }) {
  const [wrong, setWrong] = useState("");
  const form = useRef(null);
  const chosen = params.get("time") ?? "";
  const { since, until } = rangeOf(params, 0);

  const typed = (event) => {
    event.preventDefault();
    const text = form.current.elements.span.value.trim();
    if (Number.isNaN(parseSpan(text))) setWrong("A number and s, m, h, d or w: 90m, 36h, 14d");
    else choose({ time: text.toLowerCase() });
  };
  const moments = (event) => {
    event.preventDefault();
    const { from, to } = event.target.elements;
    const patch = {};
    if (from.value) patch.since = iso(Date.parse(from.value));
    if (to.value) patch.until = iso(Date.parse(to.value));
    if (patch.since && patch.until && patch.since >= patch.until)
      setWrong("The end must lie after the beginning");
    else choose(patch);
  };

  return html`
    <div class="presets">
      ${all && html`<button aria-pressed=${String(!chosen && !since && !until)} onClick=${() => choose({})}>${all}</button>`}
      ${spans.map(
        (span) =>
          html`<button aria-pressed=${String(span === chosen)} onClick=${() => choose({ time: span })}>${describeSpan(span)}</button>`,
      )}
    </div>
    <form ref=${form} onSubmit=${typed}>
      <label>Other span<input name="span" placeholder="90m" autocomplete="off" defaultValue=${spans.includes(chosen) ? "" : chosen} /></label>
      <button>Apply</button>
    </form>
    <form onSubmit=${moments}>
      <label>From<input name="from" type="datetime-local" step="1" defaultValue=${local(chosen ? "" : since)} /></label>
      <label>To<input name="to" type="datetime-local" step="1" defaultValue=${local(chosen ? "" : until)} /></label>
      <button>Apply</button>
    </form>
    <p class="wrong" role="alert">${wrong}</p>
  `;
}
