// The log viewer's pages: lines that a search finds, and a line with those around it.

import { html } from "./vendor/preact.js";
import { later, start } from "./common/layout.js";
import { useLocation } from "./common/url.js";

const Lines = later(() => import("./lines.js"));
const Around = later(() => import("./around.js"));

function Logs() {
  const { params } = useLocation();
  const id = /^\d+$/.exec(params.get("line"))?.[0];
  return id ? html`<${Around} key=${id} id=${id} />` : html`<${Lines} />`;
}

start("logs", Logs);
