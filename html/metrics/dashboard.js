// What is going on, at a glance: requests on the server and from browsers, how pages feel, the rules.

import { html, useEffect } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Age, Bars, Command, Empty, classes } from "./common/components.js";
import { compact, exact, plural } from "./common/format.js";
import { useKeys } from "./common/keys.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { Link, href, query, useLocation } from "./common/url.js";
import { Bar, periodOf } from "./bar.js";
import { counted, figure, length, rate, share } from "./units.js";
import { Vitals } from "./vitals.js";

export default function Dashboard() {
  const { params } = useLocation();
  const every = Number(params.get("refresh")) || 0;
  const asked = { period: periodOf(params), project: params.get("project") };
  const board = useResource(`dashboard${query(asked)}`, (signal) => get("api/dashboard", asked, { signal }), {
    every,
  });
  const alerts = useResource("alerts", (signal) => get("api/alerts", {}, { signal }), { every });
  const reload = () => {
    board.reload();
    alerts.reload();
  };
  useKeys([{ keys: ["r"], label: "Refresh", run: reload }]);
  useEffect(() => {
    document.title = "Metrics · Monlight";
  }, []);

  const { data } = board;
  const empty = data && data.summary.total_datapoints === 0;
  return html`
    <h1 class="offscreen">Metrics</h1>
    <${Bar} params=${params} loading=${board.slow} reload=${reload} />
    <${Problem} error=${board.error} retry=${board.reload} />
    ${
      data
        ? html`<div class=${classes("board", board.slow && "stale")} aria-busy=${String(board.loading)}>
            ${empty ? html`<${Nothing} params=${params} />` : html`<${Board} data=${data} params=${params} />`}
            <${Rules} data=${alerts.data} />
          </div>`
        : !board.error &&
          html`<div class=${classes("skeleton block", board.slow && "visible")} aria-hidden="true"><i></i><i class="tall"></i></div>`
    }
  `;
}

const first = () => `curl -H 'X-API-Key: YOUR_KEY' -H 'Content-Type: application/json' \\
  -d '[{"name": "jobs_done_total", "type": "counter", "value": 1, "labels": {"queue": "mail"}}]' \\
  ${href("api/metrics")}`;

function Nothing({ params }) {
  const ever = useResource("names", (signal) => get("api/metrics/names", {}, { signal }));
  if (!ever.data) return html`<div class="sheet tall"></div>`;
  const known = ever.data.metrics.length;
  if (known)
    return html`<div class="sheet wide"><${Empty} title="No points in this time">
      <p>${plural(known, "metric")} ${known === 1 ? "is" : "are"} known, without points in ${params.get("project") ? `this project and time` : "this time"}.</p>
      <p><${Link} class="button" to="?time=30d">Last 30 days, all projects<//></p>
    <//></div>`;
  return html`<div class="sheet wide"><${Empty} title="No metric has been sent yet">
    <p>Send the first one, and it will be here:</p>
    <${Command} text=${first()} />
    <p class="muted">The key is the service's <code>API_KEY</code>; <code>monlight keys</code> prints it.</p>
  <//></div>`;
}

const Board = ({ data, params }) => html`
  <section class="sheet wide" aria-label="Summary">
    <dl class="tiles">
      <${Tile} name="Points" value=${counted(data.summary.total_datapoints)} />
      <${Tile} name="Metrics" value=${counted(data.summary.distinct_metrics)} />
      ${
        data.server &&
        html`<${Tile} name="Requests" value=${counted(data.server.requests)} />
        <${Tile} name="Failed (5xx)" value=${share(data.server.error_rate)} bad=${data.server.error_rate > 0.01} />
        <${Tile} name="p95 latency" value=${length(ms(data.server.latency.p95, 1000))} />`
      }
    </dl>
  </section>
  ${data.server && html`<${Traffic} title="Server" traffic=${data.server} target="endpoint" targets="endpoints" scale=${1000} />`}
  ${data.browser && html`<${Traffic} title="Requests of browsers" traffic=${data.browser} target="host" targets="hosts" scale=${1} />`}
  ${data.web_vitals && html`<${Vitals} vitals=${data.web_vitals} />`}
  <${Top} metrics=${data.top_metrics} params=${params} />
`;

const ms = (value, scale) => (typeof value === "number" ? value * scale : null);

const Tile = ({ name, value, bad }) =>
  html`<div><dt>${name}</dt><dd class=${bad ? "bad" : undefined}>${value}</dd></div>`;

function Traffic({ title, traffic, target, targets, scale }) {
  const id = `traffic-${target}`;
  const line = traffic.timeseries;
  const long = (value) => length(ms(value, scale));
  return html`<section class="sheet" aria-labelledby=${id}>
    <header><h2 id=${id}>${title}</h2></header>
    <dl class="tiles">
      <${Tile} name="Rate" value=${rate(traffic.rate)} />
      <${Tile} name="Failed" value=${share(traffic.error_rate)} bad=${traffic.error_rate > 0.01} />
      <${Tile} name="p50" value=${long(traffic.latency.p50)} />
      <${Tile} name="p95" value=${long(traffic.latency.p95)} />
      <${Tile} name="p99" value=${long(traffic.latency.p99)} />
    </dl>
    ${
      line.length > 1 &&
      html`<div class="trends">
      <${Trend} name="Requests" values=${line.map((one) => one.requests)} line=${line} />
      <${Trend} name="Failed" values=${line.map((one) => one.errors)} line=${line} tone="level-error" />
      <${Trend} name="p95" values=${line.map((one) => one.p95 ?? 0)} line=${line} />
    </div>`
    }
    <div class="wide-table" tabindex="0" role="region" aria-label=${`${title}: by ${target}`}>
      <table class="plain">
        <thead><tr><th scope="col">${target}</th><th scope="col">Requests</th><th scope="col">Failed</th><th scope="col">p50</th><th scope="col">p95</th></tr></thead>
        <tbody>
          ${traffic[targets].map(
            (one) => html`<tr>
              <td class="long" dir="auto">${one.method && html`<span class="muted">${one.method} </span>`}${one[target] || "/"}</td>
              <td>${compact(one.requests)}</td>
              <td class=${one.error_rate > 0.01 ? "bad" : undefined}>${share(one.error_rate)}</td>
              <td>${long(one.p50 ?? one.latency?.p50)}</td><td>${long(one.p95 ?? one.latency?.p95)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

const Trend = ({ name, values, line, tone }) =>
  html`<figure class=${classes("trend", tone)}>
    <figcaption class="muted small">${name}</figcaption>
    <${Bars} counts=${values} label=${`${name} from ${exact(line[0].bucket)} to ${exact(line.at(-1).bucket)}`} width=${300} height=${36} gap=${300 / values.length / 6} />
  </figure>`;

const Top = ({ metrics, params }) =>
  html`<section class="sheet" aria-labelledby="top-metrics">
    <header><h2 id="top-metrics">Most points</h2></header>
    <table class="plain">
      <thead><tr><th scope="col">Metric</th><th scope="col">Type</th><th scope="col">Points</th></tr></thead>
      <tbody>
        ${metrics.map(
          ({ name, type, count }) => html`<tr>
            <td class="long"><${Link} to=${query({ time: params.get("time"), project: params.get("project"), view: "explore", name })}>${name}<//></td>
            <td class="muted">${type}</td><td title=${plural(count, "point")}>${compact(count)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </section>`;

const tones = { ok: "resolved", pending: "level-warning", firing: "level-error" };

function Rules({ data }) {
  if (!data) return null;
  return html`<section class="sheet" aria-labelledby="rules">
    <header><h2 id="rules">Rules</h2></header>
    ${
      data.rules.length
        ? html`<ul class="rules">
          ${data.rules.map(
            ({ rule, state, value, since }) => html`<li>
              <span class=${classes("badge", tones[state])}>${state}</span> <code>${rule}</code>
              <span class="muted small">now ${figure(value)}${since && html`, ${state} since <${Age} time=${since} />`}</span>
            </li>`,
          )}
        </ul>`
        : html`<p class="nothing muted">No rule is set. One is a line of monlight.env:<br /><code>METRIC_ALERT_1=http_request_duration_seconds p95 5m &gt; 0.5 for 10m</code></p>`
    }
  </section>`;
}
