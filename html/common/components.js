// The small parts every page is made of.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { ago, exact, span } from "./format.js";
import { Icon } from "./icons.js";
import { useNow } from "./resource.js";
import { Link, setParams } from "./url.js";

export const classes = (...names) => names.filter(Boolean).join(" ");

// A moment as its age, with the exact time on hover and for machines.
export function Age({ time }) {
  const now = useNow();
  return html`<time datetime=${time} title=${exact(time)}>${ago(time, now)}</time>`;
}

export const Level = ({ level }) => html`<span class=${`badge level-${level}`}>${level}</span>`;

export const Empty = ({ title, children }) =>
  html`<div class="empty">
    <svg class="night" viewBox="0 0 96 64" aria-hidden="true">
      <path d="M60 42A21 21 0 0 1 38 9a21 21 0 1 0 22 33z" />
      <circle cx="66" cy="16" r="1.6" /><circle cx="78" cy="30" r="1" /><circle cx="22" cy="12" r="1" /><circle cx="84" cy="11" r="1.2" />
    </svg>
    <h2>${title}</h2>
    ${children}
  </div>`;

// Text to take along: a command, a trace.
export function Copy({ text, label = "Copy", name, quiet = true }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 1600);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    await writeClipboard(typeof text === "function" ? text() : text);
    setDone(true);
  };
  return html`<button class=${quiet && "quiet"} aria-label=${done ? undefined : name} onClick=${copy}>
    <${Icon} name=${done ? "check" : "copy"} /><span aria-live="polite">${done ? "Copied" : label}</span>
  </button>`;
}

// navigator.clipboard exists on https and on localhost only; a tool on a plain http host needs the older way.
async function writeClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "offscreen";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  return undefined;
}

export const Command = ({ text }) =>
  html`<div class="command">
    <pre tabindex="0" aria-label="Command"><code>${text}</code></pre>
    <${Copy} text=${text} />
  </div>`;

// Bars of counts, each as wide as the others; `label` says in words what they show.
export function Bars({ counts, label, width = 96, height = 24, gap = 1 }) {
  const top = Math.max(...counts, 1);
  const step = width / counts.length;
  const bar = (count, i) => {
    const tall = count ? Math.max(2, (height * count) / top) : 0.75;
    return `M${(i * step).toFixed(2)} ${height}v${-tall.toFixed(2)}h${(step - gap).toFixed(2)}v${tall.toFixed(2)}z`;
  };
  const draw = (wanted) => counts.map((count, i) => (wanted(count) ? bar(count, i) : "")).join("");
  return html`<svg class="bars" viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label=${label}>
    <path class="none" d=${draw((count) => !count)} /><path d=${draw((count) => count)} />
  </svg>`;
}

// A field of choices; `options` are strings or [value, words].  What is chosen is always among them.
export function Choice({ label, value, options, onChange }) {
  const all = options.map((option) => [option].flat());
  if (!all.some(([name]) => name === value)) all.push([value]);
  return html`<label class="choice">
    <span>${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.target.value)} data-set=${value ? "" : undefined}>
      ${all.map(([name, words = name]) => html`<option value=${name} selected=${name === value}>${words}</option>`)}
    </select>
  </label>`;
}

// A search that follows the typing after a pause; `/` goes to it, Escape leaves it.
export function Search({ value, onChange, label, placeholder }) {
  const field = useRef(null);
  const timer = useRef(0);
  useEffect(() => {
    if (document.activeElement !== field.current) field.current.value = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const commit = () => {
    clearTimeout(timer.current);
    onChange(field.current.value.trim());
  };
  const typed = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(commit, 300);
  };
  const key = (event) => {
    if (event.key === "Enter") commit();
    if (event.key !== "Escape") return;
    event.preventDefault(); // a browser would empty it, and what is searched for would stay
    field.current.blur();
  };
  return html`<label class="search">
    <${Icon} name="search" />
    <span class="offscreen">${label}</span>
    <input ref=${field} type="search" name="search" placeholder=${placeholder} autocomplete="off" spellcheck="false"
      onInput=${typed} onKeyDown=${key} aria-keyshortcuts="/" />
    <kbd aria-hidden="true">/</kbd>
  </label>`;
}

export const focusSearch = () => document.querySelector("input[type=search]")?.focus();

const paces = [5, 30, 60];

// How often a view is read again by itself, in seconds: one of the paces, or 0, whatever the address says.
export const everyOf = (params) => paces.find((pace) => String(pace) === params.get("refresh")) ?? 0;

// A tool's views; each draws them anew, and the focus stays.
export function Tabs({ views, current, to }) {
  useEffect(() => {
    if (history.state?.depth && document.activeElement === document.body)
      document.querySelector(".tabs [aria-current]").focus();
  }, []);
  return html`<div class="tabs" role="group" aria-label="View">
    ${views.map(([view, label]) => html`<${Link} to=${to(view)} aria-current=${view === current ? "true" : undefined}>${label}<//>`)}
  </div>`;
}

// Read again now, or by itself.
export const Refresh = ({ params, loading, reload }) =>
  html`<div class="joined refresh">
    <button class="icon" onClick=${reload} aria-label="Refresh" title="Refresh (r)" aria-keyshortcuts="r">
      <span class=${classes("turning", loading && "on")}><${Icon} name="refresh" /></span>
    </button>
    <select aria-label="Refresh by itself" onChange=${(event) => setParams({ refresh: event.target.value }, { replace: true })}>
      <option value="">Off</option>
      ${paces.map((pace) => html`<option value=${pace} selected=${pace === everyOf(params)}>${span(1000 * pace)}</option>`)}
    </select>
  </div>`;

// A panel below its button: closed by Escape, by a click elsewhere, or when the focus leaves it.
export function Popover({ button, title, children }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    const elsewhere = (event) => {
      if (!box.current.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current.querySelector("button").focus();
  };
  const key = (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    close();
  };
  return html`<div class="popover" ref=${box} onKeyDown=${key}>
    <button aria-expanded=${String(open)} aria-haspopup="dialog" title=${title} onClick=${() => setOpen(!open)}>${button}<${Icon} name="down" /></button>
    ${open && html`<div class="panel" role="dialog" aria-label=${title}>${children(close)}</div>`}
  </div>`;
}
