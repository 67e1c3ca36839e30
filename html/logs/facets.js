// What the lines can be narrowed by: levels and whose they are, with counts.

import { html } from "./vendor/preact.js";
import { classes } from "./common/components.js";
import { compact, plural } from "./common/format.js";
import { levels } from "./search.js";

// Puts a value in or takes it out.
const flip = (values, value) =>
  values.includes(value) ? values.filter((one) => one !== value) : [...values, value];

const Option = ({ on, name, count, tone, change }) =>
  html`<li><label class=${classes("facet", tone)} title=${count === undefined ? name : `${name}: ${plural(count, "line")}`}>
    <input type="checkbox" checked=${on} onChange=${change} /><span class="clip">${name}</span>
    ${count !== undefined && html`<span class="muted">${compact(count)}</span>`}
  </label></li>`;

export default function Facets({ params, histogram, containers, narrow }) {
  const chosen = params.getAll("level");
  const names = params.getAll("container");
  const count = (level) =>
    histogram?.buckets.reduce((sum, bucket) => sum + (bucket.levels[level] ?? 0), 0) ?? 0;
  const all = containers?.containers ?? [];
  const services = [...new Set(all.map((one) => one.service).filter(Boolean))].sort();
  const known = new Set(all.map((one) => one.name));
  const listed = [...names.filter((name) => !known.has(name)).map((name) => ({ name })), ...all];
  return html`
    <fieldset>
      <legend>Level</legend>
      <ul>
        ${levels.map(
          (
            level,
          ) => html`<${Option} key=${level} on=${chosen.includes(level)} name=${level} count=${histogram && count(level)}
            tone=${`level-${level.toLowerCase()}`} change=${() => narrow({ level: flip(chosen, level) })} />`,
        )}
      </ul>
    </fieldset>
    ${
      services.length > 0 &&
      html`<fieldset>
      <legend>Service</legend>
      <ul>
        ${services.map(
          (
            service,
          ) => html`<${Option} key=${service} on=${params.getAll("service").includes(service)} name=${service}
            change=${() => narrow({ service: flip(params.getAll("service"), service) })} />`,
        )}
      </ul>
    </fieldset>`
    }
    <fieldset>
      <legend>Container</legend>
      <ul>
        ${listed.map(
          ({
            name,
            log_count: lines,
          }) => html`<${Option} key=${name} on=${names.includes(name)} name=${name} count=${lines}
            change=${() => narrow({ container: flip(names, name) })} />`,
        )}
      </ul>
    </fieldset>
  `;
}
