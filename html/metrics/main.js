// The metrics collector's pages: what is going on, how pages feel, one metric over time, the rules.

import { html } from "./vendor/preact.js";
import { later, start } from "./common/layout.js";
import { useLocation } from "./common/url.js";

const Overview = later(() => import("./overview.js"));
const views = {
  __proto__: null, // no word of the address is a view but these
  vitals: later(() => import("./vitals.js")),
  explore: later(() => import("./explorer.js")),
  rules: later(() => import("./rules.js")),
};

function Metrics() {
  const { params } = useLocation();
  const View = views[params.get("view")] ?? Overview;
  return html`<${View} />`;
}

start("metrics", Metrics);
