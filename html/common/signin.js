// The door: one field for the password of the pages or the key of the service.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { Mark } from "./icons.js";
import { Problem } from "./problem.js";
import { signIn } from "./session.js";
import { ThemeButton } from "./theme.js";

const titles = { errors: "Error tracker", logs: "Logs", metrics: "Metrics", relay: "Browser relay" };

export default function SignIn({ service }) {
  const field = useRef(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  useEffect(() => {
    document.title = "Sign in · Monlight";
    field.current.focus();
  }, []);

  const submit = async (event) => {
    event.preventDefault();
    const secret = field.current.value.trim();
    if (!secret || busy) return;
    setBusy(true);
    setError(null);
    try {
      await signIn(secret);
    } catch (failure) {
      setError(failure);
      setBusy(false);
      field.current.select();
      field.current.focus();
    }
  };

  return html`<main class="door">
    <div class="corner"><${ThemeButton} /></div>
    <form onSubmit=${submit}>
      <${Mark} />
      <h1>Monlight</h1>
      <p class="muted">${titles[service]}</p>
      ${
        error &&
        (error.status === 401
          ? html`<p class="wrong" role="alert">This is neither the password nor a key of this service.</p>`
          : html`<${Problem} error=${error} />`)
      }
      <input class="offscreen" name="username" autocomplete="username" value=${`monlight ${service}`} tabindex="-1" aria-hidden="true" readonly />
      <label>
        Password or API key
        <input ref=${field} type="password" name="password" autocomplete="current-password" aria-invalid=${String(error?.status === 401)} required />
      </label>
      <button class="primary" disabled=${busy}>${busy ? "Signing in…" : "Sign in"}</button>
      <p class="muted small">The password is <code>UI_PASSWORD</code> in <code>monlight.env</code>; <code>monlight keys</code> prints the keys.</p>
    </form>
  </main>`;
}
