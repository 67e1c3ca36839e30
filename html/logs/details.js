// What opens below a line: all of its text, its fields, and the lines around it.

import { html, useState } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Copy } from "./common/components.js";
import { exact, plain } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { Link, href, query, setParams, useLocation } from "./common/url.js";
import { strip } from "./ansi.js";
import { ROW, Text, clock } from "./line.js";
import { choose, wishFor } from "./search.js";

const NEAR = 5; // lines before and after

// The members of a line of JSON, alone or behind a prefix, those of an object in it as outer.inner; null if
// there is none.
function fieldsOf(message) {
  const at = message.indexOf("{");
  if (at === -1) return null;
  try {
    const value = JSON.parse(message.slice(at));
    if (!value || typeof value !== "object" || Array.isArray(value)) return null;
    const isObject = (one) => one !== null && typeof one === "object" && !Array.isArray(one);
    return Object.entries(value).flatMap(([name, one]) =>
      isObject(one) ? Object.entries(one).map(([inner, deep]) => [`${name}.${inner}`, deep]) : [[name, one]],
    );
  } catch {
    return null;
  }
}

// The fields of logfmt; a lone a=b is prose as often as not.
function logfmtOf(message) {
  const found = [...message.matchAll(/(?:^|\s)([\w.@/-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*))/g)];
  return found.length < 2
    ? null
    : found.map(([, name, quoted, bare]) => [name, quoted?.replace(/\\(.)/g, "$1") ?? bare]);
}

// What the interface calls a value, and compares by; null for what it does not filter by.
const spelled = (value) =>
  value === null || typeof value === "object" || String(value).length > 128 ? null : String(value);

function Field({ name, value, filterable }) {
  const { params } = useLocation();
  const text = filterable ? spelled(value) : null;
  const wish = wishFor(name, text);
  const by = (out) => () => setParams({ ...choose(params, "field", wish, out), line: null });
  return html`<div>
    <dt dir="auto">${name}</dt>
    <dd dir="auto"><span>${plain(value)}</span>
      ${
        text !== null &&
        html`<span class="nearby">
          <button class="quiet icon" aria-pressed=${String(params.getAll("field").includes(wish))} aria-label=${`Only lines with this ${name}`} title="Only lines with it" onClick=${by(false)}><${Icon} name="search" /></button>
          <button class="quiet icon" aria-pressed=${String(params.getAll("not_field").includes(wish))} aria-label=${`Leave out lines with this ${name}`} title="Leave out lines with it" onClick=${by(true)}><${Icon} name="minus" /></button>
        </span>`
      }
    </dd>
  </div>`;
}

export default function Details({ line, mark, here }) {
  const { id, timestamp, container, stream, level, message, truncated } = line;
  const [around, setAround] = useState(false);
  const text = strip(message);
  const fields = fieldsOf(text) ?? logfmtOf(text);
  const filterable = text.startsWith("{") || !text.includes("{"); // behind a prefix the interface sees no JSON
  return html`<div class="details">
    <pre class="whole" tabindex="0" aria-label="The whole line" dir="auto"><${Text} text=${message} mark=${mark} /></pre>
    ${truncated && html`<p class="muted small">The line was longer than what is kept of one.</p>`}
    ${
      fields &&
      html`<dl class="pairs fields">
      ${fields.map(([name, value]) => html`<${Field} key=${name} name=${name} value=${value} filterable=${filterable} />`)}
    </dl>`
    }
    <p class="acts">
      <${Copy} text=${text} label="Copy line" quiet=${false} />
      <${Copy} text=${href(query({ line: id }))} label="Copy link" quiet=${false} />
      ${!here && html`<button aria-pressed=${String(around)} onClick=${() => setAround(!around)}>Lines around it</button>`}
      ${!here && html`<${Link} class="button" to=${query({ line: id })}>Open by itself<//>`}
      <button class="only" title=${container} onClick=${() => setParams({ container, line: null })}><span class="clip">Only ${container}</span></button>
      <span class="muted small">${exact(timestamp)} · ${level} · ${stream}</span>
    </p>
    ${around && html`<${Near} id=${id} />`}
  </div>`;
}

function Near({ id }) {
  const near = useResource(`context-${id}-${NEAR}`, (signal) =>
    get(`api/logs/${id}/context`, { before: NEAR, after: NEAR }, { signal }),
  );
  if (!near.data) return html`<${Problem} error=${near.error} retry=${near.reload} />`;
  const { before, after } = near.data;
  const plainRow = (line) => html`<li class=${line.id === id ? "here" : undefined}>
    <time datetime=${line.timestamp} class="muted">${clock.format(new Date(line.timestamp))}</time>
    <span dir="auto"><${Text} text=${line.message.slice(0, ROW)} /></span>
  </li>`;
  return html`<ol class="near" tabindex="0" aria-label="Lines around it">${[...before, near.data.line, ...after].map(plainRow)}</ol>`;
}
