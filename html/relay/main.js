// The relay's pages, for who holds its admin key: DSN keys, source maps, and what waits to be handed on.

import { html } from "./vendor/preact.js";
import { later, start } from "./common/layout.js";
import { useLocation } from "./common/url.js";
import Keys from "./keys.js";

// No word of the address is a view but these.
const views = {
  __proto__: null,
  maps: later(() => import("./maps.js")),
  outbox: later(() => import("./outbox.js")),
};

function Relay() {
  const { params } = useLocation();
  const View = views[params.get("view")] ?? Keys;
  return html`<${View} />`;
}

start("relay", Relay);
