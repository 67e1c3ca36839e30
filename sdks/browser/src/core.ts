// SPDX-License-Identifier: MIT
// What the parts of one client share.  Nothing here is for the user of the SDK: names that
// begin with _ are shortened when the script tag's file is built.

import type { BrowserError, BrowserMetric, MonlightClient, ResolvedConfig } from "./types.js";

/** A request not yet answered: the path below the endpoint, the body, and whether the browser has refused it. */
export type Waiting = [path: string, body: string, again?: boolean];

/** What leaves the page; see transport.ts. */
export interface Transport {
  _error(event: BrowserError): void;
  _metric(metric: BrowserMetric): void;
  _send(request: Waiting): void;
  _flush(): void;
  /** Sends by means that outlive the page; `gone`: it will not be here to try again. */
  _leave(gone: boolean): void;
  _stop(): void;
  /** Takes what there is no room for, or no time. */
  _lost?(request: Waiting): void;
}

/** One client: each part takes what it needs, and adds to the lists. */
export interface Core {
  _config: ResolvedConfig;
  _client: MonlightClient;
  _transport: Transport;
  /** Of all later errors. */
  _context: Record<string, unknown>;
  _user: { user_id?: string };
  /** Undo what was installed; called in reverse. */
  _undo: (() => void)[];
  /** Called with the event by which the page is hidden or left, before the last flush. */
  _final: ((event: Event) => void)[];
  /** Add to an error before it is sent. */
  _enrich: ((event: BrowserError) => void)[];
  _report(
    type: string,
    message: string,
    stack: string,
    context?: Record<string, unknown>,
    more?: Partial<BrowserError>,
  ): void;
  _metric(
    name: string,
    type: BrowserMetric["type"],
    value: number,
    labels?: Record<string, string>,
    id?: string,
    page?: string,
  ): void;
  /** A request of the page has ended: what it was, and how. */
  _request?(what: string, status: number): void;
}

/** A part that not everybody wants; given to `initWith`. */
export type Feature = (core: Core) => void;
