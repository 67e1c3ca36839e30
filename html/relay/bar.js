// What the three views have above them.

import { html, useEffect } from "./vendor/preact.js";
import { Refresh, Tabs } from "./common/components.js";
import { useKeys } from "./common/keys.js";
import { query } from "./common/url.js";

const views = [
  ["", "Keys"],
  ["maps", "Source maps"],
  ["outbox", "Outbox"],
];

export function Bar({ params, resource, children }) {
  const [view, title] = views.find(([name]) => name === params.get("view")) ?? views[0];
  useKeys([{ keys: ["r"], label: "Refresh", run: resource.reload }]);
  useEffect(() => {
    document.title = `${title} · Relay · Monlight`;
  }, [title]);
  return html`<h1 class="offscreen">${title}</h1>
    <div class="bar">
      <${Tabs} views=${views} current=${view} to=${(name) => query({ view: name, refresh: params.get("refresh") })} />
      ${children}
      <div class="end">
        <${Refresh} params=${params} loading=${resource.slow} reload=${resource.reload} />
      </div>
    </div>`;
}

// As high as what will stand here; invisible while the wait is short.
export const Skeleton = ({ resource }) =>
  !resource.data &&
  !resource.error &&
  html`<div class=${`skeleton block ${resource.slow ? "visible" : ""}`} aria-hidden="true"><i></i><i class="tall"></i></div>`;

// j and k move the focus from row to row.
export function step(by) {
  const rows = [...document.querySelectorAll(".rows > li")];
  const at = rows.indexOf(document.activeElement?.closest(".rows > li"));
  const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
