// A list that may hold a hundred thousand rows: it is drawn in blocks, and a block far from the
// window is an empty box as high as it was.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { Row } from "./line.js";

const NEAR = "1200px 0px"; // how far from the window a block is still drawn
const GUESS = 25; // height of a row that was never drawn, in pixels

function Block({ lines, mark, wrap, opened, toggle, newestFirst, later }) {
  const box = useRef(null);
  const [height, setHeight] = useState(later ? lines.length * GUESS : 0); // 0: it is drawn
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([{ isIntersecting, boundingClientRect }]) =>
        setHeight((now) => (isIntersecting ? 0 : now || boundingClientRect.height || lines.length * GUESS)),
      { rootMargin: NEAR },
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  if (height) return html`<ol class="block" ref=${box} style=${{ height: `${height}px` }}></ol>`;
  const rows = newestFirst ? lines : [...lines].reverse();
  return html`<ol class="block" ref=${box}>
    ${rows.map(
      (line) =>
        html`<${Row} key=${line.id} line=${line} mark=${mark} wrap=${wrap} open=${opened.has(line.id)} toggle=${toggle} />`,
    )}
  </ol>`;
}

const LIVE = 100; // lines of a block of the live tail
const PIECE = 50; // and of a page: the first fills the window, the others are drawn when they come near

// `pages` are answers of the interface, newest first; `live` came since, newest last.
export function Blocks({ pages, live, mark, wrap, more }) {
  const [opened, setOpened] = useState(new Set());
  const end = useRef(null);
  const toggle = (id) => {
    const next = new Set(opened);
    if (!next.delete(id)) next.add(id);
    setOpened(next);
  };
  const wanted = useRef(more);
  wanted.current = more;
  useLayoutEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && wanted.current?.(), {
      rootMargin: "900px 0px",
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [pages.length]);

  const shown = new Set(live.map((line) => line.id));
  const blocks = [];
  for (let at = 0; at < live.length; at += LIVE)
    blocks.unshift(html`<${Block} key=${`live-${live[at].id}`} lines=${live.slice(at, at + LIVE)}
      mark=${mark} wrap=${wrap} opened=${opened} toggle=${toggle} />`);
  for (const page of pages)
    for (let at = 0; at < page.length; at += PIECE) {
      const piece = page.slice(at, at + PIECE);
      const lines = live.length ? piece.filter((line) => !shown.has(line.id)) : piece;
      if (lines.length)
        blocks.push(html`<${Block} key=${piece[0].id} lines=${lines} newestFirst later=${page !== pages[0] || at > 0}
          mark=${mark} wrap=${wrap} opened=${opened} toggle=${toggle} />`);
    }
  return html`${blocks}<div ref=${end} class="end-of-list"></div>`;
}
