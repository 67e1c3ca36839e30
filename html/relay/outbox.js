// The outbox: what tracker and collector could not take when it came, and what became of it.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Age, Empty, classes, everyOf } from "./common/components.js";
import { number, plural } from "./common/format.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { useLocation } from "./common/url.js";
import { Bar, Skeleton } from "./bar.js";

const names = { errors: "Error tracker", metrics: "Metrics collector" };

const fates = [
  ["queued", "Kept for later", "since the relay's file was made"],
  ["delivered", "Delivered", "handed on after a wait"],
  ["refused", "Refused", "by the service behind, as no valid report"],
  ["expired", "Expired", "older than six days before they could be delivered"],
  ["turned_away", "Turned away", "the outbox was full; the browser was asked to come later"],
];

export default function Outbox() {
  const { params } = useLocation();
  const every = everyOf(params);
  const outbox = useResource("outbox", (signal) => get("api/outbox", {}, { signal }), { every });
  const all = outbox.data?.destinations ?? [];
  const waiting = all.reduce((sum, one) => sum + one.waiting, 0);
  return html`
    <${Bar} params=${params} resource=${outbox} />
    <${Problem} error=${outbox.error} retry=${outbox.reload} />
    <${Skeleton} resource=${outbox} />
    ${
      outbox.data &&
      html`<div class=${classes("destinations", outbox.slow && "stale")}>
        ${
          waiting === 0 &&
          html`<div class="sheet whole"><${Empty} title="Nothing waits">
            <p>Everything that pages have sent is with the error tracker and the metrics collector.</p>
            <p class="muted">While one of them is away, the relay keeps what is meant for it here and delivers it later, in order and once.</p>
          <//></div>`
        }
        ${all.map((one) => html`<${Destination} key=${one.name} of=${one} />`)}
      </div>`
    }
  `;
}

const Destination = ({ of }) =>
  html`<section class="sheet" aria-labelledby=${`to-${of.name}`}>
    <header><h2 id=${`to-${of.name}`}>${names[of.name] ?? of.name}</h2>
      <span class=${classes("badge", of.waiting ? "level-warning" : "resolved")}>${of.waiting ? "waiting" : "up to date"}</span></header>
    <dl class="tiles">
      <div><dt>Waiting</dt><dd>${number(of.waiting)}</dd></div>
      <div><dt>Bytes</dt><dd>${number(of.bytes)}</dd></div>
      <div><dt>Oldest</dt><dd>${of.oldest_at ? html`<${Age} time=${of.oldest_at} />` : "–"}</dd></div>
    </dl>
    <dl class="fates">
      ${fates.map(([key, name, why]) => html`<div title=${plural(of[key], "item")}><dt>${name}<span class="muted small">${why}</span></dt><dd class=${classes(of[key] > 0 && /refused|expired|turned/.test(key) && "bad")}>${number(of[key])}</dd></div>`)}
    </dl>
  </section>`;
