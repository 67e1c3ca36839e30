// SPDX-License-Identifier: MIT
// What happened before an error: clicks, navigation, console, requests; the last 30.
// Of a form nothing but its fields' names is ever looked at.

import { listen, quietly, text } from './safe';
import type { Breadcrumb, Feature } from './types';
import { sanitizeUrl } from './network';

const KEPT = 30;

/** `button#pay.primary`: enough to find it, nothing that was typed. */
function describe(element: any): string {
  const name = String(element?.tagName || '?').toLowerCase();
  const id = element?.id ? `#${element.id}` : '';
  const classes = quietly(() => [...element.classList].slice(0, 2).map((c) => `.${c}`).join('')) || '';
  const field = element?.name ? `[name=${element.name}]` : '';
  return (name + id + classes + field).slice(0, 200);
}

export const breadcrumbs: Feature = (core) => {
  const crumbs: Breadcrumb[] = [];
  const add = (category: string, message: string, level?: string) => {
    crumbs.push({ timestamp: new Date().toISOString(), category, message: message.slice(0, 500), level });
    if (crumbs.length > KEPT) crumbs.shift();
  };
  core._enrich.push((event) => {
    if (crumbs.length) event.breadcrumbs = [...crumbs];
  });

  core._undo.push(listen(document, 'click', (event) => add('ui.click', describe(event.target)), true));

  let from = location.href;
  const moved = () => {
    if (location.href == from) return;
    add('navigation', `${sanitizeUrl(from)} -> ${sanitizeUrl(location.href)}`);
    from = location.href;
  };
  core._undo.push(listen(window, 'popstate', moved), listen(window, 'hashchange', moved));
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name];
    const patched = function (this: History, ...args: any) {
      const result = original.apply(this, args);
      quietly(moved);
      return result;
    };
    history[name] = patched;
    core._undo.push(() => {
      if (history[name] == patched) history[name] = original;
    });
  }

  for (const name of ['log', 'info', 'warn', 'error'] as const) {
    const original = console[name];
    let active = true;
    const patched = (...args: unknown[]) => {
      if (active) quietly(() => add('console', args.map(text).join(' '), name));
      original.apply(console, args);
    };
    console[name] = patched;
    core._undo.push(() => {
      active = false;
      if (console[name] == patched) console[name] = original;
    });
  }

  const metric = core._metric;
  core._metric = (name, type, value, labels, id, page) => {
    if (name == 'browser_http_requests_total' && labels)
      add('fetch', `${labels.method} ${labels.host} ${labels.status}`);
    metric(name, type, value, labels, id, page);
  };
};
