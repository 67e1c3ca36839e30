// What is going on, at a glance: requests on the server and from browsers, how pages feel, what is sent most.

import { html, useEffect } from "./vendor/preact.js";
import { classes } from "./common/components.js";
import { compact, plural } from "./common/format.js";
import { Problem } from "./common/problem.js";
import { Link, query, useLocation } from "./common/url.js";
import { Bar, kept } from "./bar.js";
import { Nothing, Skeleton, Tile, ageOf, useBoard } from "./board.js";
import { useMarks } from "./marks.js";
import { Traffic } from "./traffic.js";
import { counted, length, share } from "./units.js";
import { Cards } from "./vital.js";

export default function Overview() {
  const { params } = useLocation();
  const board = useBoard(params);
  const { data } = board;
  const marks = useMarks(params);
  const reload = () => [board, marks].forEach((one) => one.reload());
  useEffect(() => {
    document.title = "Metrics · Monlight";
  }, []);
  return html`
    <h1 class="offscreen">Metrics</h1>
    <${Bar} params=${params} loading=${board.slow} reload=${reload} />
    <${Problem} error=${board.error} retry=${board.reload} />
    <${Skeleton} resource=${board} tiles=${5} />
    ${
      data &&
      html`<div class=${classes("board", ageOf(board))} aria-busy=${String(board.loading)}>
        ${data.summary.total_datapoints ? html`<${Board} data=${data} marks=${marks.data} params=${params} />` : html`<${Nothing} params=${params} />`}
      </div>`
    }
  `;
}

const Board = ({ data, marks, params }) => html`
  <section class="sheet wide" aria-label="Summary">
    <dl class="tiles">
      <${Tile} name="Points" value=${counted(data.summary.total_datapoints)} />
      <${Tile} name="Metrics" value=${counted(data.summary.distinct_metrics)} />
      ${
        data.server &&
        html`<${Tile} name="Requests" value=${counted(data.server.requests)} />
        <${Tile} name="Failed (5xx)" value=${share(data.server.error_rate)} bad=${data.server.error_rate > 0.01} />
        <${Tile} name="p95 latency" value=${length(1000 * data.server.latency.p95)} />`
      }
    </dl>
  </section>
  ${data.server && html`<${Traffic} title="Server" board=${data} traffic=${data.server} marks=${marks} target="endpoint" params=${params} metric="http_request_duration_seconds" scale=${1000} />`}
  ${data.browser && html`<${Traffic} title="Requests of browsers" board=${data} traffic=${data.browser} marks=${marks} target="host" params=${params} metric="browser_http_request_duration_ms" scale=${1} />`}
  ${
    data.web_vitals &&
    html`<section class="sheet wide" aria-labelledby="vitals">
    <header><h2 id="vitals">Web Vitals</h2><span class="muted small">75th percentile of page views</span>
      <${Link} class="end" to=${query({ ...kept(params), view: "vitals" })}>By page and over time<//></header>
    <${Cards} summary=${data.web_vitals.summary} />
  </section>`
  }
  <${Top} metrics=${data.top_metrics} params=${params} />
`;

const Top = ({ metrics, params }) =>
  html`<section class="sheet wide" aria-labelledby="top-metrics">
    <header><h2 id="top-metrics">Most points</h2></header>
    <div class="wide-table" tabindex="0" role="region" aria-label="Metrics with the most points">
      <table class="plain">
        <thead><tr><th scope="col">Metric</th><th scope="col">Type</th><th scope="col">Points</th></tr></thead>
        <tbody>
          ${metrics.map(
            ({ name, type, count }) => html`<tr>
              <td class="long"><${Link} dir="auto" title=${name} to=${query({ ...kept(params), view: "explore", name, type })}>${name}<//></td>
              <td class="muted">${type}</td><td title=${plural(count, "point")}>${compact(count)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
