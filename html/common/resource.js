// What a view reads from the server: loaded when its key changes, kept while a newer answer is on its way,
// refreshed on time while the tab is visible, and cancelled as soon as it is overtaken.

import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { isCancelled } from "./api.js";

const REMEMBERED = 30;
const PATIENCE = 150; // an answer within this many milliseconds is shown without a skeleton before it

// The last answers by key, so that Back shows at once what was there.
const memory = new Map();

function remember(key, data) {
  memory.delete(key);
  memory.set(key, data);
  if (memory.size > REMEMBERED) memory.delete(memory.keys().next().value);
}

export function forget(prefix = "") {
  for (const key of memory.keys()) if (key.startsWith(prefix)) memory.delete(key);
}

/*
 * `load(signal)` answers with a promise; `every` is in seconds, 0 for never.  A key of null waits for a better one.
 * Gives {data, error, loading, slow, at, reload}: `data` may be an older answer while `loading`,
 * `slow` says that the wait is long enough to be shown, `at` is when the data came.
 */
export function useResource(key, load, { every = 0 } = {}) {
  const [state, setState] = useState({ key, data: memory.get(key), loading: true });
  const run = useRef(null);

  const reload = useCallback(() => {
    run.current?.abort();
    if (key === null) return undefined;
    const controller = new AbortController();
    run.current = controller;
    const update = (patch) => {
      if (!controller.signal.aborted) setState((now) => ({ ...now, ...patch }));
    };
    const patience = setTimeout(() => update({ slow: true }), PATIENCE);
    update({ key, loading: true, slow: false, ...(memory.has(key) && { data: memory.get(key) }) });
    return load(controller.signal)
      .then((data) => {
        if (controller.signal.aborted) return;
        remember(key, data);
        update({ data, error: null, at: Date.now() });
      })
      .catch((error) => {
        if (!isCancelled(error)) update({ error });
      })
      .finally(() => {
        clearTimeout(patience);
        update({ loading: false, slow: false });
      });
  }, [key]);

  useEffect(() => {
    reload();
    return () => run.current?.abort();
  }, [reload]);

  // A server that is busy says when to come again; nobody has to press a button for that.
  const wait = state.error?.retryAfter || every;
  useEffect(() => {
    if (!wait || state.loading) return undefined;
    const due = Date.now() + wait * 1000;
    let timer;
    const arm = () => {
      clearTimeout(timer);
      if (!document.hidden) timer = setTimeout(reload, Math.max(0, due - Date.now()));
    };
    arm();
    document.addEventListener("visibilitychange", arm);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", arm);
    };
  }, [wait, state.loading, state.at, reload]);

  return { ...state, reload };
}

// The time now, again every `seconds`: relative times grow older without a fetch.
export function useNow(seconds = 20) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return now;
}
