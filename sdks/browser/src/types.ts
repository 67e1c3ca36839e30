// SPDX-License-Identifier: MIT
// What the user of the SDK sees.

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
   * Share of page views that are watched, 0 to 1. A number counts for vitals alone, as it
   * always has; an object names each kind. Default 1.
   */
  sampleRate?: number | { errors?: number; vitals?: number; network?: number };
  /** Says in the console what goes wrong with sending. Default false. */
  debug?: boolean;
  /**
   * Sees each error before it is sent; returns it, changed or not, or null to drop it. An
   * error is dropped as well when this throws: what was to be scrubbed must not go out.
   */
  beforeSend?: (event: BrowserError) => BrowserError | null;
  /** Errors not to report: texts or patterns looked for in `Type: message`. */
  ignoreErrors?: (string | RegExp)[];
  /** false: the client does nothing. Default true. */
  enabled?: boolean;
  /** Reports console.error and console.warn as well. Default false. */
  captureConsole?: boolean;
}

/** The configuration with every default filled in. */
export interface ResolvedConfig extends MonlightConfig {
  sampleRate: { errors: number; vitals: number; network: number };
  ignoreErrors: (string | RegExp)[];
}

/** What led to an error: an `error.cause`, or a member of an AggregateError. */
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
  /** Of a message: the level it was given. */
  level?: string;
  /** A report seen twice by the server is stored once. */
  event_id: string;
  /** How many equal errors this one stands for; absent: one. */
  count?: number;
  causes?: Cause[];
  breadcrumbs?: Breadcrumb[];
  /** By the file's address in the stack: which build of it this is. */
  debug_ids?: Record<string, string>;
}

/** A value as it is sent. */
export interface BrowserMetric {
  name: string;
  type: "counter" | "histogram" | "gauge";
  value: number;
  labels: Record<string, string>;
  timestamp: string;
  /** Of all values with this name and id the last one counts. */
  id?: string;
}

/** What `init` returns. No method throws, whatever it is given. */
export interface MonlightClient {
  /** Reports an error; `context` goes with this one alone. */
  captureError(error: unknown, context?: Record<string, unknown>): void;
  /** Reports a text; level `warning` or `error`. */
  captureMessage(message: string, level?: string): void;
  /** Says who uses the page; goes with each later error as `context.user_id`. "": nobody. */
  setUser(userId: string): void;
  /** Adds to the context of every later error. */
  addContext(key: string, value: unknown): void;
  /** Adds to a counter; 1 unless said otherwise. */
  counter(name: string, value?: number, labels?: Record<string, string>): void;
  /** Records one value of many. */
  histogram(name: string, value: number, labels?: Record<string, string>): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: Record<string, string>): void;
  /** Sends what waits; resolves when the browser has it. */
  flush(): Promise<void>;
  /** Undoes everything `init` did and sends what waits. May be called twice. */
  destroy(): void;
  /** While it works. @internal */
  _dsn?: string;
}
