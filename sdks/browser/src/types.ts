// SPDX-License-Identifier: MIT

/** How the SDK is set up; `dsn` and `endpoint` are required. */
export interface MonlightConfig {
  /** The project's public key: 32 hexadecimal digits. */
  dsn: string;
  /** The relay's address, a path prefix allowed: `https://monitor.example.com`. */
  endpoint: string;
  /** Version or commit of the page; source maps are found by it. */
  release?: string;
  /** For one `production`. */
  environment?: string;
  /**
   * Share of page views that are measured, 0 to 1. A number counts for vitals alone, as it
   * always has; an object names each kind. Default 1.
   */
  sampleRate?: number | { errors?: number; vitals?: number; network?: number };
  /** Says in the console what goes wrong with sending. Default false. */
  debug?: boolean;
  /** Sees each error before it is sent; returns it, changed or not, or null to drop it. */
  beforeSend?: (event: BrowserError) => BrowserError | null;
  /** Errors not to report: texts or patterns looked for in `Type: message`. */
  ignoreErrors?: (string | RegExp)[];
  /** false: the client does nothing. Default true. */
  enabled?: boolean;
  /** Reports console.error and console.warn as well. Default false. */
  captureConsole?: boolean;
}

/** The configuration with every default filled in. */
export interface ResolvedConfig {
  dsn: string;
  endpoint: string;
  release: string | undefined;
  environment: string | undefined;
  sampleRate: { errors: number; vitals: number; network: number };
  debug: boolean;
  beforeSend: MonlightConfig['beforeSend'];
  ignoreErrors: (string | RegExp)[];
  enabled: boolean;
  captureConsole: boolean;
}

/** One frame of a cause: as the relay takes it, text only. */
export interface Cause {
  type: string;
  message: string;
  stack: string;
}

/** Something that happened before an error. */
export interface Breadcrumb {
  timestamp: string;
  category: string;
  message: string;
  level?: string;
}

/** An error as it is sent. */
export interface BrowserError {
  type: string;
  message: string;
  stack: string;
  url: string;
  user_agent: string;
  session_id: string;
  context: Record<string, unknown>;
  release?: string;
  timestamp: string;
  environment?: string;
  event_id: string;
  /** How many equal errors this one stands for; absent: one. */
  count?: number;
  causes?: Cause[];
  breadcrumbs?: Breadcrumb[];
  debug_ids?: Record<string, string>;
}

/** A value as it is sent. */
export interface BrowserMetric {
  name: string;
  type: 'counter' | 'histogram' | 'gauge';
  value: number;
  labels: Record<string, string>;
  timestamp: string;
  /** The last value with this id counts. */
  id?: string;
}

/** What `init` returns. No method throws, whatever it is given. */
export interface MonlightClient {
  /** Reports an error; `context` goes with this one alone. */
  captureError(error: unknown, context?: Record<string, unknown>): void;
  /** Reports a text; level `warning` or `error`. */
  captureMessage(message: string, level?: string): void;
  /** Says who uses the page; goes with each error as `user_id`. */
  setUser(userId: string): void;
  /** Adds to the context of every later error. */
  addContext(key: string, value: unknown): void;
  /** Adds to a counter. */
  counter(name: string, value?: number, labels?: Record<string, string>): void;
  /** Records one value of many. */
  histogram(name: string, value: number, labels?: Record<string, string>): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: Record<string, string>): void;
  /** Sends what waits; resolves when it was handed to the browser. */
  flush(): Promise<void>;
  /** Undoes everything `init` did and sends what waits. May be called twice. */
  destroy(): void;
}

/** Everything one client shares among its parts; an extra feature gets it as well. */
export interface Core {
  _config: ResolvedConfig;
  _client: MonlightClient;
  _transport: Transport;
  _context: Record<string, unknown>;
  /** Functions that undo what was installed; called in reverse. */
  _undo: (() => void)[];
  /** Called before each last flush, so that final values are in it. */
  _final: (() => void)[];
  /** Adds to an error before it is sent. */
  _enrich: ((event: BrowserError) => void)[];
  _report(type: string, message: string, stack: string, context?: object, error?: unknown): void;
  _metric(
    name: string,
    type: BrowserMetric['type'],
    value: number,
    labels?: Record<string, string>,
    id?: string,
    page?: string,
  ): void;
}

/** What a transport takes; see transport.ts. */
export interface Transport {
  _error(event: BrowserError): void;
  _push(metric: BrowserMetric): void;
  _flush(leaving?: boolean): void;
  _stop(): void;
  /** Bodies that could not be sent, offered to the offline queue. */
  _lost?: (path: string, body: string) => void;
  _post(path: string, body: string): void;
}

/** An extra feature of the full build. */
export type Feature = (core: Core) => void;
