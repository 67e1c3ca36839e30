// SPDX-License-Identifier: MIT
// What leaves the page: errors at once, metrics in batches, everything when the page
// is left.  A relay that is away or says 429 is asked again later, from a small ring.

import { quietly } from './safe';
import { sessionId } from './session';
import type { BrowserMetric, ResolvedConfig, Transport } from './types';

const BATCH = 10;
const INTERVAL = 5000;
/** Bytes of one body: the browser lets 64 KiB of keep-alive bodies be under way together. */
const MAX_BODY = 48e3;
const RING = 30;

export function createTransport(config: ResolvedConfig): Transport {
  const { dsn, endpoint, debug } = config;
  // The page's own, taken before anything wraps it.
  const fetch = quietly(() => globalThis.fetch?.bind(globalThis));
  let buffer: BrowserMetric[] = [];
  let ring: [path: string, body: string][] = [];
  let pause = 0;
  let resumeAt = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const warn = (error: unknown) => debug && console.warn('[Monlight] Transport error:', error);

  const later = (path: string, body: string, seconds = 0) => {
    pause = Math.min(pause * 2 || 1000, 60e3);
    const wait = seconds * 1000 || pause * (0.5 + Math.random() / 2);
    resumeAt = Date.now() + wait;
    ring.push([path, body]);
    if (ring.length > RING) transport._lost?.(...ring.shift()!);
    clearTimeout(retry);
    if (!stopped) retry = setTimeout(again, wait);
  };

  const again = () => {
    const waiting = ring;
    ring = [];
    resumeAt = 0;
    waiting.forEach(([path, body]) => post(path, body));
  };

  const answered = (status: number, after: string | null, path: string, body: string) => {
    if (status == 429 || status >= 500) later(path, body, Math.min(Number(after) || 0, 3600));
    else pause = 0;
    if (status >= 400) warn(status);
  };

  const post = (path: string, body: string) => {
    if (Date.now() < resumeAt) {
      ring.push([path, body]);
      if (ring.length > RING) transport._lost?.(...ring.shift()!);
      return;
    }
    const headers = { 'Content-Type': 'application/json', 'X-Monlight-Key': dsn };
    try {
      if (fetch) {
        fetch(endpoint + path, {
          method: 'POST',
          headers,
          body,
          // Over the limit the browser would refuse to send it at all.
          keepalive: body.length < MAX_BODY,
        }).then(
          (response) =>
            answered(response.status, quietly(() => response.headers.get('Retry-After')) ?? null, path, body),
          (error) => {
            warn(error);
            later(path, body);
          },
        );
      } else {
        const xhr = new XMLHttpRequest();
        (xhr as any)._monlight = true;
        xhr.open('POST', endpoint + path, true);
        Object.entries(headers).forEach(([name, value]) => xhr.setRequestHeader(name, value));
        xhr.onload = () => answered(xhr.status, xhr.getResponseHeader('Retry-After'), path, body);
        xhr.onerror = () => later(path, body);
        xhr.send(body);
      }
    } catch (error) {
      warn(error);
    }
  };

  /** On leaving: a beacon of plain text needs no preflight, so nothing can hold it up. */
  const leave = (path: string, body: string) => {
    const url = `${endpoint}${path}?key=${encodeURIComponent(dsn)}`;
    if (!quietly(() => navigator.sendBeacon(url, body))) post(path, body);
  };

  const transport: Transport = {
    _error(event) {
      if (!stopped) quietly(() => post('/api/browser/errors', JSON.stringify(event)));
    },
    _push(metric) {
      if (stopped) return;
      buffer.push(metric);
      if (buffer.length >= BATCH) transport._flush();
    },
    _flush(leaving) {
      const send = leaving ? leave : post;
      const metrics = buffer;
      buffer = [];
      while (metrics.length) {
        // Halved until it fits; a single metric always does.
        let n = metrics.length;
        let body: string;
        do {
          body = JSON.stringify({ metrics: metrics.slice(0, n), session_id: sessionId() });
        } while (body.length > MAX_BODY && (n = n >> 1));
        metrics.splice(0, n || 1);
        send('/api/browser/metrics', body);
      }
      if (leaving) {
        const waiting = ring;
        ring = [];
        waiting.forEach(([path, body]) => leave(path, body));
      }
    },
    _stop() {
      transport._flush();
      stopped = true;
      clearInterval(timer);
      clearTimeout(retry);
    },
    _post: post,
  };
  const timer = setInterval(() => quietly(() => transport._flush()), INTERVAL);
  return transport;
}
