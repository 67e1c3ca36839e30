// One line: its row, and what opens below it.

import { html, useState } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Copy, classes } from "./common/components.js";
import { exact, plain } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { Link, href, query, setParams } from "./common/url.js";
import { pieces, strip } from "./ansi.js";
import { fieldsOf, split } from "./search.js";

const ROW = 2000; // characters of a line in its row; all of it is in what opens
const NEAR = 5; // lines before and after

const clock = new Intl.DateTimeFormat("en-GB", {
  ...{ month: "short", day: "2-digit" },
  ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 },
});

// A line's text: colours as classes, matches marked, everything as text nodes.
export const Text = ({ text, mark }) =>
  pieces(text).map((piece) => {
    const parts = split(piece.text, mark).map(({ text: part, hit }) =>
      hit ? html`<mark>${part}</mark>` : part,
    );
    return piece.name ? html`<span class=${piece.name}>${parts}</span>` : parts;
  });

const first = (message) => {
  const end = message.indexOf("\n");
  return end === -1 ? message : message.slice(0, end);
};

export function Row({ line, mark, wrap, open, toggle, here }) {
  const { id, timestamp, container, level, message, kind } = line;
  const rest = wrap ? 0 : (message.match(/\n/g)?.length ?? 0);
  const text = (wrap ? message : first(message)).slice(0, ROW);
  const name = level.toLowerCase();
  // A click that ends a selection is for copying.
  const click = () => getSelection().isCollapsed && toggle(id);
  return html`<li data-id=${id} class=${classes("logline", `level-${name}`, open && "open", here && "here", kind)}>
    <div class="row" onClick=${click}>
      <button class="at" aria-expanded=${String(open)} title=${exact(timestamp)}
        onClick=${(event) => {
          event.stopPropagation();
          toggle(id);
        }}>
        <time datetime=${timestamp}>${clock.format(new Date(timestamp))}</time>
      </button>
      <span class="level">${level === "UNKNOWN" ? "–" : level}</span>
      <span class="from clip" title=${container}>${container}</span>
      <span class="text" dir="auto"><${Text} text=${text} mark=${mark} />${rest > 0 && html` <span class="badge">+${rest} ${rest === 1 ? "line" : "lines"}</span>`}</span>
    </div>
    ${open && html`<${Details} line=${line} mark=${mark} here=${here} />`}
  </li>`;
}

const quote = (value) => `"${plain(value).replace(/"/g, '""')}"`;

function Details({ line, mark, here }) {
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
