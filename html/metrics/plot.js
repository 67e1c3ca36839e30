// The place of a chart: as high as it will be, so that nothing moves when its module and its data are there.

import { html } from "./vendor/preact.js";
import { later } from "./common/layout.js";

const Drawn = later(() => import("./chart.js"));
Drawn.ahead();

const LEGEND = 46; // with the padding

export const Chart = ({ height = 260, ...props }) =>
  html`<div style=${{ minHeight: `${height + LEGEND}px` }}><${Drawn} height=${height} ...${props} /></div>`;
