// A Web Vital: its names, its thresholds, and the card that rates it.

import { html } from "./vendor/preact.js";
import { percent, plural } from "./common/format.js";
import { figure, length } from "./units.js";

// [member of the answer, name, long name, format, [good up to, fair up to]]
export const vitals = [
  ["lcp", "LCP", "Largest contentful paint", length, [2500, 4000]],
  ["inp", "INP", "Interaction to next paint", length, [200, 500]],
  ["cls", "CLS", "Cumulative layout shift", figure, [0.1, 0.25]],
  ["fcp", "FCP", "First contentful paint", length, [1800, 3000]],
  ["ttfb", "TTFB", "Time to first byte", length, [800, 1800]],
];
export const ratings = {
  good: "good",
  "needs-improvement": "needs improvement",
  poor: "poor",
  unknown: "no data",
};

export function rated(value, [good, fair]) {
  if (typeof value !== "number") return "unknown";
  if (value <= good) return "good";
  return value <= fair ? "needs-improvement" : "poor";
}

// With `choose`, a card is a button that says which vital is looked at.
export const Cards = ({ summary, chosen, choose }) =>
  html`<div class="vitals">
    ${vitals.map(
      ([key, short, long, format]) =>
        summary[key] &&
        html`<${Card} key=${key} short=${short} long=${long} format=${format} vital=${summary[key]} on=${key === chosen} choose=${choose && (() => choose(key))} />`,
    )}
  </div>`;

function Card({ short, long, format, vital: { p75, rating, shares, count }, on, choose }) {
  const parts = Object.entries(shares ?? {});
  return html`<article class=${`vital rated ${rating}${on ? " on" : ""}`}>
    <h3>${choose ? html`<button class="quiet" aria-pressed=${String(on)} title=${long} onClick=${choose}>${short}</button>` : html`<abbr title=${long}>${short}</abbr>`} <span class="badge">${ratings[rating]}</span></h3>
    <p class="value">${format(p75)}</p>
    <div class="shares" role="img" aria-label=${parts.map(([name, part]) => `${percent(part, 1)} ${ratings[name]}`).join(", ") || "no data"}>
      ${parts.map(([name, part]) => html`<i class=${`rated ${name}`} style=${{ width: `${100 * part}%` }}></i>`)}
    </div>
    <p class="muted small">${plural(count, "view")}${shares ? `, ${percent(shares.good, 1)} good` : ""}</p>
  </article>`;
}
