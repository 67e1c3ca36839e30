// Shortcuts of one key, or of two after one another ("g e").  They never fire while someone types,
// and can be switched off, as WCAG 2.1.4 asks.

import { useLayoutEffect } from "../vendor/preact.js";
import { keep, recall } from "./store.js";

const SECOND_KEY = 1200; // milliseconds in which the second key must follow

const active = new Set(); // arrays of {keys: ["j", "ArrowDown"], label, run}
let pending = "";
let pendingSince = 0;

export const bindings = () => [...active].flat().filter((binding) => binding.label);

export const shortcutsOn = () => recall("shortcuts", "on") === "on";
export const switchShortcuts = (on) => keep("shortcuts", on ? "on" : "off");

// Whether the element has a use for the key.
const takes = (element, key) =>
  element.isContentEditable ||
  (key === "Enter" && element.closest("a, button, summary")) ||
  /^(textarea|select)$/i.test(element.tagName) ||
  element.matches("input:not([type=checkbox])");

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (takes(event.target, event.key) || document.querySelector("dialog[open]") || !shortcutsOn()) return;
  const stroke =
    pending && event.timeStamp - pendingSince < SECOND_KEY ? `${pending} ${event.key}` : event.key;
  pending = "";
  const all = [...active].reverse().flat();
  const found = all.find((binding) => binding.keys.includes(stroke));
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (all.some((binding) => binding.keys.some((keys) => keys.startsWith(`${stroke} `)))) {
    pending = stroke;
    pendingSince = event.timeStamp;
  }
}

document.addEventListener("keydown", onKey);

// The bindings of a view, from when it is drawn.  A binding without a label is not on the sheet.
export function useKeys(list) {
  useLayoutEffect(() => {
    active.add(list);
    return () => active.delete(list);
  });
}
