// SPDX-License-Identifier: MIT
// Requests of the page: how many, how long, which failed.

import { quietly, text } from './safe';
import type { Core } from './types';

const UUID = /\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?=\/|$)/gi;

function resolve(url: string): URL {
  return new URL(url, location.href);
}

/** Folds ids in a path: `/users/42/` is `/users/{id}/`. */
export function foldPath(path: string): string {
  return path.replace(UUID, '/{id}').replace(/\/\d+(?=\/|$)/g, '/{id}');
}

/** Origin and path without query, fragment and ids; of this page's origin the path alone. */
export function sanitizeUrl(url: string): string {
  return (
    quietly(() => {
      const parsed = resolve(url);
      return (/^[a-z][a-z0-9+.-]*:/i.test(url) ? parsed.origin : '') + foldPath(parsed.pathname);
    }) ?? url.split(/[?#]/)[0]!
  );
}

export function installNetwork(core: Core): void {
  const { endpoint } = core._config;

  const isOwn = (url: string) =>
    url == endpoint || url.startsWith(`${endpoint}/`) || url.startsWith(`${endpoint}?`);

  const done = (method: string, url: string, status: number, begun: number, why?: string) =>
    quietly(() => {
      const labels = {
        method: method.toUpperCase(),
        status: String(status),
        host: quietly(() => resolve(url).host) || 'unknown',
      };
      core._metric('browser_http_requests_total', 'counter', 1, labels);
      core._metric(
        'browser_http_request_duration_ms',
        'histogram',
        performance.now() - begun,
        labels,
      );
      if (why == null && status < 500) return;
      const what = `${labels.method} ${sanitizeUrl(url)} `;
      core._client.captureError(
        new Error(what + (why ?? `failed with status ${status}`)),
        { type: 'NetworkError' },
      );
    });

  const original = window.fetch;
  let active = true;
  if (original) {
    const patched = function (this: unknown, input: any, init?: any) {
      const promise = original.call(this ?? window, input, init);
      const url = active && quietly(() => text(input?.url ?? input));
      if (!url || isOwn(url)) return promise;
      const method = quietly(() => text(init?.method || input?.method || 'GET')) || 'GET';
      const begun = performance.now();
      promise.then(
        (response: Response) => done(method, url, response.status, begun),
        (error: any) =>
          done(method, url, 0, begun, `network error: ${text(error?.message ?? error)}`),
      );
      return promise;
    };
    quietly(() => (window.fetch = patched as typeof fetch));
    core._undo.push(() => {
      active = false;
      if (window.fetch == patched) window.fetch = original;
    });
  }
  installXhr(core, isOwn, done, () => active);
}

function installXhr(
  core: Core,
  isOwn: (url: string) => boolean,
  done: (method: string, url: string, status: number, begun: number, why?: string) => void,
  isActive: () => boolean,
): void {
  const proto = quietly(() => XMLHttpRequest.prototype);
  if (!proto) return;
  const { open, send } = proto;
  const requests = new WeakMap<XMLHttpRequest, [method: string, url: string]>();

  const patchedOpen = function (this: XMLHttpRequest, method: any, url: any, ...rest: any[]) {
    quietly(() => requests.set(this, [text(method), text(url)]));
    return (open as any).call(this, method, url, ...rest);
  };
  const patchedSend = function (this: XMLHttpRequest, body?: any) {
    const [method, url] = requests.get(this) || [];
    if (isActive() && url && method && !isOwn(url) && !(this as any)._monlight) {
      const begun = performance.now();
      quietly(() =>
        this.addEventListener('loadend', () =>
          done(method, url, this.status, begun, this.status ? undefined : 'network error'),
        ),
      );
    }
    return send.call(this, body);
  };
  quietly(() => {
    proto.open = patchedOpen as typeof open;
    proto.send = patchedSend;
  });
  core._undo.push(() => {
    if (proto.open == patchedOpen) proto.open = open;
    if (proto.send == patchedSend) proto.send = send;
  });
}
