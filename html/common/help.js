// The sheet of shortcuts, of whatever view is below it.

import { html, useState } from "../vendor/preact.js";
import { Dialog } from "./dialog.js";
import { bindings, shortcutsOn, switchShortcuts } from "./keys.js";

const names = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", " ": "Space" };

const Keys = ({ keys }) =>
  keys.map((stroke, i) => [
    i > 0 && html` <span class="muted">or</span> `,
    stroke.split(/(?<=.) (?=.)/).map((key) => html`<kbd>${names[key] ?? key}</kbd>`),
  ]);

export default function Help({ onClose }) {
  const [list] = useState(bindings);
  const [on, setOn] = useState(shortcutsOn);
  const change = (event) => {
    switchShortcuts(event.target.checked);
    setOn(event.target.checked);
  };
  return html`<${Dialog} title="Shortcuts" onClose=${onClose}>${() => html`
    <dl class=${on ? "" : "dim"}>
      ${list.map(({ keys, label }) => html`<div><dt><${Keys} keys=${keys} /></dt><dd>${label}</dd></div>`)}
    </dl>
    <label class="check"><input type="checkbox" checked=${on} onChange=${change} />Shortcuts are on</label>
  `}<//>`;
}
