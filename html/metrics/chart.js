// A chart of lines over time.  uPlot draws on a canvas; the same numbers stand in a table beside it.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { exact } from "./common/format.js";
import { toast } from "./common/toast.js";

const HEIGHT = 280;
const GAP = 12;

// The colour a class gives, as the canvas understands it.
const colourOf = (box, name) => getComputedStyle(box.querySelector(name)).color;

/*
 * `times` are seconds; `lines` are [{name, values}], a value null where there is none.
 * `format` writes a value.
 */
export function Chart({ times, lines, format, label }) {
  const box = useRef(null);
  const [at, setAt] = useState(null); // the place of the pointer

  useEffect(() => {
    let chart = null;
    let gone = false;
    const size = () => ({ width: box.current.querySelector(".canvas").clientWidth, height: HEIGHT });
    const resized = new ResizeObserver(() => chart?.setSize(size()));
    import("./vendor/uplot.js").then(
      ({ default: UPlot }) => {
        if (gone) return;
        const muted = colourOf(box.current, ".ink");
        const grid = { stroke: colourOf(box.current, ".rule"), width: 1 };
        const axis = { stroke: muted, grid, ticks: grid, font: "12px system-ui, sans-serif" };
        const options = {
          ...size(),
          legend: { show: false },
          cursor: { y: false, drag: { x: true, y: false } },
          padding: [GAP, GAP, 0, 0],
          scales: { y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
          axes: [axis, { ...axis, size: 68, values: (_, all) => all.map(format) }],
          series: [
            {},
            ...lines.map(({ name }, i) => ({
              label: name,
              stroke: colourOf(box.current, `.series-${i}`),
              width: 2,
              spanGaps: false,
            })),
          ],
          hooks: { setCursor: [({ cursor }) => setAt(cursor.idx ?? null)] },
        };
        chart = new UPlot(
          options,
          [times, ...lines.map(({ values }) => values)],
          box.current.querySelector(".canvas"),
        );
        resized.observe(box.current);
      },
      () => gone || toast("The chart could not be loaded; the table has its numbers"),
    );
    return () => {
      gone = true;
      resized.disconnect();
      chart?.destroy();
    };
  }, [times, lines]);

  return html`<figure class="chart" ref=${box}>
    <span class="ink" hidden></span><span class="rule" hidden></span>
    <figcaption class="legend">
      ${lines.map(
        (
          { name, values },
          i,
        ) => html`<span><i class=${`swatch series-${i}`}></i><span dir="auto">${name}</span>
          <strong>${format(at === null ? values.findLast((value) => value !== null) : values[at])}</strong></span>`,
      )}
      <span class="muted when">${at === null ? "newest" : exact(times[at] * 1000)}</span>
    </figcaption>
    <div class="canvas" role="img" aria-label=${label}></div>
  </figure>`;
}
