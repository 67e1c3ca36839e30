// How many lines of each level there are over time; a stretch that is drawn over is zoomed into.

import { html, useRef, useState } from "./vendor/preact.js";
import { compact, exact, plural } from "./common/format.js";

const HEIGHT = 64;
const iso = (milliseconds) => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");

// The paths of all bars by level, the most serious at the bottom, where it is seen.
function draw(buckets, shown, top) {
  const paths = Object.fromEntries(shown.map((level) => [level, ""]));
  buckets.forEach((bucket, i) => {
    let base = HEIGHT;
    for (const level of shown) {
      const count = bucket.levels[level] ?? 0;
      if (!count) continue;
      const tall = Math.max(1, (count / top) * (HEIGHT - 2));
      paths[level] += `M${i} ${base.toFixed(2)}v${-tall.toFixed(2)}h0.86v${tall.toFixed(2)}z`;
      base -= tall;
    }
  });
  return paths;
}

export default function Histogram({ data, shown, onZoom }) {
  const box = useRef(null);
  const [drawn, setDrawn] = useState(null); // [from, to] in buckets, while the pointer is down
  const [over, setOver] = useState(null);
  const buckets = data?.buckets ?? [];
  const sum = (bucket) => shown.reduce((total, level) => total + (bucket.levels[level] ?? 0), 0);
  const counts = buckets.map(sum);
  const top = Math.max(...counts, 1);
  const paths = draw(buckets, shown, top);
  const n = Math.max(buckets.length, 1);

  const at = (event) => {
    const { left, width } = box.current.getBoundingClientRect();
    return Math.min(n - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * n)));
  };
  const down = (event) => {
    if (event.button || !buckets.length) return;
    box.current.setPointerCapture(event.pointerId);
    setDrawn([at(event), at(event)]);
  };
  const move = (event) => {
    if (buckets.length) setOver(at(event));
    if (drawn) setDrawn([drawn[0], at(event)]);
  };
  const up = () => drawn && zoom(drawn);
  const zoom = (ends) => {
    const [from, to] = [Math.min(...ends), Math.max(...ends)];
    setDrawn(null);
    setOver(null);
    const end = Date.parse(buckets[to].time) + data.bucket_seconds * 1000;
    onZoom({ time: null, since: buckets[from].time, until: iso(end - 1000) });
  };
  // By keys: arrows go along, with Shift they draw, Enter zooms.
  const key = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && buckets.length) {
      const next = Math.min(n - 1, Math.max(0, (over ?? (by > 0 ? -1 : n)) + by));
      setOver(next);
      setDrawn(event.shiftKey ? [drawn?.[0] ?? over ?? next, next] : null);
    } else if (event.key === "Enter" && (drawn || over !== null)) zoom(drawn ?? [over, over]);
    else if (event.key === "Escape") setDrawn(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const left = drawn && Math.min(...drawn);
  const total = counts.reduce((all, count) => all + count, 0);
  return html`<figure class="sheet histogram">
    <div class="plot" ref=${box} tabindex="0" role="group" aria-label="Lines over time" aria-describedby="bar" onKeyDown=${key} onBlur=${() => setDrawn(null)} onPointerDown=${down} onPointerMove=${move} onPointerUp=${up}
      onPointerLeave=${() => setOver(null)} onPointerCancel=${() => setDrawn(null)}>
      <svg viewBox=${`0 0 ${n} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${plural(total, "line")} over time, by level`}>
        ${shown.map((level) => paths[level] && html`<path class=${`level-${level.toLowerCase()}`} d=${paths[level]} />`)}
      </svg>
      ${
        drawn &&
        html`<i style=${{ left: `${(100 * left) / n}%`, width: `${(100 * (Math.max(...drawn) + 1 - left)) / n}%` }}></i>`
      }
    </div>
    <figcaption class="axis muted">
      <span>${buckets.length > 0 && exact(buckets[0].time)}</span>
      <span class="now" id="bar" aria-live="polite">${
        drawn && drawn[0] !== drawn[1]
          ? `${exact(buckets[left].time)} – ${exact(Date.parse(buckets[Math.max(...drawn)].time) + data.bucket_seconds * 1000)}`
          : over !== null && buckets[over]
            ? `${exact(buckets[over].time)}: ${plural(counts[over], "line")}`
            : total > 0 &&
              `up to ${compact(top)} a bar${data.complete ? "" : ", older ones not counted in time"}`
      }</span>
      <span>${buckets.length > 0 && exact(Date.parse(buckets.at(-1).time) + data.bucket_seconds * 1000)}</span>
    </figcaption>
  </figure>`;
}
