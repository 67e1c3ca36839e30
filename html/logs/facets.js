// What the lines can be narrowed by: levels, whose they are, and their fields, each with counts;
// every value can be asked for, and left out.

import { html } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { classes } from "./common/components.js";
import { compact, plural } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { choose, filters, levels, request, splitWish, wishFor } from "./search.js";

const TOP = 6; // values of a field that are listed

// A value of a filter; `name` is what it is shown as.
function Option({ filter, value, name = value, count, tone, params, narrow }) {
  const out = params.getAll(`not_${filter}`).includes(value);
  const lines = count === undefined ? name : `${name}: ${plural(count, "line")}`;
  return html`<li class=${classes("facet", tone, out && "out")} title=${lines}>
    <label>
      <input type="checkbox" checked=${params.getAll(filter).includes(value)}
        onChange=${() => narrow(choose(params, filter, value, false))} /><span class="clip" dir="auto">${name}</span>
      ${count !== undefined && html`<span class="muted">${compact(count)}</span>`}
    </label>
    <button class="quiet icon" aria-pressed=${String(out)} aria-label=${`Leave out ${name}`} title="Leave out"
      onClick=${() => narrow(choose(params, filter, value, true))}><${Icon} name="minus" /></button>
  </li>`;
}

// What is chosen stays listed, also when there is nothing of it now.
function listed(params, filter, names) {
  const chosen = [...params.getAll(filter), ...params.getAll(`not_${filter}`)];
  return [...new Set([...chosen.filter((name) => !names.includes(name)), ...names])];
}

const Group = ({ name, filter, values, counts, tone, params, narrow }) =>
  values.length > 0 &&
  html`<fieldset>
    <legend>${name}</legend>
    <ul>
      ${values.map(
        (value) =>
          html`<${Option} key=${value} filter=${filter} value=${value} count=${counts?.(value)} tone=${tone?.(value)} params=${params} narrow=${narrow} />`,
      )}
    </ul>
  </fieldset>`;

export default function Facets({ params, histogram, containers, narrow }) {
  const count = (level) =>
    histogram?.buckets.reduce((sum, bucket) => sum + (bucket.levels[level] ?? 0), 0) ?? 0;
  const all = containers?.containers ?? [];
  const namesOf = (member) => [...new Set(all.map((one) => one[member]).filter(Boolean))].sort();
  const linesOf = new Map(all.map((one) => [one.name, one.log_count]));
  // They are of all lines of a container: where only some are asked for, they would be wrong.
  const narrowed = ["time", "since", "until", ...filters].some(
    (name) => !name.endsWith("container") && params.has(name),
  );
  const given = { params, narrow };
  return html`
    <${Group} name="Level" filter="level" values=${levels} counts=${histogram && count}
      tone=${(level) => `level-${level.toLowerCase()}`} ...${given} />
    <${Group} name="Service" filter="service" values=${listed(params, "service", namesOf("service"))} ...${given} />
    <${Group} name="Container" filter="container" counts=${narrowed ? undefined : (name) => linesOf.get(name)}
      values=${listed(params, "container", namesOf("name"))} ...${given} />
    <details class="more-facets" open=${params.has("field") || params.has("not_field")}
      onToggle=${(event) => event.target.open && params.get("fields") !== "1" && narrow({ fields: "1" }, { replace: true })}>
      <summary>Fields</summary>
      ${(params.get("fields") === "1" || params.has("field") || params.has("not_field")) && html`<${Fields} ...${given} />`}
    </details>
  `;
}

// The fields of the newest lines that are found, with their most frequent values.
function Fields({ params, narrow }) {
  const wanted = request(params, Date.now());
  const found = useResource(
    `fields${JSON.stringify({ ...wanted, since: params.get("time") ?? wanted.since })}`,
    (signal) => get("api/logs/fields", { ...wanted, top: TOP }, { signal }),
  );
  if (found.error) return html`<${Problem} error=${found.error} retry=${found.reload} />`;
  if (!found.data) return null;
  const known = new Map(found.data.fields.map((field) => [field.name, field]));
  for (const name of ["field", "not_field"])
    for (const wish of params.getAll(name)) {
      const [key] = splitWish(wish);
      if (!known.has(key)) known.set(key, { name: key, values: [] });
    }
  if (!known.size) return html`<p class="muted small">No line of JSON or logfmt among those found.</p>`;
  return [...known.values()].map(({ name, values }) => {
    const counts = new Map(values.map(({ value, count }) => [wishFor(name, value), count]));
    const chosen = [...params.getAll("field"), ...params.getAll("not_field")];
    const rows = [...new Set([...chosen.filter((wish) => splitWish(wish)[0] === name), ...counts.keys()])];
    return html`<fieldset key=${name}>
      <legend class="clip" dir="auto">${name}</legend>
      <ul>
        ${rows.map(
          (wish) =>
            html`<${Option} key=${wish} filter="field" value=${wish} name=${splitWish(wish)[1]} count=${counts.get(wish)} params=${params} narrow=${narrow} />`,
        )}
      </ul>
    </fieldset>`;
  });
}
