// The lines a page needs to report by a key: as a script tag with its integrity hash, in a bundle, and by hand.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Copy } from "./common/components.js";
import { useResource } from "./common/resource.js";
import { useSession } from "./common/session.js";

// Text between quotes in a script that stands in a page: no quote, no end of the script.
const quoted = (text) => JSON.stringify(text).replaceAll("<", "\\u003c");

const config = (key, endpoint) => `{ dsn: ${quoted(key)}, endpoint: ${quoted(endpoint)} }`;

export function Snippets({ of: { public_key: key, origins } }) {
  const { services, version } = useSession();
  const endpoint = services.relay.replace(/\/$/, "");
  const name = `monlight-${version}.min.js`;
  const hashes = useResource("integrity", (signal) =>
    get(`sdk/monlight-${version}.integrity.json`, {}, { signal }),
  );
  const hash = hashes.data?.[name];
  const tag = `<script>window.MonlightConfig = ${config(key, endpoint)};</script>
<script src="${endpoint}/sdk/${name}"${hash ? `\n  integrity="${hash}"` : ""} crossorigin="anonymous"></script>`;
  const bundle = `import { init } from "@monlight/browser";

init(${config(key, endpoint)});`;
  const first = `curl -H 'X-Monlight-Key: ${key.replaceAll("'", "'\\''")}' -H 'Content-Type: application/json' \\
  -d '{"type": "Error", "message": "Hello", "stack": ""}' \\
  ${endpoint}/api/browser/errors`;
  return html`<div class="snippets">
    <${Snippet} title="Script tag" text=${tag} />
    ${hashes.error && html`<p class="muted small">This relay serves no ${name}: its integrity hash is not known, and the script tag will not load.</p>`}
    <${Snippet} title="npm: @monlight/browser" text=${bundle} />
    <${Snippet} title="A first report by hand" text=${first} />
    ${!origins.length && html`<p class="muted small">Pages of other origins may use this key if <code>CORS_ORIGINS</code> names them, or the key's own origins.</p>`}
  </div>`;
}

const Snippet = ({ title, text }) =>
  html`<figure>
    <figcaption>${title}<${Copy} text=${text} name=${`Copy: ${title}`} /></figcaption>
    <pre tabindex="0" aria-label=${title}><code>${text}</code></pre>
  </figure>`;
