// The only caller of fetch.  An answer is JSON or an ApiError whose message may be shown to people.

import { href, query } from "./url.js";

const TIMEOUT = 35_000; // lighttpd gives up on a busy pool after 30 s, and says so

export class ApiError extends Error {
  constructor(message, { status = 0, retryAfter = null } = {}) {
    super(message);
    this.status = status; // 0: no answer came
    this.retryAfter = retryAfter; // seconds, when the server named a time
  }
}

// A request that was overtaken or is no longer wanted: nobody is to hear of it.
export const isCancelled = (error) => error?.name === "AbortError";

let signedOut = () => {};
export function onSignedOut(listener) {
  signedOut = listener;
}

async function failure(response) {
  const body = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get("Retry-After") ?? body.retry_after);
  return new ApiError(body.detail ?? `The server answered ${response.status} ${response.statusText}`.trim(), {
    status: response.status,
    retryAfter: wait > 0 ? wait : null,
  });
}

export async function send(path, { signal, ...init }) {
  const deadline = AbortSignal.timeout(TIMEOUT);
  try {
    const response = await fetch(href(path), {
      ...init,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    if (!response.ok) throw await failure(response);
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw new DOMException("overtaken", "AbortError");
    if (deadline.aborted) throw new ApiError(`No answer within ${TIMEOUT / 1000} seconds`);
    if (error.status === 401) signedOut();
    if (error instanceof ApiError) throw error;
    if (error instanceof SyntaxError) throw new ApiError("The answer is not JSON: is this the right server?");
    throw new ApiError(navigator.onLine ? "The server cannot be reached" : "This device is offline");
  }
}

export const get = (path, params = {}, { signal } = {}) => send(path + query(params), { signal });

// Writes by cookie carry JSON, always: that is a part of what keeps other sites from sending them.
export const post = (path, body = {}) =>
  send(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
