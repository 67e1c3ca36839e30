// Numbers of metrics as people read them.  Pure.

import { compact, number } from "./common/format.js";

const few = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export const NOTHING = "–";

// As short as the place beside an axis.
export const figure = (value) => {
  if (!Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  if (size >= 1000) return compact(Math.round(value));
  return size && size < 1e-5 ? value.toExponential(1) : few.format(value);
};

// A length of time, of milliseconds.
export function length(milliseconds) {
  if (!Number.isFinite(milliseconds)) return NOTHING;
  return Math.abs(milliseconds) >= 1000
    ? `${figure(milliseconds / 1000)}\u00a0s`
    : `${figure(milliseconds)}\u00a0ms`;
}

export const rate = (value) => (Number.isFinite(value) ? `${figure(value)}/s` : NOTHING);

export function share(part) {
  if (!Number.isFinite(part)) return NOTHING;
  if (part > 0 && part < 0.001) return "<0.1%";
  return `${few.format(100 * part)}%`;
}

// What the name of a metric says about its unit.
export function formatter(name) {
  if (/_seconds$/.test(name)) return (value) => length(Number.isFinite(value) ? 1000 * value : null);
  if (/_(ms|milliseconds)$/.test(name) || /^web_vitals_(lcp|inp|fcp|ttfb)$/.test(name)) return length;
  return figure;
}

export const counted = (value) => (Number.isFinite(value) ? number(value) : NOTHING);
