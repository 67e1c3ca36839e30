// SPDX-License-Identifier: MIT
import { quietly, uuid } from "./safe.js";

const KEY = "monlight_session_id";
let unstored: string | undefined;

/** The id of this tab's session; where storage is blocked, that of this page. */
export function sessionId(): string {
  const known = quietly(() => sessionStorage.getItem(KEY)) || unstored;
  if (known) return known;
  const fresh = uuid();
  unstored = fresh;
  quietly(() => {
    sessionStorage.setItem(KEY, fresh);
    if (sessionStorage.getItem(KEY) == fresh) unstored = undefined;
  });
  return fresh;
}
