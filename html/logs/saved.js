// Searches that were given a name, kept in this browser.

import { html, useState } from "./vendor/preact.js";
import { Popover } from "./common/components.js";
import { Icon } from "./common/icons.js";
import { keep, recall } from "./common/store.js";
import { navigate, query } from "./common/url.js";
import { filters } from "./search.js";

const PLACE = "logs.saved";
const KEPT = 50;
const saves = [...filters, "case", "time", "since", "until"];

// What was kept, whatever someone made of it: [{name, query}].
function read() {
  try {
    const list = JSON.parse(recall(PLACE, "[]"));
    return list.filter((one) => typeof one?.name === "string" && typeof one?.query === "string");
  } catch {
    return [];
  }
}

// What of an address is worth a name.
export const savedQuery = (params) =>
  query(Object.fromEntries(saves.map((name) => [name, params.getAll(name)])));

export default function Saved({ params }) {
  return html`<${Popover} title="Saved searches" button=${html`<${Icon} name="star" /><span>Saved</span>`}
    children=${(close) => html`<${Panel} now=${savedQuery(params)} close=${close} />`} />`;
}

function Panel({ now, close }) {
  const [list, setList] = useState(read);
  const put = (next) => {
    keep(PLACE, JSON.stringify(next.slice(0, KEPT)));
    setList(next.slice(0, KEPT));
  };
  const add = (event) => {
    event.preventDefault();
    const name = event.target.elements.name.value.trim();
    if (!name) return;
    put([{ name, query: now }, ...list.filter((one) => one.name !== name)]);
    event.target.reset();
  };
  const go = (one) => {
    close();
    navigate(one.query);
  };
  return html`
    ${list.length === 0 && html`<p class="muted">None yet. A name keeps the filters and the time that are set now.</p>`}
    <ul class="saved">
      ${list.map(
        (one) => html`<li key=${one.name}>
          <button class="quiet clip" aria-current=${one.query === now ? "true" : undefined} dir="auto" title=${one.query} onClick=${() => go(one)}>${one.name}</button>
          <button class="quiet icon" aria-label=${`Delete ${one.name}`} title="Delete" onClick=${() => put(list.filter((other) => other !== one))}><${Icon} name="trash" /></button>
        </li>`,
      )}
    </ul>
    <form onSubmit=${add}>
      <label>Name<input name="name" maxlength="60" autocomplete="off" disabled=${!now} placeholder=${now ? "" : "Nothing is filtered"} /></label>
      <button disabled=${!now}>Save</button>
    </form>
  `;
}
