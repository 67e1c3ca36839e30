// Line icons on a grid of 16, drawn for these pages.  They always stand beside a word or an aria-label.

import { html } from "../vendor/preact.js";

const paths = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14",
  refresh: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.8V4.6h-2.8",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
  moon: "M13.6 9.6A5.9 5.9 0 0 1 6.4 2.4a5.9 5.9 0 1 0 7.2 7.2z",
  contrast: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 2v12M8 5h4.8M8 8h6M8 11h4.8",
  help: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.2 6.3a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.6-.8 1.1v.3M8 11.6v.1",
  exit: "M6 2.5H3v11h3M7 8h7M11.2 5.2 14 8l-2.8 2.8",
  check: "M3 8.5 6.5 12 13 4.5",
  undo: "M5.5 3 2.5 6l3 3M2.5 6H10a3.5 3.5 0 0 1 0 7H6",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  close: "M4 4l8 8M12 4l-8 8",
  left: "M10 3 5 8l5 5",
  right: "M6 3l5 5-5 5",
  down: "M4 6l4 4 4-4",
  first: "M11.5 3l-5 5 5 5M4 3v10",
  last: "M4.5 3l5 5-5 5M12 3v10",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.5V8l2.4 1.6",
  filter: "M2 3.5h12M4.5 8h7M6.8 12.5h2.4",
  play: "M5 3l7.5 5L5 13z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  wrap: "M2 4h12M2 8h9.5a2.2 2.2 0 0 1 0 4.4H8M9.6 10.6 8 12.4l1.6 1.6M2 12h3",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  link: "M6.5 9.5a2.6 2.6 0 0 0 3.7 0l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7L7.9 4.4M9.5 6.5a2.6 2.6 0 0 0-3.7 0L3.5 8.8a2.6 2.6 0 0 0 3.7 3.7l.9-.9",
  up: "M4 10l4-4 4 4",
  bell: "M3.5 11.5h9c-1-1-1.3-2.2-1.3-4.5a3.2 3.2 0 0 0-6.4 0c0 2.3-.3 3.5-1.3 4.5zM6.8 13.6h2.4",
  mute: "M3.5 11.5h9c-1-1-1.3-2.2-1.3-4.5a3.2 3.2 0 0 0-6.4 0c0 2.3-.3 3.5-1.3 4.5zM6.8 13.6h2.4M2 2l12 12",
  minus: "M3.5 8h9",
  star: "M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 6.8v4M9.3 6.8v4",
  merge: "M3 2.5v2A3.5 3.5 0 0 0 6.5 8H8M13 2.5v2A3.5 3.5 0 0 1 9.5 8H8v6M5.5 11.5 8 14l2.5-2.5",
  alert: "M8 2 1.5 13.5h13zM8 6.3v3.4M8 11.5v.1",
};

export const Icon = ({ name }) =>
  html`<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true"><path d=${paths[name]} /></svg>`;

// The crescent of the name.
export const Mark = () =>
  html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M20.6 14.6A9.2 9.2 0 0 1 9.4 3.4a9.2 9.2 0 1 0 11.2 11.2z" />
    <circle cx="17.6" cy="6.4" r="1.5" />
  </svg>`;
