// What opens below a line: all of its text, its fields, and the lines around it.

import { html, useState } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Copy } from "./common/components.js";
import { exact, plain } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { Link, href, query, setParams } from "./common/url.js";
import { strip } from "./ansi.js";
import { ROW, Text, clock } from "./line.js";

const NEAR = 5; // lines before and after

// The object of a line of JSON, alone or behind a prefix; null if there is none.
function fieldsOf(message) {
  const at = message.indexOf("{");
  if (at === -1) return null;
  try {
    const value = JSON.parse(message.slice(at));
    return value && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : null;
  } catch {
    return null;
  }
}

const quote = (value) => `"${plain(value).replace(/"/g, '""')}"`;

export default function Details({ line, mark, here }) {
  const { id, timestamp, container, stream, level, message, truncated } = line;
  const [around, setAround] = useState(false);
  const text = strip(message);
  const fields = fieldsOf(text);
  return html`<div class="details">
    <pre class="whole" tabindex="0" aria-label="The whole line" dir="auto"><${Text} text=${message} mark=${mark} /></pre>
    ${truncated && html`<p class="muted small">The line was longer than what is kept of one.</p>`}
    ${
      fields &&
      html`<dl class="pairs fields">
      ${fields.map(
        ([name, value]) => html`<div>
          <dt>${name}</dt>
          <dd dir="auto">${plain(value)}
            ${value !== null && typeof value !== "object" && html` <button class="quiet icon" aria-label=${`Search lines with this ${name}`} title="Search lines with it" onClick=${() => setParams({ search: quote(value), line: null })}><${Icon} name="search" /></button>`}
          </dd>
        </div>`,
      )}
    </dl>`
    }
    <p class="acts">
      <${Copy} text=${text} label="Copy line" quiet=${false} />
      <${Copy} text=${href(query({ line: id }))} label="Copy link" quiet=${false} />
      ${!here && html`<button aria-pressed=${String(around)} onClick=${() => setAround(!around)}>Lines around it</button>`}
      ${!here && html`<${Link} class="button" to=${query({ line: id })}>Open by itself<//>`}
      <button onClick=${() => setParams({ container, line: null })}>Only ${container}</button>
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
