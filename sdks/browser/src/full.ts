// SPDX-License-Identifier: MIT
import { breadcrumbs } from "./breadcrumbs.js";
import { initWith } from "./client.js";
import { offline } from "./offline.js";
import { resources } from "./resources.js";

/** `init` with breadcrumbs, an offline queue, resource failures and policy violations. */
export const init = initWith([breadcrumbs, offline, resources]);

export { breadcrumbs, initWith, offline, resources };
export type { Feature } from "./core.js";
export type * from "./types.js";
