// What is asked before errors are ignored, resolved in a release, merged or deleted.

import { html, useState } from "./vendor/preact.js";
import { Dialog } from "./common/dialog.js";
import { number, oneLine, plural } from "./common/format.js";

const HOUR = 1;
const DAY = 24 * HOUR;
const spans = [
  [HOUR, "an hour"],
  [8 * HOUR, "8 hours"],
  [DAY, "a day"],
  [7 * DAY, "a week"],
  [30 * DAY, "30 days"],
];
const periods = [
  [10, "10 minutes"],
  [60, "an hour"],
  [1440, "a day"],
  [10_080, "a week"],
];

// A form whose answer is given to `answer`; Enter gives it, too.
const Form = ({ answer, close, label, danger, children }) =>
  html`<form class="ask" onSubmit=${(event) => {
    event.preventDefault();
    close();
    answer(event.target.elements);
  }}>
    ${children}
    <p class="answers">
      <button type="button" onClick=${close} autofocus=${danger}>Cancel</button>
      <button class=${danger ? "danger" : "primary"}>${label}</button>
    </p>
  </form>`;

const Options = ({ name, label, options, chosen, onInput }) =>
  html`<select name=${name} aria-label=${label} onInput=${onInput}>
    ${options.map(([value, words]) => html`<option value=${value} selected=${value === chosen}>${words}</option>`)}
  </select>`;

function Ignore({ close, act }) {
  const [kind, setKind] = useState("ever");
  const choice = (name, content) =>
    html`<div class="choose">
      <input type="radio" name="kind" id=${`kind-${name}`} value=${name} checked=${kind === name} onChange=${() => setKind(name)} autofocus=${name === "ever"} />
      <span class="terms">${content(`kind-${name}`)}</span>
    </div>`;
  const answer = ({ hours, count, minutes }) =>
    act(
      "ignore",
      {
        ever: () => ({}),
        hours: () => ({ hours: Number(hours.value) }),
        count: () => ({ count: Number(count.value), minutes: Number(minutes.value) }),
      }[kind](),
    );
  return html`<${Form} close=${close} answer=${answer} label="Ignore">
    <p class="muted">It leaves the list of what is unresolved, is still counted, and alerts nobody. The first report after the end brings it back.</p>
    <fieldset>
      <legend class="offscreen">How long</legend>
      ${choice("ever", (id) => html`<label for=${id}>Until somebody reopens it</label>`)}
      ${choice(
        "hours",
        (id) => html`<label for=${id}>For</label>
        <${Options} name="hours" label="How long" options=${spans} chosen=${DAY} onInput=${() => setKind("hours")} />`,
      )}
      ${choice(
        "count",
        (id) => html`<label for=${id}>Until</label>
        <input name="count" type="number" min="1" max="1000000" step="1" defaultValue="100" aria-label="How many more" required=${kind === "count"} onInput=${() => setKind("count")} />
        more come in <${Options} name="minutes" label="In what time" options=${periods} chosen=${60} onInput=${() => setKind("count")} />`,
      )}
    </fieldset>
  <//>`;
}

const Release = ({ close, act, releases }) =>
  html`<${Form} close=${close} answer=${({ release }) => act("resolve", { release: release.value.trim() })} label="Resolve">
    <p class="muted">Reports of this release and of earlier ones are counted and change nothing; the first of a later one reopens it.</p>
    <label>Release<input name="release" list="releases" required maxlength="200" autocomplete="off" spellcheck="false" autofocus defaultValue=${releases[0]} /></label>
    <datalist id="releases">${releases.map((name) => html`<option value=${name} />`)}</datalist>
  <//>`;

const Delete = ({ close, act, errors }) =>
  html`<${Form} close=${close} answer=${() => act("delete")} label="Delete" danger>
    <p>
      ${errors.length === 1 ? html`<strong dir="auto">${oneLine(errors[0].exception_type, 120)}</strong>` : plural(errors.length, "error")}
      ${" "}with every report, count and tag. This cannot be undone; the next such report is a new error.
    </p>
  <//>`;

// The one with the most events stays, unless another is chosen.
function Merge({ close, errors, join }) {
  const most = errors.reduce((best, one) => (one.count > best.count ? one : best));
  return html`<${Form} close=${close} answer=${({ into }) => join(into.value)} label="Merge">
    <p class="muted">All reports of these, those to come as well, are counted in the one that stays. Each part can be split off again.</p>
    <fieldset>
      <legend>Which stays</legend>
      ${errors.map(
        (error) => html`<div class="choose">
          <input type="radio" name="into" id=${`into-${error.id}`} value=${error.id} defaultChecked=${error === most} autofocus=${error === most} />
          <label for=${`into-${error.id}`} class="clip"><bdi>${oneLine(error.exception_type, 80)}</bdi> <span class="muted">${oneLine(error.message, 80)}</span></label>
          <span class="muted">${number(error.count)}</span>
        </div>`,
      )}
    </fieldset>
  <//>`;
}

const questions = {
  ignore: ["Ignore", Ignore],
  release: ["Resolve in a release", Release],
  delete: ["Delete", Delete],
  merge: ["Merge", Merge],
};

/*
 * `what` is one of the questions; `errors` are those it is about.  `act(verb, terms)` changes them, `join(into)` merges
 * them into one.
 */
export default function Ask({ what, errors, releases = [], act, join, onClose }) {
  const [title, Question] = questions[what];
  const many = errors.length > 1 && what !== "merge" ? ` ${number(errors.length)} errors` : "";
  return html`<${Dialog} title=${title + many} onClose=${onClose}>${(close) =>
    html`<${Question} close=${close} errors=${errors} releases=${releases} act=${act} join=${join} />`}<//>`;
}
