// What the views of the dashboard's answer share: reading it, and saying which emptiness there is.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Command, Empty, classes } from "./common/components.js";
import { plural } from "./common/format.js";
import { useResource } from "./common/resource.js";
import { describeRange } from "./common/time.js";
import { Link, href, query } from "./common/url.js";
import { POINTS, timeOf } from "./asked.js";

export function useBoard(params, labels) {
  const every = Number(params.get("refresh")) || 0;
  const shared = { project: params.get("project"), labels };
  const key = query({
    ...shared,
    time: params.get("time"),
    since: params.get("since"),
    until: params.get("until"),
  });
  return useResource(
    `dashboard${key}`,
    (signal) =>
      get("api/dashboard", { ...shared, ...timeOf(params, Date.now()), points: POINTS }, { signal }),
    { every },
  );
}

export const Skeleton = ({ resource }) =>
  !resource.data &&
  !resource.error &&
  html`<div class=${classes("skeleton block", resource.slow && "visible")} aria-hidden="true"><i></i><i class="tall"></i></div>`;

const first = () => `curl -H 'X-API-Key: YOUR_KEY' -H 'Content-Type: application/json' \\
  -d '[{"name": "jobs_done_total", "type": "counter", "value": 1, "labels": {"queue": "mail"}}]' \\
  ${href("api/metrics")}`;

export function Nothing({ params }) {
  const ever = useResource("names", (signal) => get("api/metrics/names", {}, { signal }));
  if (!ever.data) return html`<div class="sheet wide tall"></div>`;
  const known = ever.data.metrics.length;
  if (known)
    return html`<div class="sheet wide"><${Empty} title="No points in this time">
      <ul class="chips">
        ${params.get("project") && html`<li class="chip">Project <code dir="auto">${params.get("project")}</code></li>`}
        <li class="chip">Time <code>${describeRange(params, "Last 24 hours")}</code></li>
      </ul>
      <p>${plural(known, "metric")} ${known === 1 ? "is" : "are"} known, with points at other times or in other projects. What is older than its retention has been added up to hours and days.</p>
      <p><${Link} class="button" to=${query({ view: params.get("view"), time: "30d" })}>Last 30 days, all projects<//></p>
    <//></div>`;
  return html`<div class="sheet wide"><${Empty} title="No metric has been sent yet">
    <p>Send the first one, and it will be here:</p>
    <${Command} text=${first()} />
    <p class="muted">The key is the service's <code>API_KEY</code>; <code>monlight keys</code> prints it.</p>
  <//></div>`;
}

export const Tile = ({ name, value, bad }) =>
  html`<div><dt>${name}</dt><dd class=${bad ? "bad" : undefined}>${value}</dd></div>`;
