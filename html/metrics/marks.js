// Releases that were shipped, which charts mark and heads of sheets name.
// Whoever ships one sends a point of the counter below.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Age, everyOf } from "./common/components.js";
import { useResource } from "./common/resource.js";
import { query } from "./common/url.js";
import { POINTS, said, timeOf } from "./asked.js";

const COUNTER = "deployments_total";
const NAMED = 3; // in a head
const GROUPS = 100; // releases of one time range

// Its data: [{at, name}], the newest first, with the beginnings of the chart's own buckets.
export function useMarks(params) {
  const project = params.get("project");
  const every = everyOf(params);
  const load = async (signal) => {
    const asked = { name: COUNTER, project, group_by: "release", top: GROUPS, points: POINTS };
    const answer = await get("api/metrics", { ...asked, ...timeOf(params, Date.now()) }, { signal });
    return answer.data
      .map(({ bucket, labels }) => ({ at: Date.parse(bucket) / 1000, name: labels?.release || "a release" }))
      .reverse();
  };
  return useResource(`marks${query({ project, ...said(params) })}`, load, { every });
}

export const Marks = ({ marks }) =>
  marks?.length > 0 &&
  html`<ul class="marks small" aria-label="Releases">
    ${marks.slice(0, NAMED).map(({ at, name }) => html`<li class="flag" key=${`${at} ${name}`}><bdi class="clip">${name}</bdi> <span class="muted"><${Age} time=${new Date(at * 1000).toISOString()} /></span></li>`)}
    ${marks.length > NAMED && html`<li class="muted">and ${marks.length - NAMED} before</li>`}
  </ul>`;
