// The lines that a search finds, newest first, and those that come in while one looks.

import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { get, isCancelled } from "./common/api.js";
import { Refresh, Search, classes, everyOf, focusSearch } from "./common/components.js";
import { compact, number, plural } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { useKeys } from "./common/keys.js";
import { later } from "./common/layout.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { TimePicker, shiftRange } from "./common/time.js";
import { href, members, query, setParams, useLocation } from "./common/url.js";
import { Blocks } from "./blocks.js";
import { Skeleton } from "./line.js";
import { filters, asRead, levelsOf, marker, nameOf, request } from "./search.js";

const Emptiness = later(() => import("./empty.js"));
const Histogram = later(() => import("./histogram.js"));
const Facets = later(() => import("./facets.js"));
const Tail = later(() => import("./tail.js"));
const Saved = later(() => import("./saved.js"));

const silence = { lines: [], state: "opening", gap: 0 };
const PAGE = 200;
const unlisted = ["project", "not_project", "stream"]; // filters that links have, and no list beside the lines
// What of the address changes the look and not what is found.
const looks = { refresh: null, wrap: null, live: null, fields: null };
const BARS = 80;
const TOP = 120; // pixels from the top within which one is still "at the newest"

// Pages behind the first, as the end of the list comes near.
function usePages(list, params) {
  const [pages, setPages] = useState([]);
  const [problem, setProblem] = useState(null);
  const run = useRef(null);
  useEffect(() => {
    run.current?.abort();
    run.current = null;
    setPages([]);
    setProblem(null);
  }, [list.data]);
  useEffect(() => () => run.current?.abort(), []);
  const last = pages.at(-1) ?? list.data;
  const more = () => {
    if (run.current || !last?.next_cursor) return;
    const controller = new AbortController();
    run.current = controller;
    setProblem(null);
    get(
      "api/logs",
      { ...request(params, Date.now()), limit: PAGE, count: 0, cursor: last.next_cursor },
      { signal: controller.signal },
    )
      .then((page) => controller.signal.aborted || setPages((now) => [...now, page]))
      .catch((error) => isCancelled(error) || setProblem(error))
      .finally(() => {
        if (run.current === controller) run.current = null;
      });
  };
  return { pages: list.data ? [list.data, ...pages] : [], more, problem, ended: !last?.next_cursor };
}

// Whether the newest lines are in view.
function useAtTop() {
  const [top, setTop] = useState(true);
  useEffect(() => {
    const look = () => setTop(scrollY < TOP);
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, []);
  return top;
}

const rows = () => [...document.querySelectorAll(".logline")];
function step(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest(".logline"));
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.querySelector("button").focus();
  next?.scrollIntoView({ block: "nearest" });
}

export default function Lines() {
  const params = asRead(useLocation().params);
  const live = params.get("live") === "1";
  const wrap = params.get("wrap") === "1";
  const every = live ? 0 : everyOf(params);
  const key = query({ ...members(params), ...looks });
  const list = useResource(
    `logs${key}`,
    (signal) => get("api/logs", { ...request(params, Date.now()), limit: PAGE }, { signal }),
    { every },
  );
  const histogram = useResource(
    `histogram${query({ ...members(params), ...looks, level: null, not_level: null })}`,
    (signal) =>
      get(
        "api/logs/histogram",
        { ...request(params, Date.now(), { anyLevel: true }), buckets: BARS },
        { signal },
      ),
    { every: live ? 30 : every },
  );
  const containers = useResource("containers", (signal) => get("api/logs/containers", {}, { signal }));
  const health = useResource("health", (signal) => get("health", {}, { signal }), { every: 60 });
  const [heard, setHeard] = useState(silence);
  const tail = live ? heard : silence;
  const { pages, more, problem, ended } = usePages(list, params);
  const mark = useMemo(() => marker(params), [key]);
  const atTop = useAtTop();
  const [held, setHeld] = useState(null); // how many live lines are drawn while one reads further down
  const [open, setOpen] = useState(false);
  const [byRegex, setByRegex] = useState(params.has("regex"));
  useEffect(() => setByRegex(params.has("regex") || (byRegex && !params.has("search"))), [key]);

  // What comes in above must not push away what is being read.
  useEffect(() => setHeld(live && !atTop ? tail.lines.length : null), [live, atTop]);
  const drawn = held === null ? tail.lines : tail.lines.slice(0, held);
  const fresh = tail.lines.length - drawn.length;

  useEffect(() => {
    document.title = `${list.data ? `(${compact(list.data.total)}) ` : ""}Logs · Monlight`;
  }, [list.data]);
  useEffect(() => scrollTo(0, 0), [key]);

  const narrow = (patch, options) => setParams(patch, options);
  // Words, or an expression: never both from this field.
  const text = params.get(byRegex ? "regex" : "search") ?? "";
  const find = (wanted, regex = byRegex) =>
    narrow(
      { search: regex ? null : wanted, regex: regex ? wanted : null },
      { replace: Boolean(wanted && text) },
    );
  const switchRegex = () => {
    setByRegex(!byRegex);
    if (text) find(text, !byRegex);
    focusSearch();
  };
  const shift = (direction) => {
    const range = shiftRange(params, direction, Date.now());
    if (range) narrow(range);
  };
  const toggle = (name, on) => setParams({ [name]: on ? null : "1" }, { replace: true });
  const reload = () => {
    for (const one of [list, histogram, containers, health]) one.reload();
  };
  useKeys([
    { keys: ["/"], label: "Search", run: focusSearch },
    { keys: ["j", "ArrowDown"], label: "Next line", run: () => step(1) },
    { keys: ["k", "ArrowUp"], label: "Previous line", run: () => step(-1) },
    { keys: ["l"], label: "Live tail on or off", run: () => toggle("live", live) },
    { keys: ["x"], label: "Export what is found", run: () => document.querySelector("a[download]").click() },
    {
      keys: ["h"],
      label: "Go to the histogram: arrows and Enter zoom",
      run: () => document.querySelector(".plot")?.focus(),
    },
    { keys: ["w"], label: "Wrap long lines, or cut them", run: () => toggle("wrap", wrap) },
    { keys: ["r"], label: "Refresh", run: reload },
    { keys: ["["], label: "Earlier, by the width of the time range", run: () => shift(-1) },
    { keys: ["]"], label: "Later", run: () => shift(1) },
  ]);

  const isEmpty = list.data && !list.data.logs.length && !list.loading && !drawn.length;
  const set = filters.slice(1).flatMap((name) => params.getAll(name)).length;
  return html`
    <h1 class="offscreen">Logs</h1>
    ${live && html`<${Tail} parameters=${request(params, Date.now(), { anyTime: true })} onChange=${setHeard} onOpen=${list.reload} />`}
    <div class=${classes("bar filters", open && "open")}>
      <div class="joined">
      <${Search} value=${text} label=${byRegex ? "Search lines by a regular expression" : "Search lines"} onChange=${(wanted) => find(wanted)}
        placeholder=${byRegex ? "(timed out|refused) after \\d+ ms" : 'word  begin*  "a phrase"  a OR b  NOT c'} />
        <button class="icon" aria-pressed=${String(Boolean(params.get("case")))} aria-label="Match case" title="Match case"
          onClick=${() => narrow({ case: params.get("case") ? null : "1" })}>Aa</button>
        <button class="icon" aria-pressed=${String(byRegex)} aria-label="Regular expression" title="Regular expression" onClick=${switchRegex}>.*</button>
      </div>
      <button class="more" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>
        <${Icon} name="filter" />Filters${set > 0 && html`<span class="tally">${set}</span>`}
      </button>
      ${unlisted.flatMap((name) =>
        params.getAll(name).map(
          (value) => html`<button class="chip set" aria-label=${`Remove the filter ${nameOf(name)} ${value}`}
            onClick=${() => narrow({ [name]: params.getAll(name).filter((one) => one !== value) })}>
            ${nameOf(name)} <code dir="auto">${value}</code><${Icon} name="close" />
          </button>`,
        ),
      )}
      <div class="end">
        <${TimePicker} params=${params} onChange=${narrow} spans=${["15m", "1h", "24h", "7d"]} all="All time" />
        <${Refresh} params=${params} loading=${list.slow} reload=${reload} />
      </div>
    </div>
    <${Problem} error=${list.error ?? problem} retry=${list.error ? list.reload : more} />
    ${health.data?.warning && !isEmpty && html`<p class="notice"><${Icon} name="alert" /><span>${health.data.warning}.</span></p>`}
    <div class="viewer">
      <aside class=${classes("facets", open && "open")} aria-label="Filters">
        <${Facets} params=${params} histogram=${histogram.data} containers=${containers.data} narrow=${narrow} />
      </aside>
      <div class="found">
        <div class="slot"><${Histogram} data=${histogram.data} shown=${levelsOf(params)} onZoom=${narrow} /></div>
        <div class="bar acts">
          <p class="muted" role="status">
            ${list.data && plural(list.data.total, "line")}${list.data?.total_is_lower_bound && " or more"}
            ${live && html` · <span class=${`tail ${tail.state}`}>${tailWords[tail.state]}</span>`}
            ${tail.gap > 0 && html` · ${number(tail.gap)} left out, too many at once`}
          </p>
          <div class="end">
            <${Saved} params=${params} />
            <button aria-pressed=${String(live)} aria-keyshortcuts="l" onClick=${() => toggle("live", live)}><${Icon} name=${live ? "pause" : "play"} />Live</button>
            <button aria-pressed=${String(wrap)} aria-keyshortcuts="w" onClick=${() => toggle("wrap", wrap)}><${Icon} name="wrap" />Wrap</button>
            <a class="button" download href=${href(`api/logs/export${query(request(params, Date.now()))}`)}><${Icon} name="download" />Export</a>
          </div>
        </div>
        ${
          fresh > 0 &&
          html`<button class="fresh primary" onClick=${() => {
            setHeld(null);
            scrollTo(0, 0);
          }}><${Icon} name="up" />${number(fresh)} new</button>`
        }
        ${
          isEmpty
            ? html`<${Emptiness} params=${params} health=${health.data} live=${live} />`
            : (list.data || !list.error) &&
              html`<div class=${classes("sheet lines", wrap && "wrapped", list.data && ((list.slow && "stale") || (list.error && "aged")))} aria-busy=${String(list.loading)}>
                ${
                  list.data
                    ? html`<${Blocks} key=${key} pages=${pages.map((page) => page.logs)} live=${drawn} mark=${mark} wrap=${wrap} more=${more} />`
                    : html`<${Skeleton} shown=${list.slow} />`
                }
              </div>`
        }
        ${list.data && !ended && html`<p class="muted centred">Reading on …</p>`}
      </div>
    </div>
  `;
}

const tailWords = {
  off: "",
  opening: "connecting …",
  open: "live",
  broken: "the live tail is refused; the next try follows",
};
