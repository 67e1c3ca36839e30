// SPDX-License-Identifier: MIT
import { breadcrumbs } from './breadcrumbs';
import { initWith } from './client';
import { offline } from './offline';
import { resources } from './resources';

/** `init` with breadcrumbs, an offline queue, resource failures and policy violations. */
export const init = initWith([breadcrumbs, offline, resources]);

export { breadcrumbs, initWith, offline, resources };
export type * from './types';
