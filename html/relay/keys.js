// DSN keys: which projects' pages may report, from where, and what they have to hold.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { get, post } from "./common/api.js";
import { Empty, classes, everyOf } from "./common/components.js";
import { plural } from "./common/format.js";
import { useKeys } from "./common/keys.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { toast } from "./common/toast.js";
import { setParams, useLocation } from "./common/url.js";
import { Bar, Skeleton, step } from "./bar.js";
import { Key } from "./key.js";
import { originsOf } from "./origins.js";

export default function Keys() {
  const { params } = useLocation();
  const every = everyOf(params);
  const keys = useResource("keys", (signal) => get("api/dsn-keys", {}, { signal }), { every });
  const open = params.get("key");
  const made = useRef(null); // the key that was just made: the focus goes to it once it is there
  const all = keys.data?.keys ?? [];
  // Those in use first, the newest first.
  const sorted = [...all].sort((a, b) => b.active - a.active || b.id - a.id);
  useEffect(() => {
    if (!made.current || String(made.current) !== open) return;
    made.current = null;
    document.querySelector(".rows > li:has(.snippets)")?.focus();
  }, [open]);
  const show = async (id) => {
    made.current = id;
    await keys.reload();
    setParams({ key: id });
  };
  useKeys([
    { keys: ["n"], label: "New key", run: () => document.querySelector("[name=project]").focus() },
    { keys: ["j", "ArrowDown"], label: "Next key", run: () => step(1) },
    { keys: ["k", "ArrowUp"], label: "Previous key", run: () => step(-1) },
  ]);
  return html`
    <${Bar} params=${params} resource=${keys} />
    <${Problem} error=${keys.error} retry=${keys.reload} />
    <${Create} made=${show} />
    <${Skeleton} resource=${keys} />
    ${
      keys.data &&
      html`<section class=${classes("sheet", keys.slow && "stale")} aria-labelledby="keys">
        <header><h2 id="keys">Keys</h2>
          <span class="muted small" role="status">${plural(all.filter((key) => key.active).length, "key")} in use</span></header>
        ${
          sorted.length
            ? html`<ul class="rows">${sorted.map((key) => html`<${Key} key=${key.id} of=${key} open=${String(key.id) === open} reload=${keys.reload} />`)}</ul>`
            : html`<${Empty} title="No key has been made yet">
              <p>Make one above: it says to the relay which project a page belongs to, and you get the lines that send the page's first record.</p>
              <p class="muted">In a shell, <code>monlight keys add PROJECT</code> does the same.</p>
            <//>`
        }
      </section>`
    }
  `;
}

function Create({ made }) {
  const form = useRef(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    const { project, origins } = form.current.elements;
    if (busy || !project.value.trim()) return;
    setBusy(true);
    setError(null);
    try {
      const name = project.value.trim();
      const { id } = await post("api/dsn-keys", {
        project: name,
        origins: originsOf(origins.value),
      });
      form.current.reset();
      toast(`A key for ${name} was made`);
      await made(id);
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return html`<form class="sheet make" ref=${form} onSubmit=${submit} aria-label="New key">
    <label>Project<input name="project" required maxlength="100" autocomplete="off" placeholder="shop" /></label>
    <label>Origins of its pages<input name="origins" autocomplete="off" spellcheck="false" placeholder="https://shop.example https://*.shop.example" aria-describedby="origins-hint" /></label>
    <button class="primary" disabled=${busy}>${busy ? "Making…" : "Make a key"}</button>
    <p class="muted small" id="origins-hint">Without origins, only those of <code>CORS_ORIGINS</code> may use it; <code>*</code> lets every page.</p>
    <${Problem} error=${error} />
  </form>`;
}
