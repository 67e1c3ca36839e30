// A stack trace to read: our own frames open, the libraries' folded in runs, the raise on top.

import { html } from "./vendor/preact.js";
import { plural } from "./common/format.js";
import { contextOf } from "./exceptions.js";

// Frames in runs of the same kind: [{own, frames}].
function runs(frames) {
  const found = [];
  const any = frames.some((frame) => frame.in_app);
  frames.forEach((frame, i) => {
    // A trace of libraries alone opens where it was raised.
    const own = any ? Boolean(frame.in_app) : i === 0;
    const last = found[found.length - 1];
    if (last?.own === own) last.frames.push(frame);
    else found.push({ own, frames: [frame] });
  });
  return found;
}

function Place({ frame }) {
  const place = [frame.file, frame.line, frame.column].filter((part) => part || part === 0).join(":");
  return html`<code class="place" title=${place}><bdi>${place}</bdi></code>`;
}

function Frame({ frame }) {
  const lines = contextOf(frame);
  return html`<li class=${frame.in_app ? "frame own" : "frame"}>
    <p><code class="name">${frame.function || "<anonymous>"}</code> <${Place} frame=${frame} /></p>
    ${frame.reason && html`<p class="small muted">Not mapped: ${frame.reason}</p>`}
    ${
      lines.length > 0 &&
      html`<pre class="source" tabindex="0" aria-label="Source">${lines.map(
        ([at, text]) =>
          html`<span class=${lines.length > 1 && at === frame.line ? "here" : ""}><b>${at}</b>${text}${"\n"}</span>`,
      )}</pre>`
    }
  </li>`;
}

const Run = ({ own, frames }) =>
  own
    ? frames.map((frame) => html`<${Frame} frame=${frame} />`)
    : html`<li class="folded">
        <details>
          <summary>${plural(frames.length, "library frame")}<span class="muted clip">${frames[0].function}${frames.length > 1 && " …"}</span></summary>
          <ol>${frames.map((frame) => html`<${Frame} frame=${frame} />`)}</ol>
        </details>
      </li>`;

export const Frames = ({ exceptions }) =>
  exceptions.map(
    ({ title, note, frames }) => html`
      ${note && html`<p class="cause" dir="auto"><span>${note}</span>${title}</p>`}
      <ol class="frames">${runs(frames).map((run) => html`<${Run} ...${run} />`)}</ol>
    `,
  );
