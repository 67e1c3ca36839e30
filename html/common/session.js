// Who is signed in, and where the other tools are.  The page holds no secret: the session is a cookie it cannot read.

import { useEffect, useState } from "../vendor/preact.js";
import { get, onSignedOut, post } from "./api.js";
import { root } from "./url.js";

const listeners = new Set();
let session = null; // null until the server has answered

function set(next) {
  session = next;
  listeners.forEach((listener) => listener(next));
}

onSignedOut(() => set({ ...session, signed_in: false }));

export const loadSession = async () => set(await get("api/session"));

export async function signIn(secret) {
  await post("api/login", { password: secret }); // a key of the service is taken there too
  await loadSession();
}

// The page is loaded anew, so that nothing read stays in memory.
export async function signOut() {
  await post("api/logout");
  location.replace(root.href);
}

export function useSession() {
  const [value, setValue] = useState(session);
  useEffect(() => {
    listeners.add(setValue);
    setValue(session);
    return () => listeners.delete(setValue);
  }, []);
  return value;
}
