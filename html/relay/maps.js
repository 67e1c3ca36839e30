// Source maps: what the relay has to turn minified places back into source, and which release each answers for.

import { html, useState } from "./vendor/preact.js";
import { get, send } from "./common/api.js";
import { Age, Choice, Command, Empty, Search, classes, everyOf, focusSearch } from "./common/components.js";
import { number, plural } from "./common/format.js";
import { useKeys } from "./common/keys.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { useSession } from "./common/session.js";
import { toast } from "./common/toast.js";
import { Link, setParams, useLocation } from "./common/url.js";
import { Bar, Skeleton, step } from "./bar.js";
import { ranked } from "./resolves.js";
import { Upload } from "./upload.js";

const ROWS = 100; // drawn at once

const sizes = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
function size(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${sizes.format(bytes / 1e3)} kB` : `${sizes.format(bytes / 1e6)} MB`;
}

const sorted = (names) => [...new Set(names)].sort();

export default function Maps() {
  const { params } = useLocation();
  const every = everyOf(params);
  const maps = useResource("maps", (signal) => get("api/source-maps", {}, { signal }), { every });
  const value = (name) => params.get(name) ?? "";
  const all = ranked(maps.data?.source_maps ?? []);
  const ofProject = all.filter((map) => !value("project") || map.project === value("project"));
  const found = ofProject.filter(
    (map) =>
      (!value("release") || map.release === value("release")) &&
      [map.file_url, map.debug_id ?? ""].some((text) =>
        text.toLowerCase().includes(value("search").toLowerCase()),
      ),
  );
  const shown = Math.max(ROWS, Number(params.get("rows")) || 0);
  const narrow = (patch, options) => setParams({ rows: null, ...patch }, options);
  useKeys([
    { keys: ["/"], label: "Search", run: focusSearch },
    { keys: ["j", "ArrowDown"], label: "Next map", run: () => step(1) },
    { keys: ["k", "ArrowUp"], label: "Previous map", run: () => step(-1) },
  ]);
  return html`
    <${Bar} params=${params} resource=${maps} />
    <${Problem} error=${maps.error} retry=${maps.reload} />
    <${Upload} done=${maps.reload} projects=${sorted(all.map((map) => map.project))} />
    <div class="bar">
      <${Search} value=${value("search")} label="Search files" placeholder="Search file or debug id"
        onChange=${(search) => narrow({ search }, { replace: Boolean(search && value("search")) })} />
      <div class="choices">
        <${Choice} label="Project" value=${value("project")} onChange=${(project) => narrow({ project, release: null })}
          options=${[["", "Any project"], ...sorted(all.map((map) => map.project))]} />
        <${Choice} label="Release" value=${value("release")} onChange=${(release) => narrow({ release })}
          options=${[["", "Any release"], ...sorted(ofProject.map((map) => map.release)).reverse()]} />
      </div>
    </div>
    <${Skeleton} resource=${maps} />
    ${
      maps.data &&
      html`<section class=${classes("sheet", maps.slow && "stale")} aria-labelledby="maps">
        <header><h2 id="maps">Source maps</h2><span class="muted small" role="status">${plural(found.length, "map")}</span></header>
        ${found.length > 0 && html`<p class="explain muted small">A frame is read with the map of its report's release. Maps marked <span class="badge new">newest</span> also answer for releases that have none of their own.</p>`}
        ${found.length > 0 && html`<ul class="rows">${found.slice(0, shown).map((map) => html`<${SourceMap} key=${map.id} of=${map} reload=${maps.reload} />`)}</ul>`}
        ${found.length > shown && html`<p class="more-rows"><button onClick=${() => setParams({ rows: shown + 5 * ROWS }, { replace: true })}>Show more of ${number(found.length)}</button></p>`}
        ${!found.length && (all.length ? html`<${NoMatch} params=${params} />` : html`<${Nothing} />`)}
      </section>`
    }
  `;
}

const NoMatch = ({ params }) =>
  html`<${Empty} title="No map matches">
    <ul class="chips">
      ${["search", "project", "release"].filter((name) => params.get(name)).map((name) => html`<li class="chip">${name} <code dir="auto">${params.get(name)}</code></li>`)}
    </ul>
    <p><${Link} class="button" to="?view=maps">Show all maps<//></p>
  <//>`;

function Nothing() {
  const { services } = useSession();
  const text = `curl -H 'X-API-Key: YOUR_ADMIN_KEY' -H 'Content-Type: application/json' \\
  --data-binary @dist/app.min.js.map \\
  '${services.relay.replace(/\/$/, "")}/api/source-maps?project=shop&release=1.0.0&file_url=/assets/app.min.js'`;
  return html`<${Empty} title="No source map has been uploaded yet">
    <p>Upload one above, or from your build:</p>
    <${Command} text=${text} />
    <p class="muted">The key is <code>ADMIN_API_KEY</code> of the relay; <code>monlight keys</code> prints it.</p>
  <//>`;
}

function SourceMap({ of: map, reload }) {
  const [sure, setSure] = useState(false);
  const drop = (event) => {
    if (!sure) {
      setSure(true);
      return;
    }
    const row = event.currentTarget.closest("li");
    send(`api/source-maps/${map.id}`, { method: "DELETE" }).then(
      async () => {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        toast("The map is deleted");
        await reload();
        next?.focus();
      },
      (error) => toast(error.message),
    );
  };
  return html`<li tabindex="-1" class="map" aria-label=${map.file_url}>
    <div class="who">
      <strong class="file" dir="ltr">${map.file_url}</strong>
      ${map.debug_id && html`<p class="token muted"><code>${map.debug_id}</code></p>`}
    </div>
    <p class="of"><span dir="auto">${map.project}</span> <span class="chip" dir="auto">${map.release}</span>${map.newest && html` <span class="badge new">newest</span>`}</p>
    <dl class="use">
      <div><dt>Size</dt><dd>${size(map.bytes)}</dd></div>
      <div><dt>Uploaded</dt><dd><${Age} time=${map.uploaded_at} /></dd></div>
    </dl>
    <div class="acts">
      <button class=${classes(sure && "danger")} onClick=${drop} onKeyDown=${({ key }) => key === "Escape" && setSure(false)} onBlur=${() => setSure(false)} aria-live="polite">${sure ? "Really delete?" : "Delete"}</button>
    </div>
  </li>`;
}
