// A single report: the walk along the kept ones, the stack trace, and what was known at that moment.

import { html } from "./vendor/preact.js";
import { Age, Copy } from "./common/components.js";
import { exact, number, plural } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { useSession } from "./common/session.js";
import { Link, query, setParams } from "./common/url.js";
import { Frames } from "./frames.js";
import { exceptionsOf } from "./stack.js";

const AROUND = 120_000; // the logs of two minutes before and after

export function Occurrence({ error, occurrences, at, walk, raw }) {
  const one = occurrences[at];
  return html`
    <${Walker} error=${error} occurrences=${occurrences} at=${at} walk=${walk} />
    <${Trace} error=${error} one=${one} raw=${raw} />
    ${one && html`<${Facts} one=${one} />`}
  `;
}

function Walker({ error, occurrences, at, walk }) {
  const one = occurrences[at];
  const services = useSession()?.services ?? {};
  if (!one) return html`<p class="walker muted">No report is kept.</p>`;
  const moment = Date.parse(one.timestamp);
  const around = { since: new Date(moment - AROUND).toISOString(), until: new Date(moment + AROUND).toISOString() };
  const session = one.session_id ?? one.extra?.session_id;
  const step = (icon, label, to, off) =>
    html`<button class="icon" aria-label=${label} title=${label} disabled=${off} onClick=${() => walk(to)}><${Icon} name=${icon} /></button>`;
  const oldest = occurrences.length - 1;
  return html`<div class="walker">
    <div class="joined" role="group" aria-label="Reports">
      ${step("first", "Oldest report kept", oldest, at === oldest)} ${step("left", "Older report (p)", at + 1, at === oldest)}
      ${step("right", "Newer report (n)", at - 1, at === 0)} ${step("last", "Newest report", 0, at === 0)}
    </div>
    <p role="status">
      <strong>Report ${occurrences.length - at} of ${occurrences.length}</strong>
      ${error.count > occurrences.length && html`<span class="muted"> kept, ${number(error.count)} in all</span>`}
      <span class="muted when"> · <time datetime=${one.timestamp}>${exact(one.timestamp)}</time> · <${Age} time=${one.timestamp} /></span>
    </p>
    <p class="links">
      ${services.logs && html`<a href=${`${services.logs.replace(/\/$/, "")}/${query(around)}`}>Logs around it</a>`}
      ${session && html`<${Link} to=${query({ session_id: session, status: "all" })}>Same session<//>`}
    </p>
  </div>`;
}

function Trace({ error, one, raw }) {
  const text = one?.traceback || error.traceback || "";
  const exceptions = exceptionsOf(one, error);
  const asRaw = raw || !exceptions;
  const show = (view) => setParams({ view }, { replace: true });
  return html`<section class="sheet" aria-labelledby="trace">
    <header>
      <h2 id="trace">Stack trace</h2>
      <div class="end">
        ${exceptions &&
        html`<div class="joined" role="group" aria-label="View">
          <button aria-pressed=${String(!asRaw)} onClick=${() => show(null)}>Frames</button>
          <button aria-pressed=${String(asRaw)} onClick=${() => show("raw")}>Raw</button>
        </div>`}
        ${text && html`<${Copy} text=${text} label="Copy trace" />`}
      </div>
    </header>
    ${!text && !exceptions && html`<p class="nothing muted">The report came without a stack trace.</p>`}
    ${asRaw ? text && html`<pre class="raw" tabindex="0" aria-labelledby="trace">${text}</pre>` : html`<${Frames} exceptions=${exceptions} />`}
  </section>`;
}

const Section = ({ id, title, count, half, children }) =>
  html`<section class=${half ? "sheet half" : "sheet"} aria-labelledby=${id}>
    <header><h2 id=${id}>${title}</h2>${count && html`<span class="muted">${count}</span>`}</header>
    ${children}
  </section>`;

// Names and values, the value as text, or as JSON when it has parts.
const Pairs = ({ pairs }) =>
  html`<dl class="pairs">
    ${pairs.map(
      ([name, value]) => html`<div>
        <dt>${name}</dt>
        <dd dir="auto">${value !== null && typeof value === "object" ? html`<pre tabindex="0">${JSON.stringify(value, null, 2)}</pre>` : String(value)}</dd>
      </div>`,
    )}
  </dl>`;

const filled = (object) =>
  Object.entries(object ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== "");

function Facts({ one }) {
  const extra = one.extra ?? {};
  const request = filled({ URL: one.request_url, Method: one.request_method, "User agent": extra.user_agent });
  const headers = filled(one.request_headers);
  const where = filled({ environment: one.environment, release: one.release, level: one.level, server: one.server_name });
  const user = filled(typeof one.user === "object" ? one.user : { id: one.user });
  if (!user.length && one.user_id) user.push(["id", one.user_id]);
  const tags = filled(one.tags);
  const contexts = filled(one.contexts);
  const rest = filled({ ...extra, user_agent: undefined });
  const crumbs = one.breadcrumbs ?? [];
  return html`
    ${request.length > 0 &&
    html`<${Section} id="request" title="Request">
      <${Pairs} pairs=${request} />
      ${headers.length > 0 && html`<details class="more"><summary>${plural(headers.length, "header")}</summary><${Pairs} pairs=${headers} /></details>`}
    <//>`}
    ${crumbs.length > 0 && html`<${Section} id="crumbs" title="Breadcrumbs" count=${crumbs.length}><${Crumbs} crumbs=${crumbs} end=${one.timestamp} /><//>`}
    ${user.length > 0 && html`<${Section} id="user" title="User" half><${Pairs} pairs=${user} /><//>`}
    ${where.length + tags.length > 0 && html`<${Section} id="report-tags" title="Tags of this report" half><${Pairs} pairs=${[...where, ...tags]} /><//>`}
    ${contexts.map(
      ([name, value], i) => html`<${Section} id=${`context-${i}`} title=${name} half><${Pairs} pairs=${typeof value === "object" ? filled(value) : [[name, value]]} /><//>`,
    )}
    ${rest.length > 0 && html`<${Section} id="extra" title="Extra"><${Pairs} pairs=${rest} /><//>`}
  `;
}

const crumbTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 });

const Crumbs = ({ crumbs }) =>
  html`<ol class="crumbs">
    ${crumbs.map((crumb) => {
      const time = typeof crumb.timestamp === "number" ? crumb.timestamp * 1000 : Date.parse(crumb.timestamp);
      return html`<li class=${crumb.level && `level-${crumb.level}`}>
        <time class="muted">${Number.isNaN(time) ? "" : crumbTime.format(time)}</time>
        <span class="badge plain">${crumb.category ?? crumb.type ?? "note"}</span>
        <span dir="auto">${crumb.message ?? JSON.stringify(crumb.data ?? {})}</span>
      </li>`;
    })}
  </ol>`;
