// Web Vitals: how pages feel to three quarters of those who visit them.

import { html } from "./vendor/preact.js";
import { compact, percent, plural } from "./common/format.js";
import { figure, length } from "./units.js";

const vitals = [
  ["lcp", "LCP", "Largest contentful paint", length, [2500, 4000]],
  ["inp", "INP", "Interaction to next paint", length, [200, 500]],
  ["cls", "CLS", "Cumulative layout shift", figure, [0.1, 0.25]],
  ["fcp", "FCP", "First contentful paint", length, [1800, 3000]],
  ["ttfb", "TTFB", "Time to first byte", length, [800, 1800]],
];
const ratings = { good: "good", "needs-improvement": "needs improvement", poor: "poor", unknown: "no data" };

const rated = (value, [good, fair]) =>
  typeof value !== "number"
    ? "unknown"
    : value <= good
      ? "good"
      : value <= fair
        ? "needs-improvement"
        : "poor";

export const Vitals = ({ vitals: { summary, by_page: pages } }) =>
  html`<section class="sheet wide" aria-labelledby="vitals">
    <header><h2 id="vitals">Web Vitals</h2><span class="muted small">75th percentile of page views</span></header>
    <div class="vitals">
      ${vitals.map(([key, short, long, format]) => summary[key] && html`<${Vital} short=${short} long=${long} format=${format} vital=${summary[key]} />`)}
    </div>
    <div class="wide-table" tabindex="0" role="region" aria-label="Web Vitals by page">
      <table class="plain">
        <thead><tr><th scope="col">Page</th><th scope="col">Views</th>${vitals.map(([key, short]) => html`<th scope="col" key=${key}>${short}</th>`)}</tr></thead>
        <tbody>
          ${(pages ?? []).map(
            (page) => html`<tr>
              <td class="long" dir="auto">${page.page}</td><td>${compact(page.page_views)}</td>
              ${vitals.map(([key, , , format, limits]) => html`<td class=${`rated ${rated(page[key], limits)}`} title=${ratings[rated(page[key], limits)]}>${format(page[key])}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;

function Vital({ short, long, format, vital: { p75, rating, shares, count } }) {
  const parts = Object.entries(shares ?? {});
  return html`<article class=${`vital rated ${rating}`}>
    <h3><abbr title=${long}>${short}</abbr> <span class="badge">${ratings[rating]}</span></h3>
    <p class="value">${format(p75)}</p>
    <div class="shares" role="img" aria-label=${parts.map(([name, part]) => `${percent(part, 1)} ${ratings[name]}`).join(", ") || "no data"}>
      ${parts.map(([name, part]) => html`<i class=${`rated ${name}`} style=${{ width: `${100 * part}%` }}></i>`)}
    </div>
    <p class="muted small">${plural(count, "view")}${shares ? `, ${percent(shares.good, 1)} good` : ""}</p>
  </article>`;
}
