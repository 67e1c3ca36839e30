// The error tracker's pages: a list, and an error of it.

import { html } from "./vendor/preact.js";
import { start } from "./common/layout.js";
import { useLocation } from "./common/url.js";
import { Detail } from "./detail.js";
import { List } from "./list.js";

function Errors() {
  const { path } = useLocation();
  const id = /^errors\/(\d+)$/.exec(path)?.[1];
  return id ? html`<${Detail} key=${id} id=${id} />` : html`<${List} />`;
}

start("errors", Errors);
