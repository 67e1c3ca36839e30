// One metric over time, narrowed and parted by its labels.

import { html, useEffect, useMemo } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Choice, everyOf } from "./common/components.js";
import { plural } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { useKeys } from "./common/keys.js";
import { later } from "./common/layout.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { query, setParams, useLocation } from "./common/url.js";
import { POINTS, said, timeOf } from "./asked.js";
import { Bar, toChoices } from "./bar.js";
import { Nothing, Skeleton, ageOf } from "./board.js";
import { Chart } from "./plot.js";
import { Marks, useMarks } from "./marks.js";
import { GROUPS, choicesOf, linesOf, rateLines, statistics } from "./rows.js";
import { formatter, rate } from "./units.js";

const NoMatch = later(() => import("./nomatch.js"));
const Table = later(() => import("./table.js"));
Table.ahead();

const LABELS = 8; // labels that can be chosen by

// "name=value" and "name!=value" of the address, as [name, value, excluded].
const conditions = (params) =>
  params.getAll("label").map((text) => {
    const [, name, not, value] = /^(.*?)(!?)=(.*)$/s.exec(text) ?? [null, text, "", ""];
    return [name, value, not === "!"];
  });

const without = (params, name) =>
  params.getAll("label").filter((text) => !text.startsWith(`${name}=`) && !text.startsWith(`${name}!=`));

export default function Explorer() {
  const { params } = useLocation();
  const every = everyOf(params);
  const project = params.get("project");
  const names = useResource(`names${query({ project })}`, (signal) =>
    get("api/metrics/names", { project }, { signal }),
  );
  const metrics = names.data?.metrics ?? [];
  const name = params.get("name") || metrics[0]?.name || "";
  const group = params.get("group_by");
  const asked = { name, project, group_by: group, label: params.getAll("label"), type: params.get("type") };
  const labels = useResource(name ? `labels${query({ name, project })}` : null, (signal) =>
    get("api/metrics/labels", { name, project }, { signal }),
  );
  const key = query({ ...asked, ...said(params) });
  const points = useResource(
    name ? `points${key}` : null,
    (signal) =>
      get(
        "api/metrics",
        { ...asked, ...timeOf(params, Date.now()), points: POINTS, top: group ? GROUPS : null },
        { signal },
      ),
    { every },
  );
  const marks = useMarks(params);
  const reload = () => [points, marks].forEach((one) => one.reload());
  useKeys([
    { keys: ["/"], label: "Choose a metric", run: toChoices },
    {
      keys: ["t"],
      label: "Go to the table",
      run: () => document.querySelector("[aria-label=Rows]")?.focus(),
    },
  ]);
  useEffect(() => {
    document.title = `${name || "Explore"} · Metrics · Monlight`;
  }, [name]);

  const empty = names.data && !metrics.length && !params.get("name");
  return html`
    <h1 class="offscreen">Explore metrics</h1>
    <${Bar} params=${params} loading=${points.slow} reload=${reload} />
    <${Problem} error=${names.error ?? points.error} retry=${names.error ? names.reload : points.reload} />
    ${
      empty
        ? html`<${Nothing} params=${params} />`
        : html`<${Choices} params=${params} name=${name} metrics=${metrics} known=${labels.data?.labels ?? []} type=${points.data?.type} />
          <${Skeleton} resource=${points} />
          ${points.data && html`<${Points} answer=${points.data} marks=${marks.data} params=${params} age=${ageOf(points)} />`}`
    }
  `;
}

function Choices({ params, name, metrics, known, type }) {
  const group = params.get("group_by") ?? "";
  const stat = params.get("stat");
  const types = metrics.filter((one) => one.name === name).map((one) => one.type);
  const set = conditions(params);
  const choose = (label, value) =>
    setParams({ label: [...without(params, label), ...(value ? [`${label}${value}`] : [])] });
  const value = (label) => {
    const [, text, not] = set.find(([one]) => one === label) ?? [];
    return text === undefined ? "" : `${not ? "!" : ""}=${text}`;
  };
  const offered = known.slice(0, LABELS);
  const others = set.filter(([label]) => !offered.some((one) => one.name === label));
  return html`<div class="bar chosen">
    <${Choice} label="Metric" value=${name} onChange=${(next) => setParams({ name: next, label: null, group_by: null, type: null, stat: null })}
      options=${[...new Set(metrics.map((one) => one.name))].sort()} />
    ${types.length > 1 && html`<${Choice} label="Type" value=${params.get("type") ?? type ?? ""} onChange=${(next) => setParams({ type: next })} options=${types} />`}
    <${Choice} label="Group by" value=${group} onChange=${(next) => setParams({ group_by: next })}
      options=${[["", "All together"], ...known.map(({ name: one }) => [one, `By ${one}`])]} />
    ${type && html`<${Choice} label="Statistic" value=${statistics[type].includes(stat) ? stat : ""} onChange=${(next) => setParams({ stat: next })} options=${choicesOf(type, Boolean(group))} />`}
    ${offered.map(
      (
        label,
      ) => html`<${Choice} key=${label.name} label=${label.name} value=${value(label.name)} onChange=${(next) => choose(label.name, next)}
        options=${valuesFor(label, value(label.name))} />`,
    )}
    ${others.map(
      ([
        label,
        text,
        not,
      ]) => html`<button class="chip set" onClick=${() => [toChoices(), choose(label)]} aria-label=${`${label}${not ? " is not" : ""} ${text}: remove this filter`}>
        <span>${label}${not ? " is not" : ""}</span> <code dir="auto">${text}</code><${Icon} name="close" />
      </button>`,
    )}
  </div>`;
}

// Each value to have, then each to leave out; those of the address are always among them.
function valuesFor(label, chosen) {
  const values = label.values.map((one) => one.value);
  const options = [
    ["", `Any ${label.name}`],
    ...values.map((one) => [`=${one}`, one || "(none)"]),
    ...values.map((one) => [`!=${one}`, `not ${one || "(none)"}`]),
  ];
  if (!options.some(([option]) => option === chosen))
    options.push([chosen, chosen.replace(/^!=/, "not ").replace(/^=/, "")]);
  return options;
}

function Points({ answer, marks, params, age }) {
  const grouped = Boolean(params.get("group_by"));
  const { name, type, data, step } = answer;
  const wanted = params.get("stat");
  const statistic = statistics[type]?.includes(wanted) ? wanted : null;
  const drawn = useMemo(() => {
    const now = Date.now();
    return {
      ...linesOf(answer, { grouped, statistic, now }),
      rates: type === "histogram" && !grouped && rateLines(answer, now),
    };
  }, [answer, grouped, statistic]);
  const isRate = (statistic ?? (type === "counter" && "rate")) === "rate";
  const format = isRate ? rate : formatter(name);
  if (!data.length) return html`<${NoMatch} name=${name} params=${params} />`;
  const only = ({ labels }) => {
    toChoices();
    setParams({
      group_by: null,
      label: [
        ...params.getAll("label"),
        ...Object.entries(labels).map(([label, value]) => `${label}=${value}`),
      ],
    });
  };
  return html`
    <div class=${age || undefined}><section class="sheet" aria-labelledby="name">
      <header><h2 id="name" dir="auto">${name}</h2><span class="badge">${type}</span>
        <span class="muted small">in steps of ${step}${answer.quantile_error ? `, percentiles to ${(100 * answer.quantile_error).toFixed(2)}%` : ""}${drawn.more > 0 && `; the ${GROUPS} largest groups, ${plural(drawn.more, "group")} more`}</span></header>
      <${Marks} marks=${marks} />
      <${Chart} times=${drawn.times} lines=${drawn.lines} band=${drawn.band} marks=${marks} format=${format} onName=${grouped ? only : undefined}
        label=${`${name} over time; the table below has its numbers`} />
      ${drawn.rates && html`<${Chart} times=${drawn.rates.times} lines=${drawn.rates.lines} marks=${marks} format=${rate} height=${120} label=${`How often ${name} is sent; the table below has the counts`} />`}
    </section>
    <${Table} answer=${answer} grouped=${grouped} format=${formatter(name)} /></div>
  `;
}
