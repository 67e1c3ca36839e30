// The metrics collector's pages: what is going on, and one metric over time.

import { html } from "./vendor/preact.js";
import { later, start } from "./common/layout.js";
import { useLocation } from "./common/url.js";
import Dashboard from "./dashboard.js";

const Explorer = later(() => import("./explorer.js"));

function Metrics() {
  const { params } = useLocation();
  return params.get("view") === "explore" ? html`<${Explorer} />` : html`<${Dashboard} />`;
}

start("metrics", Metrics);
