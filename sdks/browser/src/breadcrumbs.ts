// SPDX-License-Identifier: MIT
// What happened before an error: clicks, navigation, console, requests; the last 30.
// Of a form nothing but its fields' names is ever looked at.

import type { Feature } from "./core.js";
import { sanitizeUrl } from "./network.js";
import { listen, patch, quietly } from "./safe.js";
import type { Breadcrumb } from "./types.js";

const KEPT = 30;
const MAX_MESSAGE = 200;

/** `button#pay.primary.large[name=pay]`: enough to find it, nothing that was typed. */
function describe({ localName, id, classList, attributes }: Element): string {
  const name = attributes.getNamedItem("name")?.value;
  const classes = [...classList].slice(0, 2).map((one) => `.${one}`);
  return localName + (id && `#${id}`) + classes.join("") + (name ? `[name=${name}]` : "");
}

/** Adds `breadcrumbs` to each error. */
export const breadcrumbs: Feature = (core) => {
  const crumbs: Breadcrumb[] = [];
  const add = (category: string, message: string, level?: string) => {
    crumbs.push({
      timestamp: new Date().toISOString(),
      category,
      message: message.slice(0, MAX_MESSAGE),
      level,
    });
    if (crumbs.length > KEPT) crumbs.shift();
  };
  core._enrich.push((event) => {
    event.breadcrumbs = [...crumbs];
  });
  core._request = (what, status) => add("fetch", `${what} ${status}`);

  listen(core, document, "click", ({ target }) => add("ui.click", describe(target as Element)));

  let from = location.href;
  const moved = () => {
    const { href } = location;
    if (href != from) add("navigation", `${sanitizeUrl(from)} -> ${sanitizeUrl(href)}`);
    from = href;
  };
  listen(core, window, "popstate", moved);
  listen(core, window, "hashchange", moved);
  for (const name of ["pushState", "replaceState"] as const)
    patch(core, history, name, (original) => {
      return function (this: History, ...args) {
        original.apply(this, args);
        quietly(moved);
      };
    });

  for (const name of ["log", "info", "warn", "error"] as const)
    patch(core, console, name, (original) => (...args: unknown[]) => {
      // An object is not written out: it may be large, and nobody said that it may be sent.
      quietly(() => add("console", args.map((one) => quietly(() => String(one)) ?? "?").join(" "), name));
      original.apply(console, args);
    });
};
