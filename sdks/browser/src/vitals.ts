// SPDX-License-Identifier: MIT
// Web Vitals by the rules of the web-vitals library, version 6, whose source is the
// reference for every constant: one value for each metric of a page view, under an id, so
// that a later value replaces the earlier one.

import type { Core } from "./core.js";
import { listen, quietly, uuid } from "./safe.js";

const INTERACTION_MIN_MS = 40;
const INTERACTIONS_KEPT = 10;
const INTERACTIONS_PER_OUTLIER = 50;
/** Of an interaction of which nothing is known but that there was one: 8 ms is the finest. */
const INTERACTION_UNSEEN_MS = 8;
const SHIFT_GAP_MS = 1000;
const SHIFT_WINDOW_MS = 5000;

/** What is read of the entries; not all of it is in every type. */
interface Entry extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
  interactionId?: number;
}
type Navigation = Partial<PerformanceNavigationTiming> & { activationStart?: number };

export function installVitals(core: Core): void {
  const doc = document as Document & { prerendering?: boolean };
  /** Each takes the entries that an observer has not handed over yet. */
  const takers: (() => void)[] = [];

  // Of the view in hand: the load, or a return from the back/forward cache.
  let id: string;
  let page: string;
  let kind: string;
  let restoredAt: number;
  let activatedAt: number;
  let hiddenAt: number;
  let last: Record<string, number>;
  let painted: boolean;
  let lcp: number;
  let lcpOver: boolean;
  let cls: number;
  let shifts: number;
  let firstShiftAt: number;
  let lastShiftAt: number;
  let longest: [id: number, duration: number][];
  let earlier: number;

  // Of the page: what interactions() needs where the browser does not count them.
  let least = Infinity;
  let most = 0;

  const navigation = () => performance.getEntriesByType("navigation")[0] as Navigation | undefined;
  const since = (time: number) => Math.max(time - activatedAt, 0);

  // Their ids grow by seven; between the first and the last one seen, others were too short.
  const interactions = () =>
    (performance as { interactionCount?: number }).interactionCount ?? (most && (most - least) / 7 + 1);

  const send = (name: string, value: number) => {
    if (last[name] === value) return;
    last[name] = value;
    core._metric(name, "histogram", value, { navigation_type: kind }, id, page);
  };

  const begin = (at: number) => {
    id = uuid();
    page = location.pathname;
    last = {};
    restoredAt = at;
    const { activationStart = 0, type = "navigate" } = navigation() || {};
    activatedAt = at || activationStart;
    kind = at ? "back-forward-cache" : activationStart ? "prerender" : type.replace("_", "-");
    painted = lcpOver = !!at;
    lcp = -1;
    cls = shifts = 0;
    longest = [];
    earlier = at && interactions();
    // A page that was hidden before this script ran says so only in its entries.
    hiddenAt = at
      ? Infinity
      : (performance
          .getEntriesByType("visibility-state")
          .find(({ name, startTime }) => name == "hidden" && startTime >= activatedAt)?.startTime ??
        (doc.visibilityState == "hidden" ? 0 : Infinity));
  };

  const observe = (type: string, handle: (entries: Entry[]) => void, options?: object) =>
    quietly(() => {
      if (PerformanceObserver.supportedEntryTypes?.includes(type) == false) return;
      const observer = new PerformanceObserver((list) => quietly(() => handle(list.getEntries() as Entry[])));
      observer.observe({ type, buffered: true, ...options });
      takers.push(() => handle(observer.takeRecords() as Entry[]));
      core._undo.push(() => observer.disconnect());
    });

  const endLcp = () => {
    lcpOver = true;
    if (lcp >= 0) send("web_vitals_lcp", lcp);
  };

  const takeEvents = (entries: Entry[]) =>
    entries.forEach(({ interactionId, duration }) => {
      if (!interactionId) return;
      least = Math.min(least, interactionId);
      most = Math.max(most, interactionId);
      const known = longest.find((one) => one[0] == interactionId);
      if (known) known[1] = Math.max(known[1], duration);
      else longest.push([interactionId, duration]);
      longest.sort((a, b) => b[1] - a[1]).splice(INTERACTIONS_KEPT);
    });

  /** Hands over what is known now. */
  const report = ({ timeStamp }: Event) => {
    hiddenAt = Math.min(hiddenAt, timeStamp);
    takers.forEach(quietly);
    endLcp();
    // A page that never showed anything has shifted nothing.
    if (painted) send("web_vitals_cls", cls);
    const count = interactions() - earlier;
    const inp =
      longest[Math.min(longest.length - 1, Math.floor(count / INTERACTIONS_PER_OUTLIER))]?.[1] ??
      (restoredAt && count ? INTERACTION_UNSEEN_MS : -1);
    if (inp >= 0) send("web_vitals_inp", inp);
  };

  const start = () => {
    begin(0);
    observe("paint", (entries) =>
      entries.forEach(({ name, startTime }) => {
        if (name != "first-contentful-paint" || startTime >= hiddenAt) return;
        painted = true;
        send("web_vitals_fcp", since(startTime));
      }),
    );
    observe("largest-contentful-paint", (entries) => {
      const { startTime } = entries[entries.length - 1]!;
      if (!lcpOver && startTime > 0 && startTime < hiddenAt) lcp = since(startTime);
    });
    observe("layout-shift", (entries) =>
      entries.forEach(({ hadRecentInput, startTime, value }) => {
        if (hadRecentInput) return;
        if (
          !shifts ||
          startTime - lastShiftAt >= SHIFT_GAP_MS ||
          startTime - firstShiftAt >= SHIFT_WINDOW_MS
        ) {
          shifts = 0;
          firstShiftAt = startTime;
        }
        lastShiftAt = startTime;
        shifts += value;
        cls = Math.max(cls, shifts);
      }),
    );
    observe("event", takeEvents, { durationThreshold: INTERACTION_MIN_MS });
    observe("first-input", takeEvents);

    // Input ends the largest paint; what was painted before it may still be on its way.
    for (const type of ["keydown", "click"])
      listen(core, window, type, ({ isTrusted }) => {
        if (isTrusted) (window.requestIdleCallback || setTimeout)(endLcp);
      });
    core._final.push(report);
    listen<PageTransitionEvent>(core, window, "pageshow", ({ persisted, timeStamp }) => {
      if (!persisted) return;
      begin(timeStamp);
      send("web_vitals_ttfb", 0);
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          const painting = performance.now() - restoredAt;
          send("web_vitals_fcp", painting);
          send("web_vitals_lcp", painting);
        }),
      );
    });

    // Behind the load event, whose end is one of the values.
    const loaded = () =>
      setTimeout(() =>
        quietly(() => {
          const { responseStart = 0, loadEventEnd = 0 } = navigation() || {};
          // Browsers are known to give zero, a negative time, or one to come.
          if (responseStart > 0 && responseStart < performance.now())
            send("web_vitals_ttfb", since(responseStart));
          if (loadEventEnd > 0) send("page_load_time", since(loadEventEnd));
        }),
      );
    if (doc.readyState == "complete") loaded();
    else listen(core, window, "load", loaded);
  };

  if (doc.prerendering) listen(core, doc, "prerenderingchange", start);
  else start();
}
