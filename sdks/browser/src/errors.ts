// SPDX-License-Identifier: MIT
// From something thrown to a report: what it was, what led to it, how often.

import { listen, quietly, text, uuid } from './safe';
import { sessionId } from './session';
import type { BrowserError, Cause, Core } from './types';

const WINDOW = 60e3;
const MAX_KINDS = 50;
/** Different errors of a minute that are sent; what is over is counted with the next ones. */
const MAX_PER_WINDOW = 20;

/** An error of this page or of another realm. */
function isError(value: any): value is Error {
  return (
    value instanceof Error ||
    (!!value && typeof value == 'object' && 'message' in value && 'stack' in value)
  );
}

/** The first line of a stack that names a place: V8's first line is the message again. */
function place(stack: string): string {
  return stack.split('\n').find((line) => /:\d+/.test(line) && /^\s*at |@/.test(line)) || '';
}

/** `error.cause` outwards and the members of an AggregateError, at most five. */
function causesOf(error: any): Cause[] {
  const found: Cause[] = [];
  const seen = [error];
  let queue: any[] = [...(error?.errors || []), error?.cause];
  while (queue.length && found.length < 5) {
    const one = queue.shift();
    if (one == null || seen.includes(one)) continue;
    seen.push(one);
    found.push({
      type: text(one.name || 'Error'),
      message: text(isError(one) ? one.message : one),
      stack: text(one.stack || ''),
    });
    queue = [...queue, ...(one.errors || []), one.cause];
  }
  return found;
}

/** Debug ids of the scripts in the stack, as the uploader or a bundler's plugin left them. */
function debugIds(stack: string): Record<string, string> | undefined {
  const known = { ...(window as any)._sentryDebugIds, ...(window as any)._monlightDebugIds };
  const found: Record<string, string> = {};
  let any = false;
  for (const origin in known) {
    const file = /(?:at |@|\()?((?:https?|file|capacitor|app):[^\s()]+?):\d+:\d+/.exec(origin)?.[1];
    if (file && stack.includes(file)) {
      found[file] = known[origin];
      any = true;
    }
  }
  return any ? found : undefined;
}

interface Seen {
  _at: number;
  _held: number;
  _event: BrowserError;
}

export function installErrors(core: Core): void {
  const { _config: config, _transport: transport } = core;
  const seen = new Map<string, Seen>();
  let windowAt = 0;
  let sent = 0;

  /** Sends what was counted instead of sent, of everything or of what is past its minute. */
  const settle = (all?: boolean) => {
    const now = Date.now();
    for (const [key, kind] of seen) {
      if (!all && now - kind._at < WINDOW) continue;
      seen.delete(key);
      if (kind._held > 0)
        transport._error({ ...kind._event, event_id: uuid(), count: Math.min(kind._held, 10000) });
    }
  };

  core._report = (type, message, stack, context, error) =>
    quietly(() => {
      const ignored = config.ignoreErrors.some((pattern) =>
        typeof pattern == 'string'
          ? `${type}: ${message}`.includes(pattern)
          : pattern.test(`${type}: ${message}`),
      );
      if (ignored) return;
      settle();
      const key = `${type}:${message}:${place(stack)}`;
      const before = seen.get(key);
      if (before) {
        before._held++;
        return;
      }
      const causes = quietly(() => causesOf(error)) || [];
      const event: BrowserError = {
        type,
        message,
        stack,
        url: quietly(() => location.href) || '',
        user_agent: quietly(() => navigator.userAgent) || '',
        session_id: sessionId(),
        context: { ...core._context, ...context, ...(core._context.user_id ? { user_id: core._context.user_id } : {}) },
        release: config.release,
        timestamp: new Date().toISOString(),
        environment: config.environment,
        event_id: uuid(),
        causes: causes.length ? causes : undefined,
        debug_ids: quietly(() => debugIds(stack)),
      };
      core._enrich.forEach((enrich) => quietly(() => enrich(event)));
      let changed: BrowserError | null = event;
      // A hook of the page that throws must not cost the report.
      if (config.beforeSend) quietly(() => (changed = config.beforeSend!(event)));
      if (!changed) return;
      const now = Date.now();
      if (now - windowAt >= WINDOW) {
        windowAt = now;
        sent = 0;
      }
      const over = sent++ >= MAX_PER_WINDOW;
      if (seen.size >= MAX_KINDS) {
        if (over) return;
        const [oldest] = seen;
        seen.delete(oldest[0]);
        if (oldest[1]._held > 0)
          transport._error({ ...oldest[1]._event, event_id: uuid(), count: oldest[1]._held });
      }
      seen.set(key, { _at: now, _held: over ? 1 : 0, _event: changed });
      if (!over) transport._error(changed);
    });

  core._client.captureError = (error, context) =>
    quietly(() => {
      const known = isError(error);
      core._report(
        known ? text(error.name || 'Error') : 'Error',
        text(known ? error.message : error),
        known ? text(error.stack || '') : '',
        context,
        error,
      );
    });
  core._client.captureMessage = (message, level) =>
    quietly(() =>
      core._report(
        level == 'warning' ? 'ConsoleWarning' : 'ConsoleError',
        text(message),
        text(new Error(text(message)).stack),
      ),
    );

  core._undo.push(
    listen(window, 'error', (event: ErrorEvent) => {
      const { error } = event;
      if (!event.message && !error) return;
      if (isError(error)) core._client.captureError(error);
      else
        core._report(
          'Error',
          text(event.message || error),
          event.filename ? `    at ${event.filename}:${event.lineno}:${event.colno}` : '',
        );
    }),
    listen(window, 'unhandledrejection', (event: PromiseRejectionEvent) => {
      const { reason } = event;
      if (isError(reason)) {
        const name = text(reason.name || 'UnhandledRejection');
        core._report(name, text(reason.message), text(reason.stack || ''), undefined, reason);
      } else core._report('UnhandledRejection', text(reason), text(reason?.stack || ''));
    }),
    () => seen.clear(),
    () => settle(true),
  );
  core._final.push(() => settle(true));
  if (config.captureConsole) installConsole(core);
}

function installConsole(core: Core): void {
  let busy = false;
  for (const [name, level] of [
    ['error', 'error'],
    ['warn', 'warning'],
  ] as const) {
    const original = console[name];
    let active = true;
    const patched = (...args: unknown[]) => {
      original.apply(console, args);
      if (!active || busy) return;
      busy = true;
      quietly(() => core._client.captureMessage(args.map(text).join(' '), level));
      busy = false;
    };
    console[name] = patched;
    core._undo.push(() => {
      active = false;
      // Somebody who wrapped us later keeps his wrapping.
      if (console[name] == patched) console[name] = original;
    });
  }
}
