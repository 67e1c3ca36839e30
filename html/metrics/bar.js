// What all views have above them: which view, which project, which time.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Choice, Refresh, Tabs } from "./common/components.js";
import { useKeys } from "./common/keys.js";
import { useResource } from "./common/resource.js";
import { TimePicker, shiftRange } from "./common/time.js";
import { query, setParams } from "./common/url.js";
import { isTimed, spans } from "./asked.js";

const views = [
  ["", "Overview"],
  ["vitals", "Web Vitals"],
  ["explore", "Explore"],
  ["rules", "Rules"],
];

// What stays when the view changes.
export const kept = (params) =>
  Object.fromEntries(
    ["time", "since", "until", "project", "refresh"].map((name) => [name, params.get(name)]),
  );

// To the choices below the bar: also where the focus goes when what had it is gone.
export const toChoices = () => document.querySelector(".chosen select").focus();

// `still`: the view shows what is now, of all projects.
export function Bar({ params, loading, reload, still }) {
  const projects = useResource(still ? null : "projects", (signal) => get("api/projects", {}, { signal }));
  const value = (name) => params.get(name) ?? "";
  const current = views.some(([view]) => view === value("view")) ? value("view") : "";
  const known = projects.data?.projects?.filter(Boolean) ?? [];
  const shift = (direction) => {
    const range = shiftRange(
      isTimed(params) ? params : new URLSearchParams("time=24h"),
      direction,
      Date.now(),
    );
    if (range) setParams(range);
  };
  useKeys([
    { keys: ["r"], label: "Refresh", run: reload },
    ...(still
      ? []
      : [
          { keys: ["["], label: "Earlier, by the width of the time range", run: () => shift(-1) },
          { keys: ["]"], label: "Later", run: () => shift(1) },
        ]),
    ...views.map(([, label], i) => ({
      keys: [String(i + 1)],
      label: `Go to ${label}`,
      run: () => document.querySelectorAll(".tabs a")[i]?.click(),
    })),
  ]);
  return html`<div class="bar">
    <${Tabs} views=${views} current=${current} to=${(view) => query({ ...kept(params), view })} />
    <div class="end">
      ${
        !still &&
        html`<${Choice} label="Project" value=${value("project")} onChange=${(project) => setParams({ project })}
        options=${[["", "Any project"], ...known]} />
      <${TimePicker} params=${params} onChange=${setParams} spans=${spans} all="Last 24 hours" />`
      }
      <${Refresh} params=${params} loading=${loading} reload=${reload} />
    </div>
  </div>`;
}
