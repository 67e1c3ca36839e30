// Requests: how many, how many fail, how long they take, and where.

import { html, useMemo } from "./vendor/preact.js";
import { compact } from "./common/format.js";
import { useSession } from "./common/session.js";
import { Link, query } from "./common/url.js";
import { isTimed } from "./asked.js";
import { kept } from "./bar.js";
import { Head, Tile } from "./board.js";
import { Marks } from "./marks.js";
import { Chart } from "./plot.js";
import { gridOf, rateOf, valuesOf } from "./series.js";
import { length, rate, share } from "./units.js";

const HEIGHT = 150;

const quantiles = ["p50", "p95", "p99"];

// Latencies of one row as milliseconds, whether it has them itself or in a member.
const latency = (row, name, scale) => {
  const value = row[name] ?? row.latency?.[name];
  return typeof value === "number" ? value * scale : null;
};

// The tracker's list of the same time, those seen for the first time in it on top.
const errors = (tracker, params, source) => {
  const time = isTimed(params) ? {} : { time: "24h" };
  return new URL(query({ ...kept(params), ...time, refresh: null, source, sort: "first_seen" }), tracker)
    .href;
};

export function Traffic({ title, board, traffic, marks, target, params, metric, scale }) {
  const { services } = useSession();
  const id = `traffic-${target}`;
  const charts = useMemo(() => {
    const now = Date.now();
    const grid = gridOf(board, now);
    const rows = traffic.timeseries;
    const each = (pick) => rateOf(grid, rows, (row) => pick(row) / grid.seconds, now);
    const long = (name) => valuesOf(grid, rows, (row) => latency(row, name, scale));
    return {
      times: grid.times,
      rates: [
        { name: "requests", values: each((row) => row.requests) },
        { name: "failed", values: each((row) => row.errors), tone: "tone-error" },
      ],
      latencies: quantiles.map((name) => ({ name, values: long(name) })),
      failures: [
        { name: "error rate", values: valuesOf(grid, rows, (row) => row.error_rate), tone: "tone-error" },
      ],
    };
  }, [board, traffic]);
  const over = (what) => `${title}: ${what} over time; the figures and the table have the sums`;
  return html`<section class="sheet wide" aria-labelledby=${id}>
    <header><h2 id=${id}>${title}</h2>
      ${services.errors && html`<a class="end" href=${errors(services.errors, params, target === "host" ? "browser" : null)}>New errors in this time</a>`}</header>
    <dl class="tiles">
      <${Tile} name="Rate" value=${rate(traffic.rate)} />
      <${Tile} name="Failed" value=${share(traffic.error_rate)} bad=${traffic.error_rate > 0.01} />
      ${quantiles.map((name) => html`<${Tile} name=${name} value=${length(latency(traffic, name, scale))} />`)}
    </dl>
    <${Marks} marks=${marks} />
    <div class="charts">
      <${Chart} times=${charts.times} lines=${charts.rates} format=${rate} marks=${marks} height=${HEIGHT} label=${over("requests each second")} />
      <${Chart} times=${charts.times} lines=${charts.latencies} format=${length} marks=${marks} height=${HEIGHT} label=${over("latency")} />
      <${Chart} times=${charts.times} lines=${charts.failures} format=${share} marks=${marks} height=${HEIGHT} label=${over("share of failed requests")} />
    </div>
    <${Targets} title=${title} rows=${traffic[`${target}s`]} target=${target} params=${params} metric=${metric} scale=${scale} />
  </section>`;
}

const columns = [
  ["requests", "Requests"],
  ["error_rate", "Failed"],
  ...quantiles.map((name) => [name, name]),
];

function Targets({ title, rows, target, params, metric, scale }) {
  const said = params.get("by");
  const by = columns.some(([name]) => name === said) ? said : "requests";
  const worth = (row) => (by === "requests" || by === "error_rate" ? row[by] : (latency(row, by, 1) ?? -1));
  const sorted = [...rows].sort((a, b) => worth(b) - worth(a));
  const explore = (row) =>
    query({
      ...{ ...kept(params), view: "explore", name: metric },
      label: [`${target}=${row[target] ?? ""}`, row.method && `method=${row.method}`],
    });
  return html`<div class="wide-table" tabindex="0" role="region" aria-label=${`${title}: by ${target}`}>
    <table class="plain">
      <thead><tr><th scope="col">${target}</th>
        ${columns.map(([name, label]) => html`<${Head} name=${name} label=${label} by=${by} usual="requests" />`)}
      </tr></thead>
      <tbody>
        ${sorted.map(
          (row) => html`<tr>
            <td class="long">${row.method && html`<bdi class="muted">${row.method}</bdi> `}<${Link} to=${explore(row)} title=${row[target]}><bdi>${row[target] || "(none)"}</bdi><//></td>
            <td>${compact(row.requests)}</td>
            <td class=${row.error_rate > 0.01 ? "bad" : undefined}>${share(row.error_rate)}</td>
            ${quantiles.map((name) => html`<td>${length(latency(row, name, scale))}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
