// SPDX-License-Identifier: MIT
import { initWith } from "./client.js";

/**
 * Starts reporting. Call it once, as early as possible.
 *
 * @throws Error if `dsn` or `endpoint` is missing; nothing else ever throws
 * @example
 * const monlight = init({ dsn: "0123…", endpoint: "https://monitor.example.com" });
 * monlight.counter("orders_total");
 */
export const init = initWith([]);

export { initWith };
export type { Feature } from "./core.js";
export type * from "./types.js";
