// A question above the page: closed by its button, by Escape, or by a click beside it; the focus then returns.

import { html, useLayoutEffect, useRef } from "../vendor/preact.js";
import { Icon } from "./icons.js";

export function Dialog({ title, onClose, children }) {
  const dialog = useRef(null);
  useLayoutEffect(() => dialog.current.showModal(), []);
  const close = () => dialog.current.close();
  const outside = (event) => {
    if (event.target === dialog.current) close();
  };
  return html`<dialog ref=${dialog} aria-labelledby="dialog-title" onClose=${onClose} onClick=${outside}>
    <div class="sheet">
      <header>
        <h2 id="dialog-title">${title}</h2>
        <button class="quiet icon" aria-label="Close" onClick=${close}><${Icon} name="close" /></button>
      </header>
      ${children(close)}
    </div>
  </dialog>`;
}
