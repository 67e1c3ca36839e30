// The frame of every page: who is signed in, the way to the other tools, and what belongs to all of them.

import { html, render, useEffect, useState } from "../vendor/preact.js";
import { Problem } from "./components.js";
import { Icon, Mark } from "./icons.js";
import { useKeys } from "./keys.js";
import { loadSession, signOut, useSession } from "./session.js";
import { ThemeButton } from "./theme.js";
import { Toasts, toast } from "./toast.js";
import { Link, href } from "./url.js";

const tools = [
  ["errors", "Errors", "e"],
  ["logs", "Logs", "l"],
  ["metrics", "Metrics", "m"],
  ["relay", "Relay", "k"],
];

// A part that is seldom needed is loaded when it is.
function Later({ load, ...props }) {
  const [View, setView] = useState(null);
  useEffect(() => {
    load().then((module) => setView(() => module.default));
  }, []);
  return View && html`<${View} ...${props} />`;
}

const Help = (props) => html`<${Later} load=${() => import("./help.js")} ...${props} />`;
const SignIn = (props) => html`<${Later} load=${() => import("./signin.js")} ...${props} />`;

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

function Frame({ service, children }) {
  const session = useSession();
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
    <main class="page" id="main" tabindex="-1">${children}</main>
    <${Toasts} />
    ${help && html`<${Help} onClose=${() => setHelp(false)} />`}
  `;
}

// Shows `View` in the frame of the tool named `service`.
export function start(service, View) {
  document.querySelector("link[rel=icon]").href = href("common/moon.svg"); // the address will change below a relative one
  render(html`<${Frame} service=${service}><${View} /><//>`, document.getElementById("app"));
}
