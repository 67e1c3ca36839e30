// The frame of every page: who is signed in, and the way to the other tools.

import { html, render, useEffect, useErrorBoundary, useState } from "../vendor/preact.js";
import { Icon, Mark } from "./icons.js";
import { useKeys } from "./keys.js";
import { Problem } from "./problem.js";
import { loadSession, signOut, useSession } from "./session.js";
import { ThemeButton } from "./theme.js";
import { Toasts, toast } from "./toast.js";
import { Link, href, useLocation } from "./url.js";

const tools = [
  ["errors", "Errors", "e"],
  ["logs", "Logs", "l"],
  ["metrics", "Metrics", "m"],
  ["relay", "Relay", "k"],
];

// A component whose module is loaded when it is first shown.
export function later(load) {
  let View = null;
  const fetchView = async () => {
    View ??= (await load()).default;
  };
  const Later = (props) => {
    const [error, setError] = useState(null);
    const [, setReady] = useState(Boolean(View));
    // Even if it is there by now: it may have come since this was drawn.
    useEffect(() => {
      fetchView().then(() => setReady(true), setError);
    }, []);
    if (error)
      return html`<${Problem} error=${new Error("A part of this page could not be loaded")} retry=${() => location.reload()} />`;
    return View && html`<${View} ...${props} />`;
  };
  // What will be wanted soon can be loaded before.
  Later.ahead = () => fetchView().catch(() => {});
  return Later;
}

const Help = later(() => import("./help.js"));
const SignIn = later(() => import("./signin.js"));

function Header({ service, services = {}, onHelp }) {
  const leave = () => signOut().catch((error) => toast(error.message));
  return html`<header class="top">
    <${Link} to="" class="brand" aria-label="Monlight, start"><${Mark} /><span>Monlight</span><//>
    <nav aria-label="Tools">
      ${tools.map(([name, label]) =>
        name === service
          ? html`<${Link} to="" aria-current="page">${label}<//>`
          : services[name] && html`<a href=${services[name]}>${label}</a>`,
      )}
    </nav>
    <div class="tools">
      <${ThemeButton} />
      <button class="quiet icon" aria-label="Shortcuts" title="Shortcuts (?)" onClick=${onHelp}><${Icon} name="help" /></button>
      <button class="quiet icon" aria-label="Sign out" title="Sign out" onClick=${leave}><${Icon} name="exit" /></button>
    </div>
  </header>`;
}

// What a view cannot draw does not take the page with it; another address draws anew.
function Guard({ children }) {
  const [error, again] = useErrorBoundary();
  return error
    ? html`<${Problem} error=${new Error(`This view failed: ${error.message}`)} retry=${again} />`
    : children;
}

function Frame({ service, children }) {
  const session = useSession();
  const { path } = useLocation();
  const [problem, setProblem] = useState(null);
  const [help, setHelp] = useState(false);
  const load = () => {
    setProblem(null);
    loadSession().catch(setProblem);
  };
  useEffect(load, []);

  const services = session?.services ?? {};
  useKeys([
    { keys: ["?"], label: "This sheet", run: () => setHelp(true) },
    ...tools
      .filter(([name]) => name === service || services[name])
      .map(([name, label, key]) => ({
        keys: [`g ${key}`],
        label: `Go to ${label.toLowerCase()}`,
        run: () => location.assign(name === service ? href("") : services[name]),
      })),
  ]);

  if (problem) return html`<main class="page"><${Problem} error=${problem} retry=${load} /></main>`;
  if (!session) return null;
  if (!session.signed_in) return html`<${SignIn} service=${service} />`;
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <${Header} service=${service} services=${services} onHelp=${() => setHelp(true)} />
    <main class="page" id="main" tabindex="-1"><${Guard} key=${path}>${children}<//></main>
    <${Toasts} />
    ${help && html`<${Help} onClose=${() => setHelp(false)} />`}
  `;
}

// Shows `View` in the frame of the tool named `service`.
export function start(service, View) {
  document.querySelector("link[rel=icon]").href = href("common/moon.svg"); // the address will change below a relative one
  render(html`<${Frame} service=${service}><${View} /><//>`, document.getElementById("app"));
}
