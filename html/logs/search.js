// What the address asks for, as the parameters of the interface, and what of it to mark in a line.  Pure.

import { rangeOf } from "./common/time.js";

export const levels = ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE", "UNKNOWN"];

// What narrows the lines, in the order it is named when nothing matches.
export const filters = [
  ...["search", "regex", "level", "container", "service", "project", "stream", "field"],
  ...["not_level", "not_container", "not_service", "not_project", "not_field"],
];

const others = { WARN: "WARNING", ERR: "ERROR", CRIT: "CRITICAL", FATAL: "CRITICAL" };

// The levels that a word asks for: the one it names, in any case, or with ">=" that and those above.
// A word that names none stays: nothing is found by it.
function levelsBy(word) {
  const [, above, name] = /^(>=)?(.*)$/s.exec(word.toUpperCase());
  const level = others[name] ?? name;
  if (!levels.includes(level)) return [word];
  return above ? levels.slice(0, levels.indexOf(level) + 1) : [level];
}

// The address as the interface reads it: without what is empty or off, and each level by the name that its lines have.
export function asRead(params) {
  const same = new URLSearchParams();
  for (const [name, value] of params) {
    if (name === "case" && !/^(1|true)$/i.test(value)) continue;
    for (const one of /^(not_)?level$/.test(name) ? levelsBy(value) : [value])
      if (one && !same.getAll(name).includes(one)) same.append(name, one);
  }
  return same;
}

// The levels whose lines are found.
export const levelsOf = (params) =>
  levels.filter(
    (level) =>
      (!params.has("level") || params.getAll("level").includes(level)) &&
      !params.getAll("not_level").includes(level),
  );

// Of one of them, as people say it.
export const nameOf = (filter) => filter.replace("_", " ");

// A field and its value as the interface takes them; and the field of such a wish.
export const wishFor = (name, value) => `${name.replace(/[\\=]/g, "\\$&")}=${value}`;
export function splitWish(wish) {
  const [, name, value] = /^((?:[^=\\]|\\.)*)=(.*)$/s.exec(wish) ?? [wish, wish, ""];
  return [name.replace(/\\(.)/g, "$1"), value];
}

// What the address is to hold when a value of a filter is wanted, left out, or neither: the one
// excludes the other, and what was so already is undone.
export function choose(params, filter, value, out) {
  const without = (name) => params.getAll(name).filter((one) => one !== value);
  const name = out ? `not_${filter}` : filter;
  const undo = params.getAll(name).includes(value);
  return {
    [filter]: without(filter),
    [`not_${filter}`]: without(`not_${filter}`),
    ...(!undo && { [name]: [...without(name), value] }),
  };
}

// The parameters of the interface; levels are left out where all are to be counted.
export function request(params, now, { anyLevel = false, anyTime = false } = {}) {
  const wanted = Object.fromEntries(filters.map((name) => [name, params.getAll(name)]));
  if (anyLevel) wanted.level = wanted.not_level = [];
  if (params.get("case")) wanted.case = 1;
  return { ...wanted, ...(anyTime ? {} : rangeOf(params, now)) };
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// The words of a search that lines must hold: not those behind NOT, without the operators.
export function words(search) {
  const tokens = search.match(/"(?:[^"]|"")*"|[^\s()]+/g) ?? [];
  return tokens
    .filter((token, i) => !/^(AND|OR|NOT)$/.test(token) && tokens[i - 1] !== "NOT")
    .map((token) => token.replace(/^"|"$/g, "").replace(/""/g, '"').replace(/\*$/, ""))
    .filter(Boolean);
}

// A global expression for what a line was found by, or null.
export function marker(params) {
  const flags = params.get("case") ? "g" : "gi";
  const parts = words(params.get("search") ?? "").map(escape);
  const regex = params.get("regex");
  try {
    if (regex) parts.push(new RegExp(regex, flags).source);
  } catch {
    // PCRE2 knows more than this browser: then it is found and not marked
  }
  return parts.length ? new RegExp(parts.join("|"), flags) : null;
}

// Cuts text where the expression matches: [{text, hit}].
export function split(text, expression) {
  if (!expression) return [{ text, hit: false }];
  const out = [];
  let at = 0;
  for (const { 0: hit, index } of text.matchAll(expression)) {
    if (!hit) continue;
    if (index > at) out.push({ text: text.slice(at, index), hit: false });
    out.push({ text: hit, hit: true });
    at = index + hit.length;
  }
  if (at < text.length) out.push({ text: text.slice(at), hit: false });
  return out;
}
