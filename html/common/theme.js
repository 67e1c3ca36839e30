// Light, dark, or as the system says.

import { html, useState } from "../vendor/preact.js";
import { Icon } from "./icons.js";
import { keep, recall } from "./store.js";

const next = { system: "light", light: "dark", dark: "system" };
const label = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
const icon = { system: "contrast", light: "sun", dark: "moon" };

export function ThemeButton() {
  const [theme, setTheme] = useState(() => recall("theme", "system"));
  const change = () => {
    const chosen = next[theme];
    keep("theme", chosen);
    setTheme(chosen);
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
  };
  return html`<button class="quiet icon" title=${label[theme]} aria-label=${label[theme]} onClick=${change}>
    <${Icon} name=${icon[theme]} />
  </button>`;
}
