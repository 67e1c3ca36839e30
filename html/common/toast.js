// A short word about what was just done, with the way to undo it.

import { html, useEffect, useState } from "../vendor/preact.js";
import { useKeys } from "./keys.js";

const STAYS = 8000;

let show = () => {};
let last = 0;

export const toast = (text, action) => show({ text, action, id: ++last });

export function Toasts() {
  const [note, setNote] = useState(null);
  useEffect(() => {
    show = setNote;
  }, []);
  useEffect(() => {
    if (!note) return undefined;
    const timer = setTimeout(() => setNote(null), STAYS);
    return () => clearTimeout(timer);
  }, [note]);
  const act = () => {
    setNote(null);
    note.action.run();
  };
  useKeys(note?.action ? [{ keys: ["z"], label: note.action.label, run: act }] : []);
  return html`<div class="toasts" role="status">
    ${
      note &&
      html`<div class="toast" key=${note.id}>
      <span>${note.text}</span>
      ${note.action && html`<button onClick=${act} aria-keyshortcuts="z">${note.action.label}</button>`}
    </div>`
    }
  </div>`;
}
