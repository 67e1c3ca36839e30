// A single report: the walk along the kept ones, the stack trace, and what was known at that moment.

import { html } from "./vendor/preact.js";
import { Age, Copy } from "./common/components.js";
import { exact, number, plain, plural } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { useSession } from "./common/session.js";
import { Link, query, setParams } from "./common/url.js";
import { Frames } from "./frames.js";
import { exceptionsOf } from "./exceptions.js";

const AROUND = 120_000; // the logs of two minutes before and after

export function Occurrence({ error, occurrences, at, walk, raw }) {
  const one = occurrences[at];
  return html`
    <${Walker} error=${error} occurrences=${occurrences} at=${at} walk=${walk} />
    ${one?.message && one.message !== error.message && html`<p class="said" dir="auto">${one.message}</p>`}
    <${Trace} error=${error} one=${one} raw=${raw} />
    ${one && html`<${Facts} one=${one} />`}
  `;
}

function Walker({ error, occurrences, at, walk }) {
  const one = occurrences[at];
  const services = useSession()?.services ?? {};
  if (!one) return html`<p class="walker muted">No report is kept.</p>`;
  const moment = Date.parse(one.timestamp);
  const around = {
    since: new Date(moment - AROUND).toISOString(),
    until: new Date(moment + AROUND).toISOString(),
  };
  const session = [one.session_id, one.extra?.session_id].find((id) => typeof id === "string");
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
        ${
          exceptions &&
          html`<div class="joined" role="group" aria-label="View">
          <button aria-pressed=${String(!asRaw)} onClick=${() => show(null)}>Frames</button>
          <button aria-pressed=${String(asRaw)} onClick=${() => show("raw")}>Raw</button>
        </div>`
        }
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
        <dd dir="auto">${isObject(value) ? html`<pre tabindex="0">${JSON.stringify(value, null, 2)}</pre>` : String(value)}</dd>
      </div>`,
    )}
  </dl>`;

// A report is what some program sent: nothing in it need have the shape that is hoped for.
const isObject = (value) => value !== null && typeof value === "object";
const filled = (object) =>
  isObject(object)
    ? Object.entries(object).filter(([, value]) => value !== null && value !== undefined && value !== "")
    : [];

// What came with a report, as [id, title, content]; parts that share a line are `half` as wide.
function Facts({ one }) {
  const { user_agent, ...extra } = Object.fromEntries(filled(one.extra));
  const request = filled({ URL: one.request_url, Method: one.request_method, "User agent": user_agent });
  const headers = filled(one.request_headers);
  const { environment, release, level, server_name: server, event_id: event } = one;
  const tags = [...filled({ environment, release, level, server, event }), ...filled(one.tags)];
  const user = typeof one.user === "object" ? filled(one.user) : filled({ id: one.user });
  if (!user.length && one.user_id) user.push(["id", one.user_id]);
  const crumbs = Array.isArray(one.breadcrumbs) ? one.breadcrumbs.filter(isObject) : [];
  const halves = [
    ["user", "User", user],
    ...filled(one.contexts).map(([name, value]) => [
      `context-${name}`,
      name,
      isObject(value) ? filled(value) : [[name, value]],
    ]),
    ["report-tags", "Tags of this report", tags],
  ].filter(([, , pairs]) => pairs.length);
  return html`
    ${
      request.length + headers.length > 0 &&
      html`<${Section} id="request" title="Request">
      ${request.length > 0 && html`<${Pairs} pairs=${request} />`}
      ${headers.length > 0 && html`<details class="more"><summary>${plural(headers.length, "header")}</summary><${Pairs} pairs=${headers} /></details>`}
    <//>`
    }
    ${crumbs.length > 0 && html`<${Section} id="crumbs" title="Breadcrumbs" count=${crumbs.length}><${Crumbs} crumbs=${crumbs} /><//>`}
    ${halves.map(
      ([id, title, pairs], i) =>
        html`<${Section} id=${id} title=${title} half=${i % 2 === 1 || i < halves.length - 1}><${Pairs} pairs=${pairs} /><//>`,
    )}
    ${filled(extra).length > 0 && html`<${Section} id="extra" title="Extra"><${Pairs} pairs=${filled(extra)} /><//>`}
  `;
}

const crumbTime = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 1,
});

function crumbAge(stamp) {
  const time = new Date(typeof stamp === "number" ? stamp * 1000 : stamp);
  return Number.isNaN(time.valueOf()) ? "" : crumbTime.format(time);
}

const Crumbs = ({ crumbs }) =>
  html`<ol class="crumbs">
    ${crumbs.map(
      ({ timestamp, category, type, level, message, data }) =>
        html`<li>
          <time class="muted">${crumbAge(timestamp)}</time>
          <span class=${`badge level-${level}`}>${plain(category ?? type ?? "note")}</span>
          <span dir="auto">${[message, data].filter(Boolean).map(plain).join(" ")}</span>
        </li>`,
    )}
  </ol>`;
