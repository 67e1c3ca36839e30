// A chart of lines over time.  uPlot draws on a canvas; the same numbers stand in a table beside it.
// The pointer marks its moment on all charts of a page; dragging over a span of time asks for that span.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { exact } from "./common/format.js";
import { toast } from "./common/toast.js";
import { setParams } from "./common/url.js";

const GAP = 12;
const NARROWEST = 2; // buckets that a drag must cover, or it was a click

const iso = (seconds) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");

// Asks for the buckets that a drag covers.
function zoom(chart) {
  const { left, width } = chart.select;
  if (!width) return;
  const times = chart.data[0];
  const first = chart.posToIdx(left);
  const last = chart.posToIdx(left + width);
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  const step = times[1] - times[0];
  if (last - first < NARROWEST) return;
  setParams({ time: null, since: iso(times[first]), until: iso(times[last] + step) });
}

// Colours come from the style sheet: a hidden element of a class has them as the theme says, now.
const colours = (box) => (name) => getComputedStyle(box.querySelector(name)).color;

function options({ lines, band, limits, format, size, colour, move }) {
  const axis = {
    stroke: () => colour(".ink"),
    grid: { stroke: () => colour(".rule"), width: 1 },
    ticks: { stroke: () => colour(".rule"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  const edges = band ? [{ label: "most" }, { label: "least" }] : [];
  const times = [
    [31_536_000, "{YYYY}"],
    [2_419_200, "{MMM}", "\n{YYYY}"],
    [86_400, "{D} {MMM}", "\n{YYYY}"],
    [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}"],
    [0, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}"],
  ].map((row) => [...row, ...new Array(8 - row.length).fill(null), 1]); // a new day stands below its first hour
  return {
    ...size,
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      sync: { key: "moment" },
      points: { size: 7 },
    },
    padding: [GAP, 2 * GAP, 0, 0],
    scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.08 : 1] } },
    axes: [
      { ...axis, values: times },
      { ...axis, size: 68, values: (_, all) => all.map(format) },
    ],
    series: [
      {},
      ...lines.map(({ name, tone }, i) => ({
        label: name,
        stroke: () => colour(`.legend .${tone ?? `series-${i}`}`),
        width: 2,
        spanGaps: false,
      })),
      ...edges.map((edge) => ({ ...edge, stroke: "transparent", width: 0, points: { show: false } })),
    ],
    bands: band ? [{ series: [lines.length + 1, lines.length + 2], fill: () => colour(".band") }] : [],
    hooks: {
      setCursor: [({ cursor }) => move(cursor.idx ?? null)],
      setSelect: [zoom],
      // Thresholds: a line across, in the colour of what lies above it.
      drawClear: [
        (chart) =>
          (limits ?? []).forEach(({ value, tone }) => {
            const { ctx, bbox } = chart;
            const y = chart.valToPos(value, "y", true);
            if (y < bbox.top || y > bbox.top + bbox.height) return;
            ctx.save();
            ctx.strokeStyle = colour(tone);
            ctx.setLineDash([4, 4]);
            ctx.beginPath();
            ctx.moveTo(bbox.left, y);
            ctx.lineTo(bbox.left + bbox.width, y);
            ctx.stroke();
            ctx.restore();
          }),
      ],
    },
  };
}

/*
 * `times` are seconds; `lines` are [{name, values, tone?}], `band` {low, high} of values; a value null leaves a
 * gap, undefined is drawn over.  `format` writes a value; `limits` are [{value, tone}].
 */
export default function Chart({ times, lines, band, limits, format, label, height, onName }) {
  const box = useRef(null);
  const [pointed, setAt] = useState(null); // the place of the pointer

  useEffect(() => {
    let chart = null;
    let gone = false;
    const canvas = box.current.querySelector(".canvas");
    const size = () => ({ width: canvas.clientWidth, height });
    const resized = new ResizeObserver(() => chart?.setSize(size()));
    const recolour = () => chart?.redraw(false);
    const theme = new MutationObserver(recolour);
    const system = matchMedia("(prefers-color-scheme: dark)");
    import("./vendor/uplot.js").then(
      ({ default: UPlot }) => {
        if (gone) return;
        const drawn = {
          lines,
          band,
          limits,
          format,
          size: size(),
          colour: colours(box.current),
          move: setAt,
        };
        const edges = band ? [band.high, band.low] : [];
        chart = new UPlot(options(drawn), [times, ...lines.map(({ values }) => values), ...edges], canvas);
        resized.observe(canvas);
        theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
        system.addEventListener("change", recolour);
      },
      () => gone || toast("The chart could not be loaded; the table has its numbers"),
    );
    return () => {
      gone = true;
      resized.disconnect();
      theme.disconnect();
      system.removeEventListener("change", recolour);
      chart?.destroy();
    };
  }, [times, lines, band]);

  const at = pointed !== null && pointed < times.length ? pointed : null; // it may be that of an older answer
  const isThere = (value) => value !== null && value !== undefined;
  const shown = (values) => (at === null ? values.findLast(isThere) : values[at]);
  return html`<figure class="chart" ref=${box}>
    <span class="ink" hidden></span><span class="rule" hidden></span>
    ${(limits ?? []).map(({ tone }) => html`<span class=${tone.slice(1)} hidden></span>`)}
    <figcaption class="legend">
      ${lines.map((line, i) => {
        const { name, values, tone } = line;
        const words = html`<i class=${`swatch ${tone ?? `series-${i}`}`}></i><span class="clip" dir="auto" title=${name}>${name}</span> <strong>${format(shown(values))}</strong>`;
        return onName
          ? html`<button class="quiet" onClick=${() => onName(line)} title=${`Only ${name}`}>${words}</button>`
          : html`<span>${words}</span>`;
      })}
      ${band && html`<span class="muted"><i class="swatch band"></i>least to most <strong>${format(shown(band.low))} – ${format(shown(band.high))}</strong></span>`}
      <span class="muted when">${at === null ? "newest" : exact(times[at] * 1000)}</span>
    </figcaption>
    <div class="canvas" role="img" aria-label=${label} style=${{ height: `${height}px` }}></div>
  </figure>`;
}
