// Kinds of nothing: no metric was ever sent, and no points in this time or project.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Command, Empty } from "./common/components.js";
import { plural } from "./common/format.js";
import { useResource } from "./common/resource.js";
import { describeRange } from "./common/time.js";
import { Link, href, query } from "./common/url.js";

const first = () => `curl -H 'X-API-Key: YOUR_KEY' -H 'Content-Type: application/json' \\
  -d '[{"name": "jobs_done_total", "type": "counter", "value": 1, "labels": {"queue": "mail"}}]' \\
  ${href("api/metrics")}`;

export default function Nothing({ params }) {
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
