// What people are told, and were told: the queue with its next attempts, and what became of each alert.

import { html, useEffect, useState } from "./vendor/preact.js";
import { get, post } from "./common/api.js";
import { Age, Command, Empty, Refresh, classes, everyOf } from "./common/components.js";
import { exact, oneLine, plural } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { useKeys } from "./common/keys.js";
import { Older } from "./common/older.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { Link, navigate, query, useLocation, useScroll } from "./common/url.js";

const kinds = {
  new: "new",
  regression: "came back",
  spike: "spike",
  digest: "digest",
  test: "test",
  rule: "rule",
};
const tones = { regression: "level-warning", spike: "level-error", new: "level-info" };

// What an alert as a whole waits for.
const states = {
  new: "waits to be looked at",
  held: "over the hourly cap: waits for the digest",
  digested: "told in a digest",
};

const isPast = (alert) => alert.state === "done" || alert.state === "digested";

export default function Alerts() {
  const { params } = useLocation();
  const every = everyOf(params);
  const cursor = params.get("cursor");
  const key = `alerts${query({ cursor })}`;
  const alerts = useResource(key, (signal) => get("api/alerts", { cursor }, { signal }), { every });
  const all = alerts.data?.alerts ?? [];
  const queue = all.filter((alert) => !isPast(alert));
  const past = all.filter(isPast);
  useEffect(() => {
    document.title = `${queue.length ? `(${queue.length}) ` : ""}Alerts · Monlight`;
  }, [queue.length]);
  useScroll(Boolean(alerts.data), key);
  useKeys([
    { keys: ["r"], label: "Refresh", run: alerts.reload },
    { keys: ["u", "Escape"], label: "Back to the list", run: () => navigate("") },
  ]);
  return html`
    <div class="bar crumbs">
      <${Link} to="" class="back"><${Icon} name="left" />Errors<//>
      <div class="end">
        <${Refresh} params=${params} loading=${alerts.slow} reload=${alerts.reload} />
      </div>
    </div>
    <header class="title alerts-title"><div class="words"><h1>Alerts</h1></div><${Test} done=${alerts.reload} /></header>
    <${Problem} error=${alerts.error} retry=${alerts.reload} />
    ${!alerts.data && !alerts.error && html`<div class=${classes("skeleton block", alerts.slow && "visible")} aria-hidden="true"><i></i><i class="tall"></i></div>`}
    ${alerts.data && !all.length && !cursor && html`<div class="sheet"><${Nothing} /></div>`}
    <div class=${classes("told", alerts.slow && "stale")}>
      ${queue.length > 0 && html`<${Section} id="queue" title="Queue" alerts=${queue} />`}
      ${past.length > 0 && html`<${Section} id="past" title="Told" alerts=${past} />`}
    </div>
    <${Older} cursor=${cursor} next=${alerts.data?.next_cursor}>${plural(all.length, "alert")}${cursor && " further back"}<//>
  `;
}

// Sends a test alert along every channel, and shows what became of it.
function Test({ done }) {
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState(null);
  const send = async () => {
    setBusy(true);
    setOutcome(null);
    try {
      const { status, detail } = await post("api/test-alert?wait=1");
      setOutcome(
        status === "sent"
          ? { good: true, text: "Every channel has taken the test alert." }
          : { text: `It is queued, with no outcome yet. ${detail}` },
      );
    } catch (error) {
      setOutcome({ error });
    }
    setBusy(false);
    done();
  };
  return html`<div class="test">
    <button class="primary" disabled=${busy} onClick=${send}><${Icon} name="bell" />${busy ? "Sending…" : "Send a test alert"}</button>
    <p role="status" class=${outcome?.good ? "good" : "muted"}>${outcome?.text}</p>
    <${Problem} error=${outcome?.error} />
  </div>`;
}

const Nothing = () =>
  html`<${Empty} title="Nobody has been told of anything yet">
    <p>Alerts go by mail and to webhooks, when an error is new, comes back, or comes often. In <code>monlight.env</code>:</p>
    <${Command} text=${`SMTP_HOST=mail.example.com
ALERT_EMAILS=ops@example.com
ALERT_WEBHOOKS=https://hooks.slack.com/services/…
ALERT_SPIKE=100/5`} />
    <p class="muted">Then <code>monlight reload</code>, and a test alert shows whether it works.</p>
  <//>`;

const Section = ({ id, title, alerts }) =>
  html`<section class="sheet" aria-labelledby=${id}>
    <header><h2 id=${id}>${title}</h2><span class="muted small">${plural(alerts.length, "alert")}</span></header>
    <ol class="alerts">${alerts.map((alert) => html`<${Alert} key=${alert.id} alert=${alert} />`)}</ol>
  </section>`;

const Alert = ({ alert }) => {
  const title = oneLine(alert.title, 200);
  return html`<li>
    <span class=${classes("badge", tones[alert.kind])}>${kinds[alert.kind] ?? alert.kind}</span>
    <p class="what" dir="auto">
      ${alert.subject_id && alert.kind !== "rule" ? html`<${Link} to=${`errors/${alert.subject_id}`}>${title}<//>` : title}
    </p>
    <${Age} time=${alert.created_at} />
    <ul class="deliveries">
      ${states[alert.state] && html`<li class="muted">${states[alert.state]}</li>`}
      ${alert.deliveries.map((one) => html`<${Delivery} of=${one} />`)}
    </ul>
  </li>`;
};

const badges = { sent: "resolved", failed: "level-error", waiting: "level-warning" };

// The reason of an attempt that failed is what one looks for here.
const Delivery = ({ of }) =>
  html`<li>
    <span class=${classes("badge", badges[of.state])}>${of.state}</span>
    <bdi class="channel">${of.channel}</bdi>
    ${of.attempts > 1 && html`<span class="muted">${plural(of.attempts, "attempt")}</span>`}
    ${of.done_at && html`<time class="muted" datetime=${of.done_at}>${exact(of.done_at)}</time>`}
    ${of.next_at && of.attempts > 0 && html`<span class="muted">next attempt <time datetime=${of.next_at}>${exact(of.next_at)}</time></span>`}
    ${of.detail && of.state !== "sent" && html`<span class="reason" dir="auto">${of.detail}</span>`}
  </li>`;
