// SPDX-License-Identifier: MIT
// What leaves the page: errors at once, metrics in batches, everything when the page is
// left.  While the relay is away, or says that it had enough, requests wait in a small
// ring, of which one is tried again after each pause.

import type { Transport, Waiting } from "./core.js";
import { quietly, uuid } from "./safe.js";
import { sessionId } from "./session.js";
import type { BrowserMetric, ResolvedConfig } from "./types.js";

const BATCH = 10;
const INTERVAL_MS = 5000;
const RING = 30;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60e3;
const LONGEST_RETRY_AFTER_MS = 3600e3;
/** Bytes of one body: the relay takes 64 KiB. */
const MAX_BODY = 48e3;
/** Bytes under way with keepalive: beyond 64 KiB the browser refuses (Fetch, 4.6), all of the page's together. */
const MAX_KEEPALIVE = 60e3;

type Fetch = typeof globalThis.fetch;

const bytes = (body: string) => quietly(() => new TextEncoder().encode(body).length) || body.length;

export function createTransport({ dsn, endpoint, debug }: ResolvedConfig): Transport {
  // The page's own, before anything of ours or of others wraps it.
  const fetch = quietly<Fetch>(() => globalThis.fetch.bind(globalThis));
  const say = quietly(() => console.warn);
  let buffer: BrowserMetric[] = [];
  const ring: Waiting[] = [];
  let underWay = 0;
  let pause = 0;
  let resumeAt = 0;
  let gone = false;
  let stopped = false;

  const warn = (reason: unknown) => debug && quietly(() => say!("[Monlight] Transport error:", reason));

  const keep = (request: Waiting) => {
    if (ring.push(request) <= RING) return;
    const oldest = ring.shift()!;
    transport._lost?.(oldest);
  };

  const failed = (request: Waiting, reason: unknown, retryAfter?: string | null) => {
    warn(reason);
    keep(request);
    // Of requests that failed together the first one decides.
    if (Date.now() < resumeAt) return;
    pause = Math.min(pause * 2 || FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    const wait =
      Math.min(Number(retryAfter) * 1000, LONGEST_RETRY_AFTER_MS) || pause * (0.5 + Math.random() / 2);
    resumeAt = Date.now() + wait;
    setTimeout(() => {
      resumeAt = 0;
      next();
    }, wait);
  };

  const next = () => {
    const request = ring.shift();
    if (request && !stopped) send(request);
  };

  const send = (request: Waiting) => {
    if (!fetch) leave(request);
    else if (Date.now() < resumeAt) keep(request);
    // A rejection of ours would be one that the page has not handled.
    else post(fetch, request).catch(() => {});
  };

  const post = async (fetch: Fetch, request: Waiting) => {
    const [path, body, again] = request;
    const size = bytes(body);
    underWay += size;
    try {
      const answer = await fetch(endpoint + path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Monlight-Key": dsn },
        body,
        // What others of the page have under way is not known: it may have been why it failed.
        keepalive: !again && underWay < MAX_KEEPALIVE,
      });
      // Chromium takes a request for under way until its answer is read.
      await answer.text();
      const { status, headers } = answer;
      if (status == 429 || status >= 500) failed(request, status, headers.get("Retry-After"));
      else {
        if (status >= 400) warn(status);
        pause = 0;
        next();
      }
    } catch (error) {
      failed([path, body, true], error);
    }
    underWay -= size;
  };

  /** A beacon of plain text needs no preflight, so nothing can hold it up. */
  const leave = (request: Waiting) => {
    const [path, body] = request;
    const sent = quietly(() =>
      navigator.sendBeacon(`${endpoint}${path}?key=${encodeURIComponent(dsn)}`, body),
    );
    if (!sent && fetch) send(request);
  };

  const sendMetrics = (metrics: BrowserMetric[], by: typeof leave) => {
    const body = JSON.stringify({ metrics, session_id: sessionId(), event_id: uuid() });
    const half = metrics.length >> 1;
    if (half && bytes(body) > MAX_BODY) {
      sendMetrics(metrics.slice(0, half), by);
      sendMetrics(metrics.slice(half), by);
    } else by(["/api/browser/metrics", body]);
  };

  const flush = (by: typeof leave) => {
    const metrics = buffer;
    buffer = [];
    if (metrics.length) sendMetrics(metrics, by);
  };

  const transport: Transport = {
    _error(event) {
      if (stopped) return;
      let body = quietly(() => JSON.stringify(event));
      // What the page added may be circular, or larger than the relay takes.
      if (!body || bytes(body) > MAX_BODY)
        body = JSON.stringify({ ...event, context: {}, causes: [], breadcrumbs: [] });
      (gone ? leave : send)(["/api/browser/errors", body]);
    },
    _metric(metric) {
      if (stopped) return;
      buffer.push(metric);
      if (gone || buffer.length >= BATCH) flush(gone ? leave : send);
    },
    _send: send,
    _flush: () => flush(send),
    _leave(last) {
      flush(leave);
      if (!last) return;
      gone = true;
      ring.splice(0).forEach(transport._lost || leave);
    },
    _stop() {
      flush(send);
      stopped = true;
      ring.splice(0).forEach(transport._lost || leave);
      clearInterval(timer);
    },
  };
  const timer = setInterval(() => {
    // A page whose timers run was not gone: the back/forward cache has returned it.
    gone = false;
    quietly(transport._flush);
  }, INTERVAL_MS);
  return transport;
}
