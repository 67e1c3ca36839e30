// The rules of METRIC_ALERT_n with what they have come to, and what they have told.

import { html, useEffect } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Age, Command, Empty, classes, everyOf } from "./common/components.js";
import { exact, plural } from "./common/format.js";
import { Older } from "./common/older.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { Link, query, useLocation } from "./common/url.js";
import { Bar, kept } from "./bar.js";
import { Skeleton, ageOf } from "./board.js";
import { figure } from "./units.js";

const tones = { ok: "resolved", pending: "level-warning", firing: "level-error" };
const order = ["firing", "pending", "ok", "unknown"];
const states = {
  new: "to be told",
  held: "waits for the digest",
  digested: "told in a digest",
  sending: "being told",
};

// What became of an alert, and why not more.
function outcome({ state, deliveries }) {
  const stuck = deliveries.find((one) => one.state !== "sent" && one.attempts > 0);
  if (stuck)
    return `${stuck.state === "failed" ? "not told" : "being told"} by ${stuck.channel}: ${stuck.detail}`;
  return states[state] ?? (deliveries.length ? "told" : "told to nobody: there is no channel");
}

const EXAMPLE = `METRIC_ALERT_1=http_request_duration_seconds p95 5m > 0.5 for 10m
METRIC_ALERT_2=http_requests_total{status=500} rate 5m > 0.1
METRIC_ALERT_3=heartbeat{job=backup} absent 26h`;

export default function Rules() {
  const { params } = useLocation();
  const every = everyOf(params);
  const cursor = params.get("cursor");
  const key = `alerts${query({ cursor })}`;
  const alerts = useResource(key, (signal) => get("api/alerts", { cursor }, { signal }), { every });
  const { data } = alerts;
  useEffect(() => {
    document.title = "Rules · Metrics · Monlight";
  }, []);
  const rules = [...(data?.rules ?? [])].sort(
    (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.number - b.number,
  );
  return html`
    <h1 class="offscreen">Rules</h1>
    <${Bar} still params=${params} loading=${alerts.slow} reload=${alerts.reload} />
    <${Problem} error=${alerts.error} retry=${alerts.reload} />
    <${Skeleton} resource=${alerts} />
    ${
      data &&
      html`<div class=${ageOf(alerts) || undefined}><section class="sheet" aria-labelledby="rules">
        <header><h2 id="rules">Rules</h2><span class="muted small" role="status">${plural(rules.filter(({ state }) => state === "firing").length, "rule")} firing</span></header>
        ${
          rules.length
            ? html`<ul class="rules">${rules.map((rule) => html`<${Rule} key=${rule.number} of=${rule} params=${params} />`)}</ul>`
            : html`<${Empty} title="No rule is set">
              <p>A rule is a line of <code>monlight.env</code>, looked at each minute:</p>
              <${Command} text=${EXAMPLE} />
              <p class="muted">Functions are rate, sum, avg, min, max, last, p50 to p99 and absent. <code>monlight check</code> reads them before they count, <code>monlight reload</code> makes them count.</p>
            <//>`
        }
      </section>
      <section class="sheet" aria-labelledby="told">
        <header><h2 id="told">Past alerts</h2></header>
        ${
          data.alerts.length
            ? html`<ul class="rules past">
              ${data.alerts.map((alert) => {
                const { id, title, created_at: at } = alert;
                return html`<li key=${id}>
                  <span class=${classes("badge", title.startsWith("Firing") ? "level-error" : "resolved")}>${title.split(":")[0].toLowerCase()}</span>
                  <code dir="ltr">${title.slice(title.indexOf(":") + 2)}</code>
                  <span class="muted small"><time datetime=${at}>${exact(at)}</time>, <bdi>${outcome(alert)}</bdi></span>
                </li>`;
              })}
            </ul>`
            : html`<p class="nothing muted">${cursor ? "Nothing was told before that." : "No rule has fired yet."}</p>`
        }
      </section>
      <${Older} cursor=${cursor} next=${data.next_cursor}>${plural(data.alerts.length, "alert")}${cursor && " further back"}<//></div>`
    }
  `;
}

const Rule = ({ of: { number, rule, name, state, value, since, checked }, params }) =>
  html`<li>
    <span class=${classes("badge", tones[state])}>${state}</span>
    <${Link} to=${query({ ...kept(params), view: "explore", name })} dir="ltr"><code>${rule}</code><//>
    <span class="muted small">METRIC_ALERT_${number}: now ${figure(value)}${since && html`, ${state} since <${Age} time=${since} />`}${checked && html`, looked at <${Age} time=${checked} />`}</span>
  </li>`;
