// SPDX-License-Identifier: MIT
// Requests of the page: how many, how long, which failed.

import type { Core } from "./core.js";
import { patch, quietly, stackAbove, text } from "./safe.js";

const IDS = /\/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+)(?=\/|$)/gi;

const resolve = (url: string) => new URL(url, location.href);

/**
 * Origin and path, numbers and UUIDs in it as {id}; no query, no fragment.  Of an address
 * given relative to the page the path alone, of one without an origin its scheme.
 */
export function sanitizeUrl(url: string): string {
  return (
    quietly(() => {
      const { origin, protocol, pathname } = resolve(url);
      if (origin == "null") return protocol;
      return (/^(\w+:|\/\/)/.test(url) ? origin : "") + pathname.replace(IDS, "/{id}");
    }) ?? url.replace(/[?#].*/s, "")
  );
}

export function installNetwork(core: Core): void {
  const { endpoint } = core._config;

  /** Notes a request; returns what to call at its end: `why` there is no answer, "" if the page wanted none. */
  const begin = (method: unknown, given: unknown, above: unknown, headers?: object) =>
    quietly(() => {
      const url = text(given);
      // Neither what goes to the relay, nor what another client of ours sends to its own.
      if (url.startsWith(endpoint) && /^([/?#]|$)/.test(url.slice(endpoint.length))) return undefined;
      if (headers && "X-Monlight-Key" in headers) return undefined;
      const begun = performance.now();
      const stack = stackAbove(above);
      return (status: number, why?: string) =>
        quietly(() => {
          const verb = text(method || "GET").toUpperCase();
          const what = `${verb} ${sanitizeUrl(url)}`;
          const labels = {
            method: verb,
            status: text(status),
            host: quietly(() => resolve(url).host) || "unknown",
          };
          core._metric("browser_http_requests_total", "counter", 1, labels);
          core._metric("browser_http_request_duration_ms", "histogram", performance.now() - begun, labels);
          core._request?.(what, status);
          if (status ? status < 500 : !why) return;
          const message = `${what} ${status ? `failed with status ${status}` : why}`;
          // V8 writes the message into the stack when the error is made.
          core._report("Error", message, stack.replace(/^Error:? ?$/m, `Error: ${message}`), {
            type: "NetworkError",
          });
        });
    });

  patch(core, window, "fetch", (original) => {
    function fetch(this: unknown, ...args: Parameters<typeof original>): Promise<Response> {
      const [input, init] = args as [Partial<Request> | undefined, RequestInit | undefined];
      const end = quietly(() =>
        begin(init?.method || input?.method, input?.url ?? input, fetch, init?.headers),
      );
      const answer = original.apply(this as Window, args);
      if (!end || !quietly(() => answer.then)) return answer;
      return answer.then(
        (response) => {
          end(response.status);
          return response;
        },
        (error) => {
          quietly(() => {
            const dropped = (init?.signal || input?.signal)?.aborted && error?.name != "TimeoutError";
            end(0, dropped ? "" : `network error: ${text(quietly(() => error.message) ?? error)}`);
          });
          throw error;
        },
      );
    }
    return fetch;
  });

  const requests = new WeakMap<XMLHttpRequest, [method: string, url: string | URL]>();
  const proto = quietly(() => XMLHttpRequest.prototype);
  if (!proto) return;
  patch(core, proto, "open", (original) => {
    return function (this: XMLHttpRequest, ...args: [string, string | URL]) {
      quietly(() => requests.set(this, args));
      return original.apply(this, args as never);
    };
  });
  patch(core, proto, "send", (original) => {
    return function send(this: XMLHttpRequest, body) {
      quietly(() => {
        const [method, url] = requests.get(this)!;
        const end = begin(method, url, send);
        if (!end) return;
        let why = "network error";
        const once = { once: true };
        this.addEventListener("abort", () => (why = ""), once);
        this.addEventListener("loadend", () => end(this.status, why), once);
      });
      return original.call(this, body);
    };
  });
}
