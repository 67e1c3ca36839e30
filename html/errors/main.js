// The error tracker's pages: a list, an error of it, and what was told of them.

import { html, useEffect } from "./vendor/preact.js";
import { later, start } from "./common/layout.js";
import { useLocation } from "./common/url.js";

const List = later(() => import("./list.js"));
const Detail = later(() => import("./detail.js"));
const Alerts = later(() => import("./alerts.js"));

const SOON = 1000; // after the first view is there, the other is fetched

function Errors() {
  const { path, params } = useLocation();
  const id = /^errors\/(\d+)$/.exec(path)?.[1];
  useEffect(() => {
    const timer = setTimeout(() => [List, Detail].forEach((view) => view.ahead()), SOON);
    return () => clearTimeout(timer);
  }, []);
  if (id) return html`<${Detail} key=${id} id=${id} />`;
  return params.get("view") === "alerts" ? html`<${Alerts} />` : html`<${List} />`;
}

start("errors", Errors);
