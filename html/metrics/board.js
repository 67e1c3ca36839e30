// What the views of the dashboard's answer share: reading it, and what stands there before it has come.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { classes, everyOf } from "./common/components.js";
import { Icon } from "./common/icons.js";
import { later } from "./common/layout.js";
import { useResource } from "./common/resource.js";
import { query, setParams } from "./common/url.js";
import { POINTS, said, timeOf } from "./asked.js";

// Of what is shown: whether a newer answer is long in coming, or did not come.
export const ageOf = ({ slow, error }) => (slow && "stale") || (error && "aged");

export function useBoard(params, labels) {
  const every = everyOf(params);
  const shared = { project: params.get("project"), labels };
  const key = query({ ...shared, ...said(params) });
  return useResource(
    `dashboard${key}`,
    (signal) =>
      get("api/dashboard", { ...shared, ...timeOf(params, Date.now()), points: POINTS }, { signal }),
    { every },
  );
}

// The outlines of what will come: a strip of figures, if there will be one, and a sheet.
export const Skeleton = ({ resource, tiles = 0 }) =>
  !resource.data &&
  !resource.error &&
  html`<div class=${classes("skeleton outlines", resource.slow && "visible")} aria-hidden="true">
    ${tiles > 0 && html`<div class="sheet tiles">${Array.from({ length: tiles }, () => html`<div><i></i><i class="value"></i></div>`)}</div>`}
    <div class="sheet tall"><i></i><i class="area"></i></div>
  </div>`;

export const Nothing = later(() => import("./nothing.js"));

// A column's head that the rows can be sorted by, most first; `usual` is the column when the address says none.
export const Head = ({ name, label, by, usual }) =>
  html`<th scope="col" aria-sort=${by === name ? "descending" : undefined}>
    <button class="head" onClick=${() => setParams({ by: name === usual ? null : name })}>${label}${by === name && html`<${Icon} name="down" />`}</button>
  </th>`;

export const Tile = ({ name, value, bad }) =>
  html`<div><dt>${name}</dt><dd class=${bad ? "bad" : undefined}>${value}</dd></div>`;
