// One line: its row; and rows that are still to come.

import { html } from "./vendor/preact.js";
import { classes } from "./common/components.js";
import { exact } from "./common/format.js";
import { later } from "./common/layout.js";
import { pieces } from "./ansi.js";
import { split } from "./search.js";

const Details = later(() => import("./details.js"));

export const ROW = 2000; // characters of a line in its row; all of it is in what opens

export const clock = new Intl.DateTimeFormat("en-GB", {
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
  const whole = wrap ? message : first(message);
  const text = whole.length > ROW ? `${whole.slice(0, ROW)}…` : whole;
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

export const Skeleton = ({ shown }) =>
  html`<div class=${classes("skeleton rows", shown && "visible")} aria-hidden="true">${Array.from({ length: 20 }, () => html`<i></i>`)}</div>`;
