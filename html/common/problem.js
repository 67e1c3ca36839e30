// What went wrong, in the server's words, and the way to try again.  What was shown before stays below it.

import { html } from "../vendor/preact.js";
import { Icon } from "./icons.js";

const titleOf = ({ status }) => (status ? `Error ${status}` : status === 0 ? "No connection" : "");

export function Problem({ error, retry }) {
  if (!error) return null;
  return html`<div class="problem" role="alert">
    <${Icon} name="alert" />
    <p>
      <strong>${titleOf(error)}</strong> ${error.message}
      ${error.retryAfter && html` <span class="muted">The next try follows in ${error.retryAfter} s.</span>`}
    </p>
    ${retry && html`<button onClick=${retry}>Try again</button>`}
  </div>`;
}
