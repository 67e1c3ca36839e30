// A chart of lines over time.  uPlot draws on a canvas; the same numbers stand in a table beside it.
// The pointer marks its moment on all charts; a drag asks for a span of time.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { classes } from "./common/components.js";
import { exact, minute } from "./common/format.js";
import { toast } from "./common/toast.js";
import { setParams } from "./common/url.js";

const GAP = 12;
const NARROWEST = 2; // buckets that a drag must cover, or it was a click
const FLAG = 4; // half the width of a mark's head

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

// Colours come from the style sheet: a hidden element has them as the theme says.
const colours = (box) => (name) => getComputedStyle(box.querySelector(name)).color;

// What is drawn within the canvas's frame.
function within(chart, tone, draw) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = tone;
  ctx.fillStyle = tone;
  ctx.lineWidth = devicePixelRatio;
  draw(ctx, bbox);
  ctx.restore();
}

// A threshold: all above it, up to the next, is faintly in its colour.
function drawLimits(chart, limits, colour) {
  limits.forEach(({ value, tone }, i) =>
    within(chart, colour(tone), (ctx, { left, top, width, height }) => {
      const place = (of) => Math.min(Math.max(chart.valToPos(of, "y", true), top), top + height);
      const y = place(value);
      const end = i + 1 < limits.length ? place(limits[i + 1].value) : top;
      ctx.globalAlpha = 0.07;
      ctx.fillRect(left, end, width, y - end);
      ctx.globalAlpha = 1;
      if (y <= top || y >= top + height) return;
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
    }),
  );
}

// A moment at which something was done: a line with a head that stands on the axis.
function drawMarks(chart, marks, colour) {
  for (const { at } of marks)
    within(chart, colour(".flag"), (ctx, { left, top, width, height }) => {
      const x = chart.valToPos(at, "x", true);
      const foot = top + height;
      const flag = FLAG * devicePixelRatio;
      if (x < left || x > left + width) return;
      ctx.setLineDash([2, 3]);
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, foot);
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(x, foot - 2 * flag);
      ctx.lineTo(x + flag, foot);
      ctx.lineTo(x - flag, foot);
      ctx.fill();
    });
}

const isThere = (value) => value !== null && value !== undefined;

// Values between two gaps: no line leads to them, so they would not be seen.
function alone({ data }, line, all) {
  const values = data[line];
  const open = (at) => at < 0 || at === values.length || values[at] === null;
  return all ? null : values.flatMap((value, i) => (isThere(value) && open(i - 1) && open(i + 1) ? i : []));
}

function options({ lines, band, limits, marks, format, size, colour, move }) {
  const axis = {
    stroke: () => colour(".ink"),
    grid: { stroke: () => colour(".rule"), width: 1 },
    ticks: { stroke: () => colour(".rule"), width: 1 },
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
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
        points: { filter: alone },
      })),
      ...edges.map((edge) => ({ ...edge, stroke: "transparent", width: 0, points: { show: false } })),
    ],
    bands: band ? [{ series: [lines.length + 1, lines.length + 2], fill: () => colour(".band") }] : [],
    hooks: {
      setCursor: [
        (chart) => {
          const { idx } = chart.cursor;
          const left = idx === null || idx === undefined ? 0 : chart.valToPos(chart.data[0][idx], "x");
          move(idx ?? null, left + chart.over.offsetLeft);
        },
      ],
      setSelect: [zoom],
      drawAxes: [(chart) => drawLimits(chart, limits ?? [], colour)],
      draw: [(chart) => drawMarks(chart, marks(), colour)],
    },
  };
}

// The moment of the pointer on the axis below it, and what was done then.
const Moment = ({ time, names, left, box }) => {
  const half = Math.min(names.length ? 120 : 60, box.current.clientWidth / 2);
  const middle = Math.min(Math.max(left, half), box.current.clientWidth - half);
  return html`<p class="moment" style=${{ left: `${middle}px` }}>
    <time datetime=${iso(time)} title=${exact(time * 1000)}>${minute(time * 1000)}</time>${names.map((name) => html`<span class="flag clip"><bdi>${name}</bdi></span>`)}
  </p>`;
};

/*
 * `times` are seconds; `lines` are [{name, values, tone?}], `band` {low, high} of values; a value null leaves a
 * gap, undefined is drawn over.  `format` writes a value; `limits` are [{value, tone}], rising; `marks` are moments
 * with a name, [{at, name}], each at the beginning of a bucket.
 */
export default function Chart({ times, lines, band, limits, marks, format, label, height, onName }) {
  const box = useRef(null);
  const [{ pointed, left }, setAt] = useState({ pointed: null, left: 0 }); // the bucket of the pointer, and where it is
  const chartOf = useRef(null);
  const marked = useRef(null);
  marked.current = marks ?? [];

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
          marks: () => marked.current,
          format,
          size: size(),
          colour: colours(box.current),
          move: (idx, x) => setAt({ pointed: idx, left: x }),
        };
        const edges = band ? [band.high, band.low] : [];
        chart = new UPlot(options(drawn), [times, ...lines.map(({ values }) => values), ...edges], canvas);
        chartOf.current = chart;
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
      chartOf.current = null;
    };
  }, [times, lines, band]);
  // They come later than what is measured, or not at all.
  useEffect(() => chartOf.current?.redraw(false, false), [marks]);

  const at = pointed !== null && pointed < times.length ? pointed : null; // it may be that of an older answer
  const shown = (values) => (at === null ? values.findLast(isThere) : values[at]);
  return html`<figure class="chart" ref=${box}>
    <span class="ink" hidden></span><span class="rule" hidden></span><span class="flag" hidden></span>
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
      <span class=${classes("muted when", at !== null && "past")}>newest</span>
    </figcaption>
    <div class="plotted">
      <div class="canvas" role="img" aria-label=${label} style=${{ height: `${height}px` }}></div>
      ${at !== null && html`<${Moment} time=${times[at]} names=${marked.current.filter((mark) => mark.at === times[at]).map(({ name }) => name)} left=${left} box=${box} />`}
    </div>
  </figure>`;
}
