// SPDX-License-Identifier: MIT
// Web Vitals by the rules of the web-vitals library, version 6 (its source is the
// reference for every constant): one value for each metric of a page view, under an id, so
// that a later value replaces the earlier one.

import { foldPath } from './network';
import { listen, quietly, uuid } from './safe';
import type { Core } from './types';

const INTERACTION_MIN_MS = 40;
const INTERACTIONS_KEPT = 10;
const INTERACTIONS_PER_OUTLIER = 50;
const SHIFT_GAP_MS = 1000;
const SHIFT_WINDOW_MS = 5000;

export function installVitals(core: Core): void {
  const doc = document as Document & { prerendering?: boolean };
  const observers: PerformanceObserver[] = [];
  let stopped = false;

  /** Observes entries of a type; returns a function that takes those not yet handed over. */
  const observe = (type: string, handle: (entries: any[]) => void, options?: object) =>
    quietly(() => {
      if (!PerformanceObserver.supportedEntryTypes?.includes(type)) return () => {};
      const observer = new PerformanceObserver((list) => quietly(() => handle(list.getEntries())));
      observer.observe({ type, buffered: true, ...options });
      observers.push(observer);
      return () => handle(observer.takeRecords());
    }) || (() => {});

  const navigation = () =>
    quietly(() => performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming);

  /** One page view: the load, or a return from the back/forward cache. */
  const view = (restoredAt: number) => {
    const page = quietly(() => foldPath(location.pathname)) || '/';
    const activated = restoredAt || (navigation() as any)?.activationStart || 0;
    const ids: Record<string, string> = {};
    const last: Record<string, number> = {};
    let hiddenAt = doc.visibilityState == 'hidden' && !restoredAt && !doc.prerendering ? 0 : Infinity;
    // A page that was hidden before this script ran says so only here.
    const earlier = quietly(
      () => performance.getEntriesByType('visibility-state') as PerformanceEntry[],
    );
    if (!restoredAt && earlier)
      for (const entry of earlier)
        if (entry.name == 'hidden' && entry.startTime >= activated)
          hiddenAt = Math.min(hiddenAt, entry.startTime);
    let over = false;

    const send = (name: string, value: number) => {
      if (stopped || over || last[name] === value) return;
      last[name] = value;
      core._metric(name, 'histogram', value, undefined, (ids[name] ||= uuid()), page);
    };
    const since = (time: number) => Math.max(time - activated, 0);

    // First and largest contentful paint.
    let lcp = -1;
    let lcpOver = false;
    let painted = restoredAt > 0;
    const takePaint = observe('paint', (entries) =>
      entries.forEach((entry) => {
        if (restoredAt || entry.name != 'first-contentful-paint' || entry.startTime >= hiddenAt) return;
        painted = true;
        send('web_vitals_fcp', since(entry.startTime));
      }),
    );
    const takeLcp = observe('largest-contentful-paint', (entries) =>
      entries.forEach((entry) => {
        if (!restoredAt && !lcpOver && entry.startTime < hiddenAt) lcp = since(entry.startTime);
      }),
    );
    const endLcp = () => {
      takeLcp();
      lcpOver = true;
      if (lcp > 0) send('web_vitals_lcp', lcp);
    };
    const stopLcp = ['keydown', 'click'].map((type) =>
      listen(window, type, (event) => event.isTrusted && endLcp(), true),
    );

    // Layout shift: the worst window of shifts, at most 5 s long, no gap of 1 s in it.
    let cls = 0;
    let sum = 0;
    let first = 0;
    let latest = 0;
    const takeShifts = observe('layout-shift', (entries) =>
      entries.forEach((entry) => {
        if (entry.hadRecentInput || entry.startTime < restoredAt) return;
        if (
          sum &&
          entry.startTime - latest < SHIFT_GAP_MS &&
          entry.startTime - first < SHIFT_WINDOW_MS
        )
          sum += entry.value;
        else {
          sum = entry.value;
          first = entry.startTime;
        }
        latest = entry.startTime;
        cls = Math.max(cls, sum);
      }),
    );

    // Interaction to next paint: of the longest interactions the one at the 98th percentile.
    const longest: [id: number, duration: number][] = [];
    let least = 0;
    let most = 0;
    const interactions = () =>
      (performance as any).interactionCount ?? (most ? (most - least) / 7 + 1 : 0);
    const before = restoredAt ? interactions() : 0;
    const takeEvents = (entries: any[]) =>
      entries.forEach((entry) => {
        const id = entry.interactionId;
        if (!id || entry.startTime < restoredAt) return;
        least = Math.min(least || id, id);
        most = Math.max(most, id);
        const known = longest.find((one) => one[0] == id);
        if (known) known[1] = Math.max(known[1], entry.duration);
        else longest.push([id, entry.duration]);
        longest.sort((a, b) => b[1] - a[1]).splice(INTERACTIONS_KEPT);
      });
    const takeInteractions = observe('event', takeEvents, { durationThreshold: INTERACTION_MIN_MS });
    const takeFirstInput = observe('first-input', takeEvents);

    /** Hands over what is known now; called whenever the page is hidden. */
    const report = () => {
      takePaint();
      endLcp();
      takeShifts();
      takeInteractions();
      takeFirstInput();
      // A page that never showed anything has shifted nothing.
      if (painted) send('web_vitals_cls', cls);
      const nth = Math.floor((interactions() - before) / INTERACTIONS_PER_OUTLIER);
      const inp = longest[Math.min(longest.length - 1, nth)];
      if (inp) send('web_vitals_inp', inp[1]);
    };

    const noteHidden = listen(doc, 'visibilitychange', (event) => {
      if (doc.visibilityState == 'hidden') hiddenAt = Math.min(hiddenAt, event.timeStamp);
    }, true);

    if (restoredAt)
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          const value = performance.now() - restoredAt;
          send('web_vitals_fcp', value);
          if (!lcpOver) send('web_vitals_lcp', value);
          send('web_vitals_ttfb', 0);
        }),
      );
    else whenLoaded(() => {
      const entry = navigation();
      if (!entry) return;
      const response = entry.responseStart;
      if (response > 0 && response < performance.now()) send('web_vitals_ttfb', since(response));
      if (entry.loadEventEnd > 0) send('page_load_time', entry.loadEventEnd - entry.startTime);
    });

    return {
      _report: report,
      _end() {
        report();
        over = true;
        noteHidden();
        stopLcp.forEach((stop) => stop());
        observers.splice(0).forEach((observer) => observer.disconnect());
      },
    };
  };

  const whenLoaded = (f: () => void) => {
    // Behind the load event, whose end is one of the values.
    const soon = () => setTimeout(() => quietly(f), 0);
    if (doc.readyState == 'complete') soon();
    else core._undo.push(listen(window, 'load', soon));
  };

  let current: ReturnType<typeof view> | undefined;
  const start = () => {
    if (!stopped) current ||= view(0);
  };
  if (doc.prerendering) core._undo.push(listen(doc, 'prerenderingchange', start));
  else start();

  core._final.push(() => current?._report());
  core._undo.push(
    listen(window, 'pageshow', (event) => {
      if (!event.persisted || stopped) return;
      current?._end();
      current = view(event.timeStamp);
    }),
    () => {
      current?._end();
      stopped = true;
    },
  );
}
