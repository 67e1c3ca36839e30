// One error: its cause, how often and where it happens, and what to do with it.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Copy, Empty, Level, Refresh, classes, everyOf } from "./common/components.js";
import { oneLine } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { useKeys } from "./common/keys.js";
import { later } from "./common/layout.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { toast } from "./common/toast.js";
import { Link, navigate, setParams, useLocation, useScroll } from "./common/url.js";
import { Occurrence } from "./occurrence.js";
import { asMarkdown, asText } from "./report.js";
import { Side, newest } from "./side.js";
import { change, shown } from "./state.js";

const Ask = later(() => import("./ask.js"));

const SCROLLS = 200; // characters of a message that may need to be scrolled, by keys as well

// The kept reports, newest first: those of the detail at once, the others when they have come.
function merged(error, more) {
  const byId = new Map();
  for (const one of [...error.occurrences, error.first_occurrence, ...(more ?? [])])
    if (one) byId.set(one.id, one);
  return [...byId.values()].sort((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp) || b.id - a.id);
}

export default function Detail({ id }) {
  const { params } = useLocation();
  const path = `api/errors/${id}`;
  const every = everyOf(params);
  const detail = useResource(`errors/${id}`, (signal) => get(path, {}, { signal }), { every });
  const kept = useResource(detail.data ? `errors/${id}/kept` : null, (signal) =>
    get(`${path}/occurrences`, {}, { signal }),
  );
  const title = useRef(null);
  const [asked, setAsked] = useState(null);

  const error = detail.data;
  const occurrences = useMemo(() => (error ? merged(error, kept.data?.occurrences) : []), [error, kept.data]);
  const wanted = occurrences.findIndex((one) => String(one.id) === params.get("occurrence"));
  const at = Math.max(wanted, 0);
  const walk = (to) => {
    const one = occurrences[Math.min(Math.max(to, 0), occurrences.length - 1)];
    if (one) setParams({ occurrence: to <= 0 ? null : one.id }, { replace: true });
  };

  // An old link: what it led to is a part of this one.
  useEffect(() => {
    if (!error || String(error.id) === id) return;
    navigate(`errors/${error.id}`, { replace: true });
    toast(`Error ${id} was merged into this one`);
  }, [error?.id]);

  useScroll(Boolean(error), id);
  // At once: who goes back before the next frame is to find this one's row.
  useLayoutEffect(() => {
    shown.opened = id;
  }, [id]);
  useEffect(() => {
    document.title = error
      ? `${oneLine(`${error.exception_type}: ${error.message}`, 80)} · Monlight`
      : "Error · Monlight";
    title.current?.focus({ preventScroll: true });
  }, [Boolean(error)]);

  const act = (verb, terms) => {
    if (verb !== "delete") return change(verb, [id], detail.reload, terms);
    // Nothing is left to be shown here.
    return change(verb, [id], () => navigate(shown.query, { replace: true }));
  };
  const turn = () => error && act(error.status === "unresolved" ? "resolve" : "reopen");
  const ask = (what) => error && setAsked(what);
  const neighbour = (by) => shown.ids[shown.ids.indexOf(id) + by];
  const go = (by) => shown.ids.includes(id) && neighbour(by) && navigate(`errors/${neighbour(by)}`);
  useKeys([
    { keys: ["e"], label: "Resolve or reopen", run: turn },
    { keys: ["m"], label: "Ignore", run: () => ask("ignore") },
    { keys: ["Delete"], label: "Delete", run: () => ask("delete") },
    { keys: ["j", "ArrowDown"], label: "Next error of the list", run: () => go(1) },
    { keys: ["k", "ArrowUp"], label: "Previous error of the list", run: () => go(-1) },
    { keys: ["p", "ArrowLeft"], label: "Older report", run: () => walk(at + 1) },
    { keys: ["n", "ArrowRight"], label: "Newer report", run: () => walk(at - 1) },
    { keys: ["u", "Escape"], label: "Back to the list", run: () => navigate(shown.query) },
    { keys: ["r"], label: "Refresh", run: detail.reload },
  ]);

  const occurrence = occurrences[at];
  const gone = detail.error?.status === 404 && !error;
  return html`
    <div class="bar crumbs">
      <${Link} to=${shown.query} class="back"><${Icon} name="left" />Errors<//>
      <div class="end">
        ${
          shown.ids.includes(id) &&
          html`<div class="joined">
          <button class="icon" aria-label="Previous error" title="Previous error (k)" disabled=${!neighbour(-1)} onClick=${() => go(-1)}><${Icon} name="left" /></button>
          <button class="icon" aria-label="Next error" title="Next error (j)" disabled=${!neighbour(1)} onClick=${() => go(1)}><${Icon} name="right" /></button>
        </div>`
        }
        <${Refresh} params=${params} loading=${detail.slow} reload=${detail.reload} />
      </div>
    </div>
    ${!error && html`<h1 class="offscreen">Error ${id}</h1>`}
    ${gone ? html`<${Gone} id=${id} />` : html`<${Problem} error=${detail.error} retry=${detail.reload} />`}
    ${
      error
        ? html`<${Head} error=${error} occurrence=${occurrence} turn=${turn} ask=${ask} title=${title} />
          <div class=${classes("detail", detail.slow && "stale")}>
            <div class="main">
              <${Occurrence} error=${error} occurrences=${occurrences} at=${at} walk=${walk} raw=${params.get("view") === "raw"} />
            </div>
            <${Side} error=${error} reload=${detail.reload} />
          </div>
          ${
            asked &&
            html`<${Ask} what=${asked} errors=${[error]} releases=${newest(error.releases).map(({ name }) => name)}
              act=${act} onClose=${() => setAsked(null)} />`
          }`
        : !detail.error && html`<${Skeleton} shown=${detail.slow} />`
    }
  `;
}

const Gone = ({ id }) =>
  html`<div class="sheet"><${Empty} title=${`There is no error ${id}`}>
    <p>It was deleted, or forgotten some time after it was resolved. Should it come again, it is a new error.</p>
    <p><${Link} class="button" to=${shown.query}>Back to the list<//></p>
  <//></div>`;

function Head({ error, occurrence, turn, ask, title }) {
  const open = error.status === "unresolved";
  const address = `${location.origin}${location.pathname}`;
  return html`<header class=${`title level-${error.level}`}>
    <div class="words">
      <p class="line">
        <span class=${`badge ${error.status}`}>${error.status}</span>
        <${Level} level=${error.level} />
        <${Link} class="badge plain" to=${`?project=${encodeURIComponent(error.project)}`}>${error.project}<//>
        <span class="badge plain">${error.source}</span>
      </p>
      <h1 ref=${title} tabindex="-1" dir="auto">${error.exception_type}</h1>
      <p class="message" dir="auto" tabindex=${error.message.length > SCROLLS ? 0 : undefined}>${error.message || html`<span class="muted">no message</span>`}</p>
    </div>
    <div class="acts">
      <button class=${open ? "primary" : ""} onClick=${turn} title=${`${open ? "Resolve" : "Reopen"} (e)`} aria-keyshortcuts="e">
        <${Icon} name=${open ? "check" : "undo"} />${open ? "Resolve" : "Reopen"}
      </button>
      ${
        open &&
        html`<button onClick=${() => ask("release")} title="Only a later release reopens it">Resolve in…</button>
          <button onClick=${() => ask("ignore")} title="Ignore (m)" aria-keyshortcuts="m"><${Icon} name="mute" />Ignore…</button>`
      }
      <button onClick=${() => ask("delete")} aria-keyshortcuts="Delete"><${Icon} name="trash" />Delete…</button>
      <${Copy} quiet=${false} label="Copy" text=${() => asText(error, occurrence)} />
      <${Copy} quiet=${false} label="Markdown" name="Copy as Markdown" text=${() => asMarkdown(error, occurrence, address)} />
    </div>
  </header>`;
}

const Skeleton = ({ shown: visible }) =>
  html`<div class=${classes("skeleton block", visible && "visible")} aria-hidden="true">
    <i class="wide"></i><i></i><div class="detail"><i class="tall"></i><i class="tall"></i></div>
  </div>`;
