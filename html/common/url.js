// The address bar is the state: what is shown follows from it alone.
// Paths are relative to the service's root, so that a proxy may serve it under any prefix.

import { html, useLayoutEffect, useState } from "../vendor/preact.js";

export const root = new URL("../", import.meta.url);

export const href = (to) => new URL(to, root).href;

function here() {
  return {
    path: decodeURIComponent(location.pathname.slice(root.pathname.length)),
    params: new URLSearchParams(location.search),
  };
}

const listeners = new Set();
const announce = () => listeners.forEach((listener) => listener());

// The browser cannot restore the scroll of a page that is drawn after its data: see useScroll.
history.scrollRestoration = "manual";
addEventListener("popstate", announce);

export function navigate(to, { replace = false } = {}) {
  const url = href(to);
  if (url === location.href) return;
  if (replace) {
    history.replaceState(history.state, "", url);
  } else {
    history.replaceState({ ...history.state, scroll: scrollY }, "");
    history.pushState({ depth: (history.state?.depth ?? 0) + 1 }, "", url);
  }
  announce();
}

// One step back when that stays on our pages, else to `fallback`.
export function back(fallback) {
  if (history.state?.depth) history.back();
  else navigate(fallback);
}

export function useLocation() {
  const [place, setPlace] = useState(here);
  // An effect that waits for a frame would miss an address that changes before.
  useLayoutEffect(() => {
    const listener = () => setPlace(here());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return place;
}

// "?a=1&b=2" of the members that have a value; an array is a name given several times.
export function query(values) {
  const params = new URLSearchParams();
  for (const [name, all] of Object.entries(values))
    for (const value of [all].flat())
      if (value !== undefined && value !== null && value !== "" && value !== false)
        params.append(name, value);
  const text = params.toString();
  return text && `?${text}`;
}

// The members of a query for query(), with all their values.
export const members = (params) =>
  Object.fromEntries([...params.keys()].map((name) => [name, params.getAll(name)]));

// Changes some members of the query and keeps the rest; an empty value removes its member.
export function setParams(patch, options) {
  const { path, params } = here();
  navigate(path + query({ ...members(params), ...patch }), options);
}

// Restores the scroll of an entry returned to, once its content is there.
export function useScroll(ready, key) {
  useLayoutEffect(() => {
    if (ready) scrollTo(0, history.state?.scroll ?? 0);
  }, [ready, key]);
}

// A link within the tool: followed without loading the page, unless another window is asked for.
export function Link({ to, children, onClick, ...rest }) {
  const follow = (event) => {
    onClick?.(event);
    if (
      event.defaultPrevented ||
      event.button ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    navigate(to);
  };
  return html`<a href=${href(to)} onClick=${follow} ...${rest}>${children}</a>`;
}
