// The live tail: one stream for all visible tabs that want the same, closed while none is visible.
//
// The tab that holds the lock of an address has the EventSource and tells the others what it
// hears; when it is hidden or closed, the next one takes over after the last line it saw.  Where
// there are no locks (plain http on a host that is not this machine) each tab has its own.

import { useEffect, useRef, useState } from "./vendor/preact.js";
import { href, query } from "./common/url.js";

const KEPT = 2000; // lines that came live; the oldest go, a search finds them
const TRY_AGAIN = 5000; // a refusal ends an EventSource for good
const GATHER = 120; // what comes within this many milliseconds is drawn at once
const SILENCE = 40_000; // heartbeats come each 15 s: a stream without them is dead, as after a sleep

/*
 * Listens to one address.  `tell` hears {kind: "state", state}, {kind: "log", line},
 * {kind: "gap", dropped} and {kind: "begin"}, after which what lies before is to be read by a search.
 */
function listen(address, tell) {
  const channel = new BroadcastChannel(`monlight ${address}`);
  const self = `${performance.timeOrigin} ${Math.random()}`;
  let last = null; // id of the last line seen, by whoever had the stream
  let state = "opening";
  let source = null;
  let again = 0;
  let resign = null; // gives the lock back, or leaves the queue for it

  const hear = (message) => {
    if (message.kind === "state") ({ state } = message);
    if (message.id) last = message.id;
    tell(message);
  };
  const say = (message) => {
    channel.postMessage(message);
    hear(message);
  };
  channel.addEventListener("message", ({ data }) => {
    if (document.hidden) return;
    if (data.kind === "hello") {
      if (source) channel.postMessage({ kind: "here", to: data.from, state });
    } else if (data.kind === "here") {
      // Another tab has the stream, and said things that this one did not hear.
      if (data.to !== self) return;
      hear({ kind: "state", state: data.state });
      tell({ kind: "begin" });
    } else hear(data);
  });

  const hush = () => {
    clearTimeout(again);
    source?.close();
    source = null;
  };
  const retry = (after) => {
    clearTimeout(again);
    again = setTimeout(connect, after);
  };
  function connect() {
    hush();
    const resumed = last !== null;
    let first = true;
    source = new EventSource(
      href(address + (resumed ? `${address.includes("?") ? "&" : "?"}last=${last}` : "")),
    );
    const alive = () => retry(SILENCE);
    alive();
    source.addEventListener("open", () => {
      say({ kind: "state", state: "open" });
      if (first && !resumed) say({ kind: "begin" });
      first = false; // it takes up where it broke off, by itself
    });
    source.addEventListener("heartbeat", alive);
    source.addEventListener("log", ({ data, lastEventId: id }) => {
      alive();
      say({ kind: "log", line: JSON.parse(data), id });
    });
    source.addEventListener("gap", ({ data, lastEventId: id }) => {
      alive();
      say({ kind: "gap", dropped: JSON.parse(data).dropped, id });
    });
    source.addEventListener("error", () => {
      const refused = source.readyState === EventSource.CLOSED;
      say({ kind: "state", state: refused ? "broken" : "opening" });
      if (refused) retry(TRY_AGAIN);
    });
  }

  const leave = () => {
    resign?.();
    resign = null;
    hush();
  };
  const join = () => {
    if (resign || source) return;
    if (!navigator.locks) {
      connect();
      return;
    }
    channel.postMessage({ kind: "hello", from: self });
    const wait = new AbortController();
    let done = () => wait.abort();
    resign = () => done();
    navigator.locks
      .request(`monlight ${address}`, { signal: wait.signal }, () => {
        connect();
        return new Promise((resolve) => {
          done = resolve;
        });
      })
      .catch(() => {}); // left the queue
  };
  const look = () => (document.hidden ? leave() : join());
  look();
  document.addEventListener("visibilitychange", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    leave();
    channel.close();
  };
}

const off = { lines: [], state: "off", gap: 0 };

/*
 * Draws nothing: while it is there, `onChange` is told of {lines, state, gap}.  `parameters` are those
 * of the interface; `lines` newest last; `state` is off, opening, open or broken; `gap` counts what the
 * server left out because this page did not keep up.  `onOpen` is told when a stream begins: what lies
 * before it is to be read by a search.
 */
export default function Tail({ parameters, onChange, onOpen }) {
  const address = `api/logs/tail${query(parameters)}`;
  const [tail, setTail] = useState(off);
  const opened = useRef(onOpen);
  opened.current = onOpen;

  useEffect(() => {
    setTail({ ...off, state: "opening" });
    let drawing = 0;
    let waiting = [];

    const draw = () => {
      drawing = 0;
      const lines = waiting;
      waiting = [];
      setTail((now) => ({ ...now, lines: [...now.lines, ...lines].slice(-KEPT) }));
    };
    const begin = () => {
      waiting = [];
      setTail((now) => ({ ...now, lines: [], gap: 0 }));
      opened.current();
    };
    const stop = listen(address, (message) => {
      if (message.kind === "begin") begin();
      if (message.kind === "gap") setTail((now) => ({ ...now, gap: now.gap + message.dropped }));
      if (message.kind === "state") setTail((now) => ({ ...now, state: message.state }));
      if (message.kind === "log") {
        waiting.push(message.line);
        drawing ||= setTimeout(draw, GATHER);
      }
    });
    return () => {
      stop();
      clearTimeout(drawing);
    };
  }, [address]);

  useEffect(() => onChange(tail), [tail]);
  return null;
}
