// Beside the report: the error as a whole, in numbers.

import { html } from "./vendor/preact.js";
import { Age, Bars, Copy } from "./common/components.js";
import { compact, day, number, percent, plural } from "./common/format.js";
import { Link, query } from "./common/url.js";
import { split } from "./state.js";

const HOUR = 3_600_000;
const DAYS = 14;
const STEP = 4; // hours a bar

// The counts of 14 days in bars of four hours, oldest first; hours without events are not sent.
function activity(hours, now) {
  const bars = new Array((DAYS * 24) / STEP).fill(0);
  const end = Math.floor(now / HOUR) + 1;
  for (const { hour, count } of hours) {
    const age = end - 1 - Math.floor(Date.parse(hour) / HOUR);
    const at = bars.length - 1 - Math.floor(age / STEP);
    if (at >= 0 && at < bars.length) bars[at] += count;
  }
  return bars;
}

// A share as a bar behind its words; the number says the same.
const Share = ({ name, count, whole, to }) =>
  html`<li class="share">
    <i style=${{ width: `${(100 * count) / (whole || 1)}%` }}></i>
    <span class="name clip" dir="auto" title=${name}>${to ? html`<${Link} to=${to}>${name}<//>` : name}</span>
    <span class="part" title=${number(count)}>${percent(count, whole)}</span>
  </li>`;

const Shares = ({ title, items, filter }) => {
  const whole = items.reduce((sum, item) => sum + item.count, 0);
  return html`<section>
    <h3>${title}</h3>
    <ul class="shares">
      ${items.map(
        (item) =>
          html`<${Share} name=${item.name ?? item.value} count=${item.count} whole=${whole} to=${filter && query({ [filter]: item.name, status: "all" })} />`,
      )}
    </ul>
  </section>`;
};

const fold = 5; // releases and tag values shown at first

function Folded({ items, ...rest }) {
  if (items.length <= fold) return html`<${Shares} items=${items} ...${rest} />`;
  return html`<${Shares} items=${items.slice(0, fold)} ...${rest} />
    <p class="muted small">and ${plural(items.length - fold, "other")}</p>`;
}

export const newest = (releases) =>
  [...releases].sort((a, b) => Date.parse(b.last_seen) - Date.parse(a.last_seen));

const deeds = {
  resolve: "Resolved",
  reopen: "Reopened",
  ignore: "Ignored",
  merge: "Merged",
  unmerge: "Split",
};
const people = { key: "with an API key", session: "by someone signed in", report: "by a report" };

const History = ({ deeds: list }) =>
  html`<aside class="side sheet" aria-label="History">
    <section>
      <h3>History</h3>
      <ol class="history">
        ${list.map(
          ({ at, action, who, detail }) => html`<li class=${action}>
            <span><strong>${deeds[action] ?? action}</strong>${detail && html` <bdi>${detail}</bdi>`}</span>
            <span class="muted small">${people[who] ?? who} · <${Age} time=${at} /></span>
          </li>`,
        )}
      </ol>
    </section>
  </aside>`;

const mechanisms = {
  m0: "by type and the place it was raised at",
  given: "by the fingerprint its reports name",
};

// Why reports are one error: what they were grouped by, and which of it can be split off again.
function Grouping({ error, reload }) {
  const { keys } = error.grouping;
  return html`<section>
    <h3>Why these are one error</h3>
    <ul class="keys">
      ${keys.map(
        (key) => html`<li>
          <p>${plural(key.count, "event")} ${mechanisms[key.mechanism] ?? `by ${key.mechanism}`}</p>
          <p class="fingerprint">
            <code title=${key.key}>${key.key}</code><${Copy} text=${key.key} label="" name=${`Copy the key ${key.key}`} />
            ${keys.length > 1 && html`<button class="quiet" onClick=${() => split(error.id, [[key.key]], reload)} aria-label=${`Split off ${key.key}`}>Split off</button>`}
          </p>
        </li>`,
      )}
    </ul>
    ${keys.length > 1 && html`<p class="small muted">These keys were merged. One that is split off is an error of its own again, with its reports.</p>`}
  </section>`;
}

export function Side({ error, reload }) {
  const now = Date.now();
  const bars = activity(error.hours, now);
  const sum = bars.reduce((total, count) => total + count, 0);
  const releases = newest(error.releases);
  return html`<aside class="side sheet summary" aria-label="How often">
    <dl class="figures">
      <div><dt>Events</dt><dd title=${number(error.count)}>${compact(error.count)}</dd></div>
      <div><dt>Users</dt><dd>${compact(error.users ?? 0)}</dd></div>
      <div><dt>First seen</dt><dd><${Age} time=${error.first_seen} /></dd></div>
      <div><dt>Last seen</dt><dd><${Age} time=${error.last_seen} /></dd></div>
    </dl>
    <section>
      <h3>Last ${DAYS} days</h3>
      <${Bars} counts=${bars} width=${252} height=${48} label=${`${plural(sum, "event")} in the last ${DAYS} days, at most ${number(Math.max(...bars))} in ${STEP} hours`} />
      <p class="axis muted"><span>${day(now - DAYS * 24 * HOUR)}</span><span>peak ${compact(Math.max(...bars))} in ${STEP} h</span><span>now</span></p>
    </section>
    ${error.resolved_at && html`<p class="small muted">Resolved <${Age} time=${error.resolved_at} /></p>`}
  </aside>
  <aside class="side sheet" aria-label="Where">
    ${error.environments.length > 0 && html`<${Folded} title="Environments" items=${error.environments} filter="environment" />`}
    ${releases.length > 0 && html`<${Folded} title="Releases" items=${releases} filter="release" />`}
    ${error.tags.map((tag) => html`<${Folded} key=${tag.name} title=${tag.name.replaceAll("_", " ")} items=${tag.values} />`)}
    <${Grouping} error=${error} reload=${reload} />
  </aside>
  ${error.history.length > 0 && html`<${History} deeds=${error.history} />`}`;
}
