// One metric over time, narrowed and parted by its labels.

import { html, useEffect, useMemo } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Choice, Empty, classes } from "./common/components.js";
import { exact, number, plural } from "./common/format.js";
import { useKeys } from "./common/keys.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { query, setParams, useLocation } from "./common/url.js";
import { Bar, periodOf } from "./bar.js";
import { Chart } from "./chart.js";
import { linesOf } from "./rows.js";
import { figure, formatter, rate } from "./units.js";

const LABELS = 8; // labels that can be chosen by
const ROWS = 200; // of the table

export default function Explorer() {
  const { params } = useLocation();
  const every = Number(params.get("refresh")) || 0;
  const project = params.get("project");
  const names = useResource(`names${query({ project })}`, (signal) =>
    get("api/metrics/names", { project }, { signal }),
  );
  const metrics = names.data?.metrics ?? [];
  const name = params.get("name") || metrics[0]?.name || "";
  const group = params.get("group_by");
  const asked = {
    ...{ name, project, group_by: group, period: periodOf(params) },
    ...{ label: params.getAll("label"), type: params.get("type") },
  };
  const labels = useResource(name ? `labels${query({ name, project })}` : null, (signal) =>
    get("api/metrics/labels", { name, project }, { signal }),
  );
  const points = useResource(
    name ? `points${query(asked)}` : null,
    (signal) => get("api/metrics", asked, { signal }),
    { every },
  );
  useKeys([{ keys: ["r"], label: "Refresh", run: points.reload }]);
  useEffect(() => {
    document.title = `${name || "Explore"} · Metrics · Monlight`;
  }, [name]);

  const known = labels.data?.labels ?? [];
  const chosen = (label) =>
    params
      .getAll("label")
      .find((one) => one.startsWith(`${label}=`))
      ?.slice(label.length + 1) ?? "";
  const choose = (label, value) =>
    setParams({
      label: [
        ...params.getAll("label").filter((one) => !one.startsWith(`${label}=`)),
        ...(value ? [`${label}=${value}`] : []),
      ],
    });
  return html`
    <h1 class="offscreen">Explore metrics</h1>
    <${Bar} params=${params} loading=${points.slow} reload=${points.reload} />
    <${Problem} error=${names.error ?? points.error} retry=${names.error ? names.reload : points.reload} />
    <div class="bar chosen">
      <${Choice} label="Metric" value=${name} onChange=${(next) => setParams({ name: next, label: null, group_by: null, type: null })}
        options=${[...new Set([...metrics.map((one) => one.name), name].filter(Boolean))].sort()} />
      <${Choice} label="Group by" value=${group ?? ""} onChange=${(next) => setParams({ group_by: next })}
        options=${[["", "All together"], ...known.map((label) => [label.name, `By ${label.name}`])]} />
      ${known.slice(0, LABELS).map(
        (
          label,
        ) => html`<${Choice} key=${label.name} label=${label.name} value=${chosen(label.name)} onChange=${(value) => choose(label.name, value)}
          options=${[["", `Any ${label.name}`], ...new Set([...label.values.map((one) => one.value), chosen(label.name)].filter(Boolean))]} />`,
      )}
    </div>
    ${points.data && html`<${Points} answer=${points.data} grouped=${Boolean(group)} stale=${points.slow} />`}
    ${names.data && !name && html`<div class="sheet"><${Empty} title="No metric has been sent yet"><p>The overview has the line that sends the first one.</p><//></div>`}
    ${!points.data && name && !points.error && html`<div class=${classes("skeleton block", points.slow && "visible")} aria-hidden="true"><i></i><i class="tall"></i></div>`}
  `;
}

function Points({ answer, grouped, stale }) {
  const { times, lines, more } = useMemo(() => linesOf(answer, grouped), [answer, grouped]);
  const { name, type, data, resolution } = answer;
  const format = type === "counter" ? rate : formatter(name);
  if (!data.length)
    return html`<div class="sheet"><${Empty} title="No points">
      <p>There is nothing of <code>${name}</code> in this time with these labels.</p>
      ${answer.period !== "30d" && html`<p><button onClick=${() => setParams({ time: "30d" })}>Last 30 days</button></p>`}
    <//></div>`;
  return html`
    <section class=${classes("sheet", stale && "stale")} aria-labelledby="name">
      <header><h2 id="name">${name}</h2><span class="badge">${type}</span>
        <span class="muted small">by ${resolution}${more > 0 && `, ${plural(more, "group")} more not drawn`}</span></header>
      <${Chart} times=${times} lines=${lines} format=${format} label=${`${name} over time; the table below has its numbers`} />
    </section>
    <section class="sheet" aria-labelledby="table">
      <header><h2 id="table">Table</h2><span class="muted small">${data.length > ROWS ? `the newest ${ROWS} of ${number(data.length)} rows` : plural(data.length, "row")}</span></header>
      <div class="wide-table tall-table" tabindex="0" role="region" aria-label="Rows">
        <${Table} data=${data} grouped=${grouped} type=${type} format=${formatter(name)} />
      </div>
    </section>
  `;
}

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
    ["max", "Max"],
  ],
  gauge: [
    ["last", "Last"],
    ["min", "Min"],
    ["avg", "Average"],
    ["max", "Max"],
  ],
};

const Table = ({ data, grouped, type, format }) =>
  html`<table class="plain">
    <thead><tr><th scope="col">Time</th>${grouped && html`<th scope="col">Group</th>`}<th scope="col">Points</th>
      ${columns[type].map(([, title]) => html`<th scope="col">${title}</th>`)}</tr></thead>
    <tbody>
      ${data
        .slice(-ROWS)
        .reverse()
        .map(
          (row) => html`<tr><td class="long"><time datetime=${row.bucket}>${exact(row.bucket)}</time></td>
            ${grouped && html`<td class="group" dir="auto">${Object.values(row.labels ?? {}).join(" · ") || "(none)"}</td>`}
            <td>${number(row.count)}</td>${columns[type].map(([member, , own]) => html`<td>${(own ?? format)(row[member])}</td>`)}</tr>`,
        )}
    </tbody>
  </table>`;
