// Web Vitals: how pages feel to three quarters of those who visit them; over time, and page by page.

import { html, useEffect, useMemo } from "./vendor/preact.js";
import { Choice, Command, Empty, classes } from "./common/components.js";
import { compact, exact } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { Problem } from "./common/problem.js";
import { useSession } from "./common/session.js";
import { describeRange } from "./common/time.js";
import { Link, members, query, setParams, useLocation } from "./common/url.js";
import { labelIs } from "./asked.js";
import { Bar, toChoices } from "./bar.js";
import { Head, Nothing, Skeleton, ageOf, useBoard } from "./board.js";
import { Chart } from "./plot.js";
import { gridOf, valuesOf } from "./series.js";
import { Cards, rated, ratings, vitals } from "./vital.js";

// As the relay tells them apart.
const devices = [
  ["", "Any device"],
  ["phone", "Phones"],
  ["tablet", "Tablets"],
  ["desktop", "Desktops"],
];

export default function Vitals() {
  const { params } = useLocation();
  const page = params.get("page");
  const device = params.get("device");
  const labels = [page !== null && labelIs("page", page), device && labelIs("device", device)].filter(
    Boolean,
  );
  const board = useBoard(params, labels.join(",") || null);
  const found = board.data?.web_vitals;
  const chosen = vitals.some(([key]) => key === params.get("vital")) ? params.get("vital") : "lcp";
  useEffect(() => {
    document.title = "Web Vitals · Metrics · Monlight";
  }, []);
  return html`
    <h1 class="offscreen">Web Vitals</h1>
    <${Bar} params=${params} loading=${board.slow} reload=${board.reload} />
    <${Problem} error=${board.error} retry=${board.reload} />
    ${
      (found || labels.length > 0) &&
      html`<div class="bar chosen">
        <${Choice} label="Device" value=${device ?? ""} onChange=${(next) => setParams({ device: next })} options=${devices} />
        ${
          page !== null &&
          html`<button class="chip set" onClick=${() => [toChoices(), setParams({ page: null })]} aria-label=${`Page ${page}: remove this filter`}>
            <span>Page</span> <code dir="auto">${page}</code><${Icon} name="close" />
          </button>`
        }
      </div>`
    }
    <${Skeleton} resource=${board} tiles=${5} />
    ${
      board.data &&
      html`<div class=${classes("board", ageOf(board))} aria-busy=${String(board.loading)}>
        ${
          found
            ? html`<${Found} board=${board.data} vitals=${found} chosen=${chosen} params=${params} />`
            : labels.length
              ? html`<${NoMatch} page=${page} device=${device} params=${params} />`
              : board.data.summary.total_datapoints
                ? html`<${NoVitals} />`
                : html`<${Nothing} params=${params} />`
        }
      </div>`
    }
  `;
}

const NoMatch = ({ page, device, params }) =>
  html`<div class="sheet wide"><${Empty} title="No page view matches">
    <ul class="chips">
      ${page !== null && html`<li class="chip">Page <code dir="auto">${page}</code></li>`}
      ${device && html`<li class="chip">Device <code dir="auto">${device}</code></li>`}
      ${params.get("project") && html`<li class="chip">Project <code dir="auto">${params.get("project")}</code></li>`}
      <li class="chip">Time <code>${describeRange(params, "Last 24 hours")}</code></li>
    </ul>
    <p><button onClick=${() => setParams({ page: null, device: null })}>Any page, any device</button></p>
  <//></div>`;

function NoVitals() {
  const { services, version } = useSession();
  const relay = services.relay.replace(/\/$/, "");
  return html`<div class="sheet wide"><${Empty} title="No page has sent its Web Vitals in this time">
    <p>The browser SDK sends them by itself, once a page holds its two lines:</p>
    <${Command} text=${`<script>window.MonlightConfig = { dsn: "YOUR_DSN_KEY", endpoint: "${relay}" };</script>
<script src="${relay}/sdk/monlight-${version}.min.js" crossorigin="anonymous"></script>`} />
    <p><a class="button" href=${services.relay}>Make a DSN key at the relay</a></p>
  <//></div>`;
}

function Found({ board, vitals: { summary, timeseries, by_page: pages }, chosen, params }) {
  const [, short, long, format, limits] = vitals.find(([key]) => key === chosen);
  const trend = useMemo(() => {
    const grid = gridOf(board, Date.now());
    return {
      times: grid.times,
      lines: [
        { name: `${short}, 75th percentile`, values: valuesOf(grid, timeseries, (row) => row[chosen]) },
      ],
    };
  }, [board, chosen]);
  const said = params.get("by");
  const by = vitals.some(([key]) => key === said) ? said : "page_views";
  const sorted = [...(pages ?? [])].sort((a, b) => (b[by] ?? -1) - (a[by] ?? -1));
  const thresholds = useMemo(
    () => [
      { value: limits[0], tone: ".tone-warning" },
      { value: limits[1], tone: ".tone-error" },
    ],
    [chosen],
  );
  return html`
    <section class="sheet wide" aria-labelledby="vitals">
      <header><h2 id="vitals">Web Vitals</h2><span class="muted small">75th percentile of page views</span></header>
      <${Cards} summary=${summary} chosen=${chosen} choose=${(key) => setParams({ vital: key === "lcp" ? null : key })} />
    </section>
    <section class="sheet wide" aria-labelledby="trend">
      <header><h2 id="trend">${long}</h2><span class="muted small">good up to ${format(limits[0])}, poor above ${format(limits[1])}</span></header>
      <${Chart} times=${trend.times} lines=${trend.lines} limits=${thresholds} format=${format} label=${`${long} over time; the table below has its numbers`} />
      <details class="more"><summary>As a table</summary>
        <div class="wide-table tall-table" tabindex="0" role="region" aria-label="Web Vitals over time">
          <${Rated} head="Time" rows=${[...timeseries].reverse()} cell=${(row) => html`<td class="long"><time datetime=${row.bucket}>${exact(row.bucket)}</time></td>`} />
        </div>
      </details>
    </section>
    <section class="sheet wide" aria-labelledby="pages">
      <header><h2 id="pages">By page</h2></header>
      <div class="wide-table" tabindex="0" role="region" aria-label="Web Vitals by page">
        <${Rated} head="Page" rows=${sorted} by=${by}
          cell=${(row) => html`<td class="long"><${Link} title=${row.page} to=${query({ ...members(params), page: row.page })}><bdi>${row.page}</bdi><//></td>`} />
      </div>
    </section>
  `;
}

// With `by`, rows are those of pages: they have views, and can be sorted.
function Rated({ head, rows, cell, by }) {
  const columns = [...(by ? [["page_views", "Views"]] : []), ...vitals];
  return html`<table class="plain">
    <thead><tr><th scope="col">${head}</th>${columns.map(([key, label]) =>
      by
        ? html`<${Head} key=${key} name=${key} label=${label} by=${by} usual="page_views" />`
        : html`<th scope="col" key=${key}>${label}</th>`,
    )}</tr></thead>
    <tbody>
      ${rows.map(
        (row) => html`<tr>
          ${cell(row)}${by && html`<td>${compact(row.page_views)}</td>`}
          ${vitals.map(([key, , , format, limits]) => html`<td class=${`rated ${rated(row[key], limits)}`} title=${ratings[rated(row[key], limits)]}>${format(row[key])}</td>`)}
        </tr>`,
      )}
    </tbody>
  </table>`;
}
