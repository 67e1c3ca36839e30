// One DSN key: what it is good for, how it is used, and the lines that use it.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { post, send } from "./common/api.js";
import { Age, Copy, classes } from "./common/components.js";
import { compact, plural } from "./common/format.js";
import { Problem } from "./common/problem.js";
import { toast } from "./common/toast.js";
import { setParams } from "./common/url.js";
import { originsOf } from "./origins.js";
import { Snippets } from "./snippets.js";

export function Key({ of, open, reload }) {
  const { id, project, public_key: key, active } = of;
  const [editing, setEditing] = useState(false);
  const edit = useRef(null);
  const edited = () => {
    setEditing(false);
    edit.current.focus();
  };
  const change = (work, done, undo) =>
    work().then(
      () => {
        toast(done, undo && { label: "Undo", run: undo });
        return reload();
      },
      (error) => toast(error.message),
    );
  const activate = () =>
    change(() => post(`api/dsn-keys/${id}/activate`), `The key of ${project} is in use again`);
  const deactivate = () =>
    change(
      () => send(`api/dsn-keys/${id}`, { method: "DELETE" }),
      `The key of ${project} is switched off`,
      activate,
    );
  return html`<li tabindex="-1" class=${classes(!active && "off")} aria-label=${`Key of ${project}`}>
    <div class="who">
      <strong dir="auto">${project}</strong>${!active && html` <span class="badge">switched off</span>`}
      <p class="token"><code>${key}</code><${Copy} text=${key} label="" name=${`Copy the key of ${project}`} /></p>
    </div>
    <${Origins} list=${of.origins} />
    <dl class="use">
      <div><dt>Reports</dt><dd title=${plural(of.errors, "report")}>${compact(of.errors)}</dd></div>
      <div><dt>Metrics</dt><dd title=${plural(of.metrics, "point")}>${compact(of.metrics)}</dd></div>
      <div><dt>Last used</dt><dd>${of.last_used_at ? html`<${Age} time=${of.last_used_at} />` : "never"}</dd></div>
      <div><dt>Made</dt><dd><${Age} time=${of.created_at} /></dd></div>
    </dl>
    <div class="acts">
      <button aria-expanded=${String(open)} onClick=${() => setParams({ key: open ? null : id })}>Use it</button>
      <button ref=${edit} aria-expanded=${String(editing)} onClick=${() => setEditing(!editing)}>Origins</button>
      ${active ? html`<button onClick=${deactivate}>Switch off</button>` : html`<button onClick=${activate}>Switch on</button>`}
    </div>
    ${editing && html`<${Edit} of=${of} done=${edited} reload=${reload} />`}
    ${open && html`<${Snippets} of=${of} />`}
  </li>`;
}

const Origins = ({ list }) =>
  html`<div class="origins">
    ${
      list.length
        ? html`<ul class="chips">${list.map((origin) => html`<li class="chip"><code>${origin}</code></li>`)}</ul>`
        : html`<span class="muted small">Origins of <code>CORS_ORIGINS</code></span>`
    }
  </div>`;

function Edit({ of, done, reload }) {
  const [error, setError] = useState(null);
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const key = (event) => {
    if (event.key === "Escape") done();
  };
  const submit = async (event) => {
    event.preventDefault();
    try {
      await post(`api/dsn-keys/${of.id}/origins`, {
        origins: originsOf(event.target.elements.origins.value),
      });
      done();
      toast(`The origins of ${of.project} are changed`);
      await reload();
    } catch (failure) {
      setError(failure);
    }
  };
  return html`<form class="edit" onSubmit=${submit} onKeyDown=${key}>
    <label>Origins of ${of.project}<input ref=${field} name="origins" autocomplete="off" spellcheck="false" defaultValue=${of.origins.join(" ")} /></label>
    <button class="primary">Save</button><button type="button" onClick=${done}>Cancel</button>
    <${Problem} error=${error} />
  </form>`;
}
