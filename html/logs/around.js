// A line by its own address, with those of its container around it.

import { html, useEffect, useState } from "./vendor/preact.js";
import { get } from "./common/api.js";
import { Empty } from "./common/components.js";
import { oneLine } from "./common/format.js";
import { Icon } from "./common/icons.js";
import { useKeys } from "./common/keys.js";
import { Problem } from "./common/problem.js";
import { useResource } from "./common/resource.js";
import { Link, back, query } from "./common/url.js";
import { strip } from "./ansi.js";
import { Row, Skeleton } from "./line.js";

const AROUND = 50; // lines before and after
const MINUTES = 2;

export default function Around({ id }) {
  const near = useResource(`around-${id}`, (signal) =>
    get(`api/logs/${id}/context`, { before: AROUND, after: AROUND }, { signal }),
  );
  const [opened, setOpened] = useState(new Set([Number(id)]));
  const line = near.data?.line;
  useKeys([
    { keys: ["u", "Escape"], label: "Back to the lines", run: () => back("") },
    { keys: ["r"], label: "Refresh", run: near.reload },
  ]);
  useEffect(() => {
    if (!line) return;
    document.title = `${oneLine(strip(line.message), 60)} · Logs · Monlight`;
    document.querySelector(".here")?.scrollIntoView({ block: "center" });
  }, [Boolean(line)]);

  const toggle = (at) => {
    const next = new Set(opened);
    if (!next.delete(at)) next.add(at);
    setOpened(next);
  };
  const moment = line && Date.parse(line.timestamp);
  const iso = (by) => new Date(moment + by * 60_000).toISOString();
  return html`
    <div class="bar">
      <${Link} to="" class="back"><${Icon} name="left" />All lines<//>
      ${line && html`<span class="end"><${Link} class="button" to=${query({ since: iso(-MINUTES), until: iso(MINUTES) })}>All containers, ${MINUTES} minutes around it<//></span>`}
    </div>
    <h1 class="offscreen">${line ? `A line of ${line.container}` : "A line"}</h1>
    ${
      near.error?.status === 404
        ? html`<div class="sheet"><${Empty} title="This line is not here">
            <p>It was deleted when it grew older than the retention, or its address is wrong.</p>
            <p><${Link} class="button" to="">All lines<//></p>
          <//></div>`
        : html`<${Problem} error=${near.error} retry=${near.reload} />`
    }
    ${
      line &&
      html`<div class="sheet lines"><ol class="block">
      ${[...near.data.before, line, ...near.data.after].map(
        (one) =>
          html`<${Row} key=${one.id} line=${one} here=${one.id === line.id} open=${opened.has(one.id)} toggle=${toggle} />`,
      )}
    </ol></div>`
    }
    ${!near.data && !near.error && html`<div class="sheet lines"><${Skeleton} shown=${near.slow} /></div>`}
  `;
}
