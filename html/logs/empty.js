// Kinds of nothing: no line was ever read, the directory cannot be read, and nothing that matches.

import { html } from "./vendor/preact.js";
import { Command, Empty } from "./common/components.js";
import { describeRange, rangeOf } from "./common/time.js";
import { Link, query } from "./common/url.js";
import { filters, nameOf } from "./search.js";

export default function Emptiness({ params, health, live }) {
  if (!health) return html`<div class="sheet tall"></div>`;
  const { since, until } = rangeOf(params, Date.now());

  if (health.logs_indexed === 0)
    return html`<div class="sheet"><${Empty} title=${health.warning ? "The logs cannot be read" : "No line has been read yet"}>
      ${
        health.warning
          ? html`<p>${health.warning}.</p>`
          : html`<p>Lines of the containers in <code>LOG_SOURCES</code> come in by themselves. To read them now:</p>
            <${Command} text="monlight index" />`
      }
    <//></div>`;

  return html`<div class="sheet"><${Empty} title=${live ? "Nothing yet" : "Nothing matches"}>
    <p>No line with</p>
    <ul class="chips">
      ${filters
        .flatMap((name) => params.getAll(name).map((value) => [name, value]))
        .map(([name, value]) => html`<li class="chip">${nameOf(name)} <code dir="auto">${value}</code></li>`)}
      ${(since || until) && html`<li class="chip">time <code>${describeRange(params)}</code></li>`}
    </ul>
    <p><${Link} class="button" to=${query({ wrap: params.get("wrap"), live: params.get("live") })}>Clear the filters<//></p>
    ${since && html`<p class="muted">What is older than the retention has been deleted.</p>`}
    ${health.warning && html`<p class="muted">${health.warning}.</p>`}
  <//></div>`;
}
