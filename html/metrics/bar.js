// What both views have above them: which view, which project, which time.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Choice, Refresh } from "./common/components.js";
import { useResource } from "./common/resource.js";
import { describeSpan } from "./common/time.js";
import { Link, query, setParams } from "./common/url.js";

const spans = ["1h", "6h", "24h", "7d", "30d"];

export const periodOf = (params) => params.get("time") ?? "24h";

export function Bar({ params, loading, reload, children }) {
  const projects = useResource("projects", (signal) => get("api/projects", {}, { signal }));
  const value = (name) => params.get(name) ?? "";
  const shared = { time: params.get("time"), project: params.get("project"), refresh: params.get("refresh") };
  const exploring = params.get("view") === "explore";
  const known = projects.data?.projects?.filter(Boolean) ?? [];
  const period = periodOf(params);
  return html`<div class="bar">
    <div class="tabs" role="group" aria-label="View">
      <${Link} to=${query(shared)} aria-current=${exploring ? undefined : "true"}>Overview<//>
      <${Link} to=${query({ ...shared, view: "explore", name: params.get("name") })} aria-current=${exploring ? "true" : undefined}>Explore<//>
    </div>
    ${children}
    <div class="end">
      <${Choice} label="Project" value=${value("project")} onChange=${(project) => setParams({ project })}
        options=${[["", "Any project"], ...new Set([...known, value("project")].filter(Boolean))]} />
      <${Choice} label="Time" value=${period} onChange=${(time) => setParams({ time: time === "24h" ? null : time })}
        options=${[...new Set([...spans, period])].map((span) => [span, /^\d+[smhdw]$/.test(span) ? describeSpan(span) : span])} />
      <${Refresh} every=${value("refresh")} onEvery=${(refresh) => setParams({ refresh }, { replace: true })} loading=${loading} reload=${reload} />
    </div>
  </div>`;
}
