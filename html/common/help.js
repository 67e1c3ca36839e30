// The sheet of shortcuts, of whatever view is below it.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { Icon } from "./icons.js";
import { bindings, shortcutsOn, switchShortcuts } from "./keys.js";

const names = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", " ": "Space" };

const Keys = ({ keys }) =>
  keys.map((stroke, i) => [
    i > 0 && html` <span class="muted">or</span> `,
    stroke.split(/(?<=.) (?=.)/).map((key) => html`<kbd>${names[key] ?? key}</kbd>`),
  ]);

export default function Help({ onClose }) {
  const dialog = useRef(null);
  const [list] = useState(bindings);
  const [on, setOn] = useState(shortcutsOn);
  useEffect(() => dialog.current.showModal(), []);
  const change = (event) => {
    switchShortcuts(event.target.checked);
    setOn(event.target.checked);
  };
  const outside = (event) => {
    if (event.target === dialog.current) dialog.current.close();
  };
  return html`<dialog ref=${dialog} aria-labelledby="help-title" onClose=${onClose} onClick=${outside}>
    <div class="sheet">
      <header>
        <h2 id="help-title">Shortcuts</h2>
        <button class="quiet icon" aria-label="Close" onClick=${() => dialog.current.close()}><${Icon} name="close" /></button>
      </header>
      <dl class=${on ? "" : "dim"}>
        ${list.map(({ keys, label }) => html`<div><dt><${Keys} keys=${keys} /></dt><dd>${label}</dd></div>`)}
      </dl>
      <label class="check"><input type="checkbox" checked=${on} onChange=${change} />Shortcuts are on</label>
    </div>
  </dialog>`;
}
