// A page of a list whose address says behind which place it begins.

import { html } from "../vendor/preact.js";
import { Icon } from "./icons.js";
import { setParams } from "./url.js";

// `cursor` is where this page begins, null for the first; `next` where the one behind it does, null for none.
export const Older = ({ cursor, next, children }) =>
  (cursor || next) &&
  html`<nav class="pager" aria-label="Pages">
    <p class="muted" role="status">${children}</p>
    <div>
      <button disabled=${!cursor} onClick=${() => setParams({ cursor: null })}><${Icon} name="first" />Newest</button>
      <button disabled=${!next} onClick=${() => setParams({ cursor: next })}>Older<${Icon} name="right" /></button>
    </div>
  </nav>`;
