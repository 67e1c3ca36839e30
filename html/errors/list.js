// The list of errors: what is broken, how often, since when, and where.

import { html, useEffect, useState } from "./vendor/preact.js";
import { get } from "./common/api.js";
import {
  Age,
  Bars,
  Choice,
  Level,
  Refresh,
  Search,
  classes,
  everyOf,
  focusSearch,
} from "./common/components.js";
import { compact, number, oneLine, plural } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { useKeys } from "./common/keys.js";
import { later } from "./common/layout.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { TimePicker, rangeOf, shiftRange } from "./common/time.js";
import { Link, navigate, query, setParams, useLocation, useScroll } from "./common/url.js";
import { Emptiness } from "./empty.js";
import { change, merge, shown } from "./state.js";

const Ask = later(() => import("./ask.js"));

const PAGE = 50;
const ANSWERS = 40; // that a page is put together from, at most
const DAY = 86_400_000;

const states = [
  ["unresolved", "Unresolved"],
  ["resolved", "Resolved"],
  ["ignored", "Ignored"],
  ["all", "All"],
];
const levels = ["fatal", "error", "warning", "info", "debug"];
const sources = ["server", "browser"];
const sorts = [
  ["", "By last seen"],
  ["first_seen", "By first seen"],
  ["count", "By events"],
];
// What narrows the list beside its state, in the order it is named when nothing matches.
const filters = ["search", "project", "environment", "level", "source", "release", "session_id"];

// The address as the interface reads it: nothing that is empty, the first of what is doubled; and as the choices
// have it, where the order by last seen goes without saying.
function asRead(params) {
  const read = new URLSearchParams();
  for (const [name, value] of params) if (value && !read.has(name)) read.set(name, value);
  if (!sources.includes(read.get("source"))) read.delete("source");
  if (read.get("sort") === "last_seen") read.delete("sort");
  if (read.has("level")) read.set("level", read.get("level").toLowerCase());
  return read;
}

// Links to the original's page said resolved=true.
const stateOf = (params) =>
  params.get("status") ?? (/^(true|1)$/.test(params.get("resolved")) ? "resolved" : "unresolved");

const request = (params) => ({
  ...Object.fromEntries(filters.map((name) => [name, params.get(name)])),
  ...rangeOf(params, Date.now()),
  status: stateOf(params),
  sort: params.get("sort"),
  offset: params.get("cursor") ? null : params.get("offset"),
  cursor: params.get("cursor"),
  limit: PAGE,
});

// A page of the list.  An answer may be short, even empty, and not the last, where few of many errors match.
async function load(params, signal) {
  const asked = request(params);
  let page = await get("api/errors", asked, { signal });
  for (let i = 1; i < ANSWERS && page.next_cursor && page.errors.length < PAGE && !asked.offset; i++) {
    const more = await get("api/errors", { ...asked, cursor: page.next_cursor }, { signal });
    page = { ...more, errors: [...page.errors, ...more.errors] };
  }
  return asked.cursor ? { ...page, offset: Number(params.get("offset")) || 0 } : page;
}

const firstPage = { offset: null, cursor: null };

// A changed filter begins at the first page.
const narrow = (patch, options) => setParams({ ...firstPage, ...patch }, options);

export default function List() {
  const params = asRead(useLocation().params);
  const every = everyOf(params);
  const key = `errors${query({ ...Object.fromEntries(params), refresh: null })}`;
  const list = useResource(key, (signal) => load(params, signal), { every });
  const projects = useResource("projects", (signal) => get("api/projects", {}, { signal }));
  const within = { project: params.get("project"), status: stateOf(params) };
  if (within.status === "all") delete within.status;
  const scopes = useResource(`scopes${query(within)}`, (signal) => get("api/scopes", within, { signal }));
  const [picked, setPicked] = useState(new Set());
  const [asked, setAsked] = useState(null); // {what, ids}

  const errors = list.data?.errors ?? [];

  useEffect(() => setPicked(new Set()), [key]);
  useEffect(() => {
    shown.query = location.search;
    shown.ids = errors.map((error) => String(error.id));
    document.title = `${list.data ? `(${compact(list.data.total)}) ` : ""}Errors · Monlight`;
  }, [list.data]);
  useScroll(Boolean(list.data), key);
  useEffect(() => list.data && resume(), [Boolean(list.data)]);

  const nothing = list.data && !errors.length && !list.loading;
  const isEmpty = nothing && !list.data.total && !list.data.next_cursor;
  // The last page is gone once all on it are resolved: then it is the one before, where it is known.
  const isBehind =
    nothing && !isEmpty && params.has("offset") && !(params.has("cursor") && list.data.next_cursor);
  useEffect(() => {
    if (!isBehind) return;
    const { total, next_cursor: next } = list.data;
    const last = params.has("cursor") || next ? 0 : Math.floor((total - 1) / PAGE) * PAGE;
    setParams({ cursor: null, offset: last || null }, { replace: true });
  }, [isBehind]);
  const toggle = (id) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  const reload = () => {
    scopes.reload();
    return list.reload();
  };
  const act = (verb, ids, terms) => {
    setPicked(new Set());
    change(verb, ids, reload, terms);
  };
  const join = (into, ids) => {
    setPicked(new Set());
    merge(
      into,
      ids.filter((id) => id !== into),
      reload,
    );
  };
  // What a key is about: what is selected, else the row with the focus.
  const meant = () => (picked.size ? [...picked] : [current()].filter(Boolean));
  const ask = (what, ids) => ids.length && setAsked({ what, ids });

  const shift = (direction) => {
    const range = shiftRange(params, direction, Date.now());
    if (range) narrow(range);
  };
  useKeys([
    { keys: ["/"], label: "Search", run: focusSearch },
    { keys: ["j", "ArrowDown"], label: "Next error", run: () => step(1) },
    { keys: ["k", "ArrowUp"], label: "Previous error", run: () => step(-1) },
    { keys: ["Enter"], label: "Open it", run: () => current() && navigate(`errors/${current()}`) },
    { keys: ["x"], label: "Select it", run: () => current() && toggle(current()) },
    {
      keys: ["e"],
      label: "Resolve it, or what is selected",
      run: () => meant().length && act("resolve", meant()),
    },
    { keys: ["m"], label: "Ignore it, or what is selected", run: () => ask("ignore", meant()) },
    { keys: ["Delete"], label: "Delete it, or what is selected", run: () => ask("delete", meant()) },
    { keys: ["Escape"], label: "Select nothing", run: () => setPicked(new Set()) },
    { keys: ["r"], label: "Refresh", run: reload },
    { keys: ["["], label: "Earlier, by the width of the time range", run: () => shift(-1) },
    { keys: ["]"], label: "Later", run: () => shift(1) },
  ]);

  return html`
    <h1 class="offscreen">Errors</h1>
    <${Toolbar} params=${params} projects=${projects.data?.projects ?? []} scopes=${scopes.data} list=${list} reload=${reload} />
    <${Problem} error=${list.error} retry=${list.reload} />
    ${
      isEmpty
        ? html`<${Emptiness} params=${params} state=${stateOf(params)} filters=${filters} />`
        : (list.data || !list.error) &&
          html`<${Table} list=${list} errors=${errors} params=${params} picked=${picked} setPicked=${setPicked} toggle=${toggle} act=${act} ask=${ask} />`
    }
    <${Pager} data=${list.data} />
    ${
      asked &&
      html`<${Ask} what=${asked.what} errors=${errors.filter((error) => asked.ids.includes(String(error.id)))}
        releases=${scopes.data?.releases.map((release) => release.name)} onClose=${() => setAsked(null)}
        act=${(verb, terms) => act(verb, asked.ids, terms)} join=${(into) => join(into, asked.ids)} />`
    }
  `;
}

// The row the focus is in: j and k move the focus itself, so that a screen reader follows.
const rows = () => [...document.querySelectorAll("tr[data-id]")];
const currentRow = () => document.activeElement?.closest("tr[data-id]");
const current = () => currentRow()?.dataset.id;

let left = -1; // where the focus was, when its row is gone

function step(by) {
  const all = rows();
  let at = all.indexOf(currentRow());
  if (at === -1) at = by > 0 ? left - 1 : left;
  left = Math.min(Math.max(at + by, 0), all.length - 1);
  all[left]?.querySelector("a").focus();
  all[left]?.scrollIntoView({ block: "nearest" });
}

// Back from an error, the focus is on its row again.
function resume() {
  if (document.activeElement !== document.body) return;
  const at = rows().findIndex((row) => row.dataset.id === shown.opened);
  if (at === -1) return;
  left = at;
  rows()[at].querySelector("a").focus({ preventScroll: true });
}

// Names with how many errors each has.
const counted = (first, list = []) => [
  ["", first],
  ...list.map(({ name, errors }) => [name, `${name} (${errors < 1000 ? errors : "999+"})`]),
];

function Toolbar({ params, projects, scopes, list, reload }) {
  const [open, setOpen] = useState(false);
  const value = (name) => params.get(name) ?? "";
  const state = stateOf(params);
  const narrowed = filters.slice(1).filter(value).length;
  return html`
    <div class="bar">
      <div class="tabs" role="group" aria-label="State">
        ${states.map(
          ([
            name,
            label,
          ]) => html`<${Link} to=${query({ ...Object.fromEntries(params), status: name === "unresolved" ? "" : name, resolved: "", ...firstPage })}
            aria-current=${name === state ? "true" : undefined}>${label}<//>`,
        )}
      </div>
      <div class="end">
        <${TimePicker} params=${params} onChange=${narrow} spans=${["1h", "24h", "7d", "30d"]} all="All time" />
        <${Refresh} params=${params} loading=${list.slow} reload=${reload} />
        <${Link} class="button" to="?view=alerts"><${Icon} name="bell" />Alerts<//>
      </div>
    </div>
    <div class=${classes("bar filters", open && "open")}>
      <${Search} value=${value("search")} label="Search errors" placeholder="Type, message, or event_id:ID"
        onChange=${(search) => narrow({ search }, { replace: Boolean(search && value("search")) })} />
      <button class="more" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>
        <${Icon} name="filter" />Filters${narrowed > 0 && html`<span class="tally">${narrowed}</span>`}
      </button>
      <div class="choices">
        <${Choice} label="Project" value=${value("project")} onChange=${(project) => narrow({ project })}
          options=${[["", "Any project"], ...projects]} />
        <${Choice} label="Environment" value=${value("environment")} onChange=${(environment) => narrow({ environment })}
          options=${counted("Any environment", scopes?.environments)} />
        <${Choice} label="Release" value=${value("release")} onChange=${(release) => narrow({ release })}
          options=${counted("Any release", scopes?.releases)} />
        <${Choice} label="Level" value=${value("level")} onChange=${(level) => narrow({ level })} options=${[["", "Any level"], ...levels]} />
        <${Choice} label="Source" value=${value("source")} onChange=${(source) => narrow({ source })}
          options=${[["", "Any source"], ...sources]} />
        <${Choice} label="Sort by" value=${value("sort")} onChange=${(sort) => narrow({ sort })} options=${sorts} />
      </div>
      ${
        value("session_id") &&
        html`<button class="chip set" onClick=${() => narrow({ session_id: null })} aria-label="Remove the filter session_id">
          Session <code>${value("session_id")}</code><${Icon} name="close" />
        </button>`
      }
    </div>
  `;
}

function SortHead({ name, label, params, ...rest }) {
  const on = (params.get("sort") ?? "") === name;
  return html`<th scope="col" aria-sort=${on ? "descending" : undefined} ...${rest}>
    <button class="head" onClick=${() => narrow({ sort: name })}>${label}${on && html`<${Icon} name="down" />`}</button>
  </th>`;
}

function Table({ list, errors, params, picked, setPicked, toggle, act, ask }) {
  const all = errors.length > 0 && errors.every((error) => picked.has(String(error.id)));
  const pickAll = () => setPicked(new Set(all ? [] : errors.map((error) => String(error.id))));
  const ids = [...picked];
  const projects = errors.filter((error) => picked.has(String(error.id))).map((error) => error.project);
  const alike = projects.every((project) => project === projects[0]);
  return html`<div class=${classes("sheet list", list.slow && list.data && "stale")} aria-busy=${String(list.loading)}>
    ${
      picked.size > 0 &&
      html`<div class="picked" role="region" aria-label="Selection">
      <strong>${picked.size} selected</strong>
      <button onClick=${() => act("resolve", ids)}><${Icon} name="check" />Resolve</button>
      <button onClick=${() => act("reopen", ids)}><${Icon} name="undo" />Reopen</button>
      <button onClick=${() => ask("ignore", ids)}><${Icon} name="mute" />Ignore…</button>
      ${ids.length > 1 && html`<button disabled=${!alike} title=${alike ? "" : "Errors of different projects cannot be merged"} onClick=${() => ask("merge", ids)}><${Icon} name="merge" />Merge…</button>`}
      <button onClick=${() => ask("delete", ids)}><${Icon} name="trash" />Delete…</button>
      <button class="quiet" onClick=${() => setPicked(new Set())}>Clear</button>
    </div>`
    }
    <table class="errors">
      <thead>
        <tr>
          <th class="pick"><input type="checkbox" aria-label="Select all on this page" checked=${all} onChange=${pickAll} disabled=${!errors.length} /></th>
          <th scope="col" class="what">Error</th>
          <th scope="col" class="where">Project</th>
          <th scope="col" class="trend">Last 24 hours</th>
          <${SortHead} name="count" label="Events" params=${params} class="count" />
          <th scope="col" class="users">Users</th>
          <${SortHead} name="" label="Last seen" params=${params} class="seen" />
          <${SortHead} name="first_seen" label="First seen" params=${params} class="since" />
        </tr>
      </thead>
      <tbody>
        ${!list.data && html`<${Skeleton} shown=${list.slow} />`}
        ${errors.map((error) => {
          const id = String(error.id);
          return html`<${Row} key=${id} error=${error} picked=${picked.has(id)} toggle=${() => toggle(id)} />`;
        })}
      </tbody>
    </table>
  </div>`;
}

// As high as the rows that will stand here, so that nothing moves; invisible while the wait is short.
const Skeleton = ({ shown: visible }) =>
  Array.from(
    { length: 12 },
    () => html`<tr class=${classes("skeleton", visible && "visible")} aria-hidden="true">
      <td class="pick"></td><td class="what"><i></i><i></i></td><td class="where"><i></i></td><td class="trend"><i></i></td>
      <td class="count"><i></i></td><td class="users"><i></i></td><td class="seen"><i></i></td><td class="since"><i></i></td>
    </tr>`,
  );

function Row({ error, picked, toggle }) {
  const events = error.hours.reduce((sum, count) => sum + count, 0);
  const young = Date.now() - Date.parse(error.first_seen) < DAY && error.status === "unresolved";
  const [environment, ...others] = error.environments;
  return html`<tr data-id=${error.id} class=${classes(`level-${error.level}`, picked && "on", error.status !== "unresolved" && "closed")}>
    <td class="pick"><input type="checkbox" checked=${picked} onChange=${toggle} aria-label=${`Select ${oneLine(error.exception_type, 60)}`} /></td>
    <td class="what">
      <div class="line">
        <${Link} class="cover" to=${`errors/${error.id}`} dir="auto">${oneLine(error.exception_type)}<//>
        ${error.level !== "error" && html`<${Level} level=${error.level} />`}
        ${young && html`<span class="badge new">new</span>`}
        ${error.status !== "unresolved" && html`<span class=${`badge ${error.status}`}>${error.status}</span>`}
      </div>
      <p class="message" dir="auto">${oneLine(error.message) || html`<span class="muted">no message</span>`}</p>
    </td>
    <td class="where">
      <${Link} to=${query({ project: error.project })} title=${`Only ${error.project}`} class="clip">${error.project}<//>
      <span class="clip muted" title=${error.environments.join(", ")}>
        ${error.source === "browser" && "browser"}${error.source === "browser" && environment && " · "}${environment}${others.length > 0 && ` +${others.length}`}
      </span>
    </td>
    <td class="trend"><${Bars} counts=${error.hours} label=${`${plural(events, "event")} in the last 24 hours`} /></td>
    <td class="count" title=${plural(error.count, "event")}>${compact(error.count)}<span class="unit"> ${error.count === 1 ? "event" : "events"}</span></td>
    <td class="users" title=${plural(error.users, "user")}>${error.users ? compact(error.users) : ""}</td>
    <td class="seen"><${Age} time=${error.last_seen} /></td>
    <td class="since"><${Age} time=${error.first_seen} /></td>
  </tr>`;
}

function Pager({ data }) {
  if (!data || !(data.total || data.next_cursor)) return null;
  const { offset, total, errors, next_cursor: next } = data;
  const end = offset + errors.length;
  return html`<nav class="pager" aria-label="Pages">
    <p class="muted" role="status">
      ${errors.length ? `${number(offset + 1)}–${number(end)} of ${number(total)}${data.total_is_lower_bound ? "+" : ""}` : "None so far"}
    </p>
    ${
      (offset > 0 || next) &&
      html`<div>
      <button disabled=${!offset} onClick=${() => setParams(firstPage)}><${Icon} name="first" />Newest</button>
      <button disabled=${!next} onClick=${() => setParams({ offset: end || null, cursor: next })}>Older<${Icon} name="right" /></button>
    </div>`
    }
  </nav>`;
}
