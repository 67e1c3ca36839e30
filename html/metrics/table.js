// The numbers of a chart as a table, to be read.

import { html, useState } from "./vendor/preact.js";
import { exact, number, plural } from "./common/format.js";
import { nameOf } from "./rows.js";
import { figure, rate } from "./units.js";

const ROWS = 100; // drawn at once

const columns = {
  counter: [
    ["sum", "Sum", figure],
    ["rate", "Each second", rate],
  ],
  histogram: [
    ["avg", "Average"],
    ["p50", "p50"],
    ["p95", "p95"],
    ["p99", "p99"],
    ["min", "Least"],
    ["max", "Most"],
  ],
  gauge: [
    ["last", "Last"],
    ["avg", "Average"],
    ["min", "Least"],
    ["max", "Most"],
  ],
};

export default function Table({ answer: { data, type }, grouped, format }) {
  const [shown, setShown] = useState(ROWS);
  const rows = data.slice(-shown).reverse();
  return html`<section class="sheet" aria-labelledby="table">
    <header><h2 id="table">Table</h2>
      <span class="muted small">${data.length > shown ? `the newest ${number(shown)} of ${number(data.length)} rows` : plural(data.length, "row")}</span>
      ${data.length > shown && html`<button class="end" onClick=${() => setShown(shown + 5 * ROWS)}>Show more</button>`}
    </header>
    <div class="wide-table tall-table" tabindex="0" role="region" aria-label="Rows">
      <table class="plain">
        <thead><tr><th scope="col">Time</th>${grouped && html`<th scope="col" class="group-head">Group</th>`}<th scope="col">Points</th>
          ${columns[type].map(([, title]) => html`<th scope="col">${title}</th>`)}</tr></thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr><td class="long"><time datetime=${row.bucket}>${exact(row.bucket)}</time></td>
              ${grouped && html`<td class="group" title=${nameOf(row.labels)}><bdi>${nameOf(row.labels)}</bdi></td>`}
              <td>${number(row.count)}</td>${columns[type].map(([member, , own]) => html`<td>${(own ?? format)(row[member])}</td>`)}</tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
