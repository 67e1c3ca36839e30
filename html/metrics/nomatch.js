// No points of a metric with these labels in this time, and what to leave out.

import { html } from "./vendor/preact.js";
import { Empty } from "./common/components.js";
import { describeRange } from "./common/time.js";
import { setParams } from "./common/url.js";
import { toChoices } from "./bar.js";

// What is pressed here goes with what is said here.
const change = (patch) => [toChoices(), setParams(patch)];

export default ({ name, params }) =>
  html`<div class="sheet"><${Empty} title="No points">
    <p>There is nothing of <code dir="auto">${name}</code> with</p>
    <ul class="chips">
      ${params.getAll("label").map((text) => html`<li class="chip"><code dir="auto">${text}</code></li>`)}
      <li class="chip">Time <code>${describeRange(params, "Last 24 hours")}</code></li>
    </ul>
    <p>
      ${params.getAll("label").length > 0 && html`<button onClick=${() => change({ label: null })}>Any labels</button>`}
      ${params.get("time") !== "30d" && html` <button onClick=${() => change({ time: "30d", since: null, until: null })}>Last 30 days</button>`}
    </p>
  <//></div>`;
