// Three kinds of nothing: never anything, nothing left to do, and nothing that matches.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Command, Empty } from "./common/components.js";
import { plural } from "./common/format.js";
import { useResource } from "./common/resource.js";
import { describeRange, rangeOf } from "./common/time.js";
import { Link, href, query } from "./common/url.js";

const names = {
  search: "Search",
  project: "Project",
  environment: "Environment",
  level: "Level",
  source: "Source",
  release: "Release",
  session_id: "Session",
};

const first = () => `curl -H 'X-API-Key: YOUR_KEY' -H 'Content-Type: application/json' \\
  -d '{"project": "demo", "exception_type": "ValueError", "message": "Hello", "traceback": ""}' \\
  ${href("api/errors")}`;

export function Emptiness({ params, state, filters }) {
  const set = filters.filter((name) => params.get(name));
  const range = rangeOf(params, Date.now());
  const limited = set.length > 0 || range.since || range.until;
  const ever = useResource("errors-ever", (signal) =>
    get("api/errors", { status: "all", limit: 1 }, { signal }),
  );
  if (!ever.data) return html`<div class="sheet tall"></div>`;

  if (ever.data.total === 0)
    return html`<div class="sheet"><${Empty} title="No error has been reported yet">
      <p>Send the first one, and it will be here:</p>
      <${Command} text=${first()} />
      <p class="muted">The key is the service's <code>API_KEY</code>; <code>monlight keys</code> prints it.</p>
    <//></div>`;

  if (limited)
    return html`<div class="sheet"><${Empty} title="Nothing matches">
      <p>No ${state === "all" ? "" : `${state} `}error with</p>
      <ul class="chips">
        ${set.map((name) => html`<li class="chip">${names[name]} <code dir="auto">${params.get(name)}</code></li>`)}
        ${(range.since || range.until) && html`<li class="chip">Seen <code>${describeRange(params)}</code></li>`}
      </ul>
      <p>
        <${Link} class="button" to=${query({ status: params.get("status") })}>Clear the filters<//>
        ${state !== "all" && html` <${Link} class="button" to=${query({ ...Object.fromEntries(params), status: "all", resolved: "", offset: "", cursor: "" })}>Search in all states<//>`}
      </p>
      ${/(^|\s)event_id:\S/.test(params.get("search")) && html`<p class="muted">The <code>event_id</code> of a report is known for 7 days, spelled as it was sent.</p>`}
      ${range.since && html`<p class="muted">What is older than the retention has been deleted.</p>`}
    <//></div>`;

  return html`<div class="sheet"><${Empty} title=${state === "unresolved" ? "All clear" : `Nothing is ${state}`}>
    <p>
      ${state === "unresolved" ? "Every reported error is resolved or ignored. " : ""}
      <${Link} to="?status=all">See all ${plural(ever.data.total, "error")}<//>
    </p>
  <//></div>`;
}
