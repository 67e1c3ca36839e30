// The live tail: one EventSource while it is wanted and the tab is visible.

import { useEffect, useRef, useState } from "./vendor/preact.js";
import { href, query } from "./common/url.js";

const KEPT = 2000; // lines that came live; the oldest go, a search finds them
const TRY_AGAIN = 5000; // a refusal ends an EventSource for good
const GATHER = 120; // what comes within this many milliseconds is drawn at once

/*
 * `parameters` are those of the interface, null when no tail is wanted.  Gives {lines, state, gap}:
 * `lines` newest last, `state` is off, opening, open or broken, `gap` counts what the server left
 * out because this page did not keep up.  `onOpen` is told when a stream begins: what lies before it
 * is to be read by a search.
 */
export function useTail(parameters, onOpen) {
  const address = parameters && `api/logs/tail${query(parameters)}`;
  const [tail, setTail] = useState({ lines: [], state: "off", gap: 0 });
  const opened = useRef(onOpen);
  opened.current = onOpen;

  useEffect(() => {
    setTail({ lines: [], state: address ? "opening" : "off", gap: 0 });
    if (!address) return undefined;
    let source = null;
    let again = 0;
    let drawing = 0;
    let waiting = [];

    const draw = () => {
      drawing = 0;
      const lines = waiting;
      waiting = [];
      setTail((now) => ({ ...now, lines: [...now.lines, ...lines].slice(-KEPT) }));
    };
    const close = () => {
      source?.close();
      source = null;
      clearTimeout(again);
      clearTimeout(drawing);
      drawing = 0;
      waiting = [];
    };
    const start = () => {
      close();
      source = new EventSource(href(address));
      let first = true;
      source.addEventListener("open", () => {
        setTail((now) => (first ? { lines: [], state: "open", gap: 0 } : { ...now, state: "open" }));
        if (first) opened.current();
        first = false; // it takes up where it broke off, by itself
      });
      source.addEventListener("log", ({ data }) => {
        waiting.push(JSON.parse(data));
        drawing ||= setTimeout(draw, GATHER);
      });
      source.addEventListener("gap", ({ data }) => {
        const { dropped } = JSON.parse(data);
        setTail((now) => ({ ...now, gap: now.gap + dropped }));
      });
      source.addEventListener("error", () => {
        const refused = source.readyState === EventSource.CLOSED;
        setTail((now) => ({ ...now, state: refused ? "broken" : "opening" }));
        if (refused) again = setTimeout(start, TRY_AGAIN);
      });
    };
    const look = () => (document.hidden ? close() : start());
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      close();
    };
  }, [address]);

  return tail;
}
