// SPDX-License-Identifier: MIT
import { quietly, uuid } from './safe';

const KEY = 'monlight_session_id';
let fallback: string | undefined;

/** The id of this tab's session; where storage is blocked, that of this page view. */
export function sessionId(): string {
  const stored = quietly(() => sessionStorage.getItem(KEY)) || fallback;
  if (stored) return stored;
  fallback = uuid();
  const fresh = fallback;
  quietly(() => {
    sessionStorage.setItem(KEY, fresh);
    // What is stored is found there again; nothing of it is kept here.
    if (sessionStorage.getItem(KEY) === fresh) fallback = undefined;
  });
  return fresh;
}
