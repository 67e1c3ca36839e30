// SPDX-License-Identifier: MIT
// A page under test: what it sends is written down, what the relay answers is up to the test.

import { expect, vi } from "vitest";
import { initWith } from "../src/client.js";
import type { Feature } from "../src/core.js";
import type { BrowserError, BrowserMetric, MonlightClient, MonlightConfig } from "../src/types.js";

export const DSN = "0123456789abcdef0123456789abcdef";
export const ENDPOINT = "https://relay.example";

export interface Sent {
  by: "fetch" | "beacon";
  url: string;
  body: string;
  init: RequestInit;
}

type Answer = { status: number; headers?: Record<string, string> } | Error;

export class Page {
  sent: Sent[] = [];
  /** What the relay answers next, and when there is none: 202. */
  answers: Answer[] = [];
  /** Whether the browser takes a beacon. */
  takesBeacons = true;
  clients: MonlightClient[] = [];
  fetch = vi.fn(async (input: unknown, init: RequestInit = {}) => {
    const url = String((input as Request).url ?? input);
    if (url.includes("/api/browser/")) this.sent.push({ by: "fetch", url, body: String(init.body), init });
    const answer = this.answers.shift() ?? { status: 202 };
    if (answer instanceof Error) throw answer;
    return new Response(answer.status == 204 ? null : "{}", answer);
  });
  beacon = vi.fn((url: string | URL, data?: BodyInit | null) => {
    if (this.takesBeacons) this.sent.push({ by: "beacon", url: String(url), body: data as string, init: {} });
    return this.takesBeacons;
  });

  constructor() {
    vi.stubGlobal("fetch", this.fetch);
    Object.defineProperty(navigator, "sendBeacon", { value: this.beacon, configurable: true });
    sessionStorage.clear();
    this.visible(true);
  }

  start(config: Partial<MonlightConfig> = {}, features: Feature[] = []): MonlightClient {
    const client = initWith(features)({ dsn: DSN, endpoint: ENDPOINT, ...config });
    this.clients.push(client);
    return client;
  }

  close(): void {
    this.clients.forEach((client) => client.destroy());
    delete (document as { visibilityState?: string }).visibilityState;
    vi.unstubAllGlobals();
    vi.useRealTimers();
    vi.restoreAllMocks();
  }

  visible(visible: boolean): void {
    Object.defineProperty(document, "visibilityState", {
      value: visible ? "visible" : "hidden",
      configurable: true,
    });
  }

  hide(): void {
    this.visible(false);
    document.dispatchEvent(new Event("visibilitychange"));
  }

  leave(): void {
    window.dispatchEvent(new Event("pagehide"));
  }

  errors(): BrowserError[] {
    return this.sent
      .filter(({ url }) => url.includes("/api/browser/errors"))
      .map(({ body }) => JSON.parse(body) as BrowserError);
  }

  /** The one error that was sent. */
  only(): BrowserError {
    expect(this.errors()).toHaveLength(1);
    return this.errors()[0]!;
  }

  batches(): { metrics: BrowserMetric[]; session_id: string; event_id: string }[] {
    return this.sent
      .filter(({ url }) => url.includes("/api/browser/metrics"))
      .map(({ body }) => JSON.parse(body));
  }

  metrics(name?: string): BrowserMetric[] {
    return this.batches()
      .flatMap(({ metrics }) => metrics)
      .filter((metric) => !name || metric.name == name);
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export const turn = () => new Promise((done) => setImmediate(done));

/** As the browser reports a rejection that nobody handled. */
export function reject(reason: unknown): void {
  window.dispatchEvent(Object.assign(new Event("unhandledrejection"), { reason }));
}
