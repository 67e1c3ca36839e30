// SPDX-License-Identifier: MIT
// From something thrown to a report: what it was, what led to it, how often.

import type { Core } from "./core.js";
import { listen, patch, quietly, stackAbove, text, uuid } from "./safe.js";
import { sessionId } from "./session.js";
import type { BrowserError, Cause } from "./types.js";

/** For so long an error is sent once, and counted from then on. */
const WINDOW_MS = 60e3;
/** Different errors sent in that time; further ones are counted, too. */
const MAX_SENT = 20;
/** Different errors known in that time; still further ones are dropped. */
const MAX_KNOWN = 50;
const MAX_CAUSES = 5;
/** Characters; with every one of three bytes a report still fits the relay's 64 KiB. */
const MAX_MESSAGE = 5000;
const MAX_STACK = 10000;
/** Of an address; some pages keep all they know in it. */
const MAX_URL = 2000;

interface Known {
  _event: BrowserError;
  _at: number;
  /** How many came since it was sent. */
  _held: number;
}

type Thrown = Partial<Error> & { errors?: Iterable<Thrown>; cause?: Thrown };

/** An error, of this page or of another realm. */
function isError(value: unknown): value is Error {
  return (
    value instanceof Error || (typeof value == "object" && !!value && "message" in value && "stack" in value)
  );
}

/** `error.cause` and the members of an AggregateError, nearest first. */
function causesOf(error: Thrown): Cause[] {
  const all = [error];
  for (const one of all)
    for (const next of [...(one.errors || []), one.cause])
      if (next && all.length <= MAX_CAUSES && !all.includes(next)) all.push(next);
  return all.slice(1).map((one) => ({
    type: text(one.name || "Error"),
    message: text(isError(one) ? one.message : one).slice(0, MAX_MESSAGE),
    stack: text(one.stack || "").slice(0, MAX_STACK),
  }));
}

/**
 * Debug ids of the files in a stack.  Whoever built a file put into one of these objects a
 * stack, in which the file's address comes first, and the id.
 */
function debugIds(stack: string): Record<string, string> | undefined {
  const page = window as { _sentryDebugIds?: object; _monlightDebugIds?: object };
  let found: Record<string, string> | undefined;
  for (const [origin, id] of Object.entries({ ...page._sentryDebugIds, ...page._monlightDebugIds })) {
    const file = /(\w+:\/\/[^\s()]+?):\d+/.exec(origin)?.[1];
    if (file && stack.includes(file)) found = { ...found, [file]: text(id) };
  }
  return found;
}

export function installErrors(core: Core): void {
  const { _client: client, _config: config, _transport: transport } = core;
  const known = new Map<string, Known>();
  let windowAt = 0;
  let sent = 0;
  let busy = false;

  /** Reports what was counted: of everything, or of what is past its time and forgotten. */
  const settle = (all?: unknown) => {
    const now = Date.now();
    known.forEach((kind, key) => {
      const over = now - kind._at >= WINDOW_MS;
      if (over) known.delete(key);
      if (kind._held && (over || all)) {
        transport._error({ ...kind._event, event_id: uuid(), count: kind._held });
        kind._held = 0;
      }
    });
  };

  const hold = (kind: Known) => {
    if (!kind._held++) setTimeout(settle, WINDOW_MS);
  };

  const report: Core["_report"] = (type, message, stack, context, more) => {
    const title = `${type}: ${message}`;
    if (
      config.ignoreErrors.some((one) =>
        typeof one == "string" ? title.includes(one) : title.search(one) >= 0,
      )
    )
      return;
    settle();
    // With the place it was thrown: in V8's stack the first line repeats the message.
    const key = title + /^( *at |[^@\n]*@).+:\d/m.exec(stack);
    const before = known.get(key);
    if (before) return hold(before);
    if (known.size >= MAX_KNOWN) return;
    const now = Date.now();
    let event: BrowserError | null = {
      type,
      message,
      stack,
      url: location.href.slice(0, MAX_URL),
      user_agent: navigator.userAgent,
      session_id: sessionId(),
      context: { ...core._context, ...context, ...core._user },
      release: config.release,
      timestamp: new Date(now).toISOString(),
      environment: config.environment,
      event_id: uuid(),
      debug_ids: debugIds(stack),
      ...more,
    };
    core._enrich.forEach((enrich) => enrich(event!));
    if (config.beforeSend) event = config.beforeSend(event);
    if (!event) return;
    const kind = { _event: event, _at: now, _held: 0 };
    known.set(key, kind);
    if (now - windowAt >= WINDOW_MS) {
      windowAt = now;
      sent = 0;
    }
    if (sent++ < MAX_SENT) transport._error(event);
    else hold(kind);
  };

  core._report = (type, message, stack, ...more) => {
    // What the page's own hooks report while they are called would go round for ever.
    if (busy) return;
    busy = true;
    quietly(() => report(type, text(message).slice(0, MAX_MESSAGE), stack.slice(0, MAX_STACK), ...more));
    busy = false;
  };

  const thrown = (error: unknown, otherwise: string, context?: Record<string, unknown>) =>
    quietly(() => {
      const { name, message, stack } = (isError(error) ? error : { message: error, stack: "" }) as Error;
      const causes = quietly(() => causesOf(error as Thrown)) || [];
      core._report(text(name || otherwise), message, text(stack || ""), context, causes[0] && { causes });
    });

  const say = (message: unknown, level: string | undefined, above: unknown) =>
    quietly(() => {
      const type = level == "warning" ? "ConsoleWarning" : "ConsoleError";
      core._report(type, text(message), stackAbove(above, text(message)), undefined, { level });
    });

  client.captureError = (error, context) => thrown(error, "Error", context);
  client.captureMessage = (message, level) => say(message, level, client.captureMessage);
  const { flush } = client;
  client.flush = () => {
    quietly(() => settle(true));
    return flush();
  };
  core._final.push(settle);
  core._undo.push(() => settle(true));

  listen<ErrorEvent>(core, window, "error", ({ error, message, filename, lineno, colno }) => {
    if (isError(error)) thrown(error, "Error");
    // An event with neither is of an image or a script that did not load: see resources.ts.
    else if (message || error)
      core._report("Error", message || text(error), filename ? `    at ${filename}:${lineno}:${colno}` : "");
  });
  listen<PromiseRejectionEvent>(core, window, "unhandledrejection", ({ reason }) =>
    thrown(reason, "UnhandledRejection"),
  );

  if (config.captureConsole)
    for (const name of ["error", "warn"] as const)
      patch(core, console, name, (original) => {
        const ours = (...args: unknown[]) => {
          original.apply(console, args);
          say(args.map(text).join(" "), name == "warn" ? "warning" : name, ours);
        };
        return ours;
      });
}
