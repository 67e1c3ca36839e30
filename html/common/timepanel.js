// What opens below the button of the time range: spans to choose, one to type, and two moments.

import { html, useRef, useState } from "../vendor/preact.js";
import { describeSpan, iso, parseSpan, rangeOf } from "./time.js";

// What a <input type=datetime-local> wants: local time, without zone.
function local(moment) {
  if (!moment) return "";
  const date = new Date(moment);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

export default function Panel({ params, spans, all, choose }) {
  const [wrong, setWrong] = useState("");
  const form = useRef(null);
  const chosen = params.get("time") ?? "";
  const { since, until } = rangeOf(params, 0);

  const typed = (event) => {
    event.preventDefault();
    const text = form.current.elements.span.value.trim();
    if (Number.isNaN(parseSpan(text))) setWrong("A number and s, m, h, d or w: 90m, 36h, 14d");
    else choose({ time: text.toLowerCase() });
  };
  const moments = (event) => {
    event.preventDefault();
    const { from, to } = event.target.elements;
    const patch = {};
    if (from.value) patch.since = iso(Date.parse(from.value));
    if (to.value) patch.until = iso(Date.parse(to.value));
    if (patch.since && patch.until && patch.since >= patch.until)
      setWrong("The end must lie after the beginning");
    else choose(patch);
  };

  return html`
    <div class="presets">
      ${all && html`<button aria-pressed=${String(!chosen && !since && !until)} onClick=${() => choose({})}>${all}</button>`}
      ${spans.map(
        (span) =>
          html`<button aria-pressed=${String(span === chosen)} onClick=${() => choose({ time: span })}>${describeSpan(span)}</button>`,
      )}
    </div>
    <form ref=${form} onSubmit=${typed}>
      <label>Other span<input name="span" placeholder="90m" autocomplete="off" defaultValue=${spans.includes(chosen) ? "" : chosen} /></label>
      <button>Apply</button>
    </form>
    <form onSubmit=${moments}>
      <label>From<input name="from" type="datetime-local" step="1" defaultValue=${local(chosen ? "" : since)} /></label>
      <label>To<input name="to" type="datetime-local" step="1" defaultValue=${local(chosen ? "" : until)} /></label>
      <button>Apply</button>
    </form>
    <p class="wrong" role="alert">${wrong}</p>
  `;
}
