// SPDX-License-Identifier: MIT
// Puts one client together.  Clients share nothing: each has a core of its own.

import { installErrors } from './errors';
import { installNetwork } from './network';
import { listen, quietly, text } from './safe';
import { createTransport } from './transport';
import type { Core, Feature, MonlightClient, MonlightConfig, ResolvedConfig } from './types';
import { installVitals } from './vitals';

function resolveConfig(given: MonlightConfig): ResolvedConfig {
  if (!given?.dsn) throw new Error("[Monlight] 'dsn' is required");
  if (!given.endpoint) throw new Error("[Monlight] 'endpoint' is required");
  const rate = given.sampleRate;
  const rates = typeof rate == 'object' ? rate : { vitals: rate };
  return {
    dsn: given.dsn,
    endpoint: given.endpoint.replace(/\/+$/, ''),
    release: given.release,
    environment: given.environment,
    sampleRate: {
      errors: rates.errors ?? 1,
      vitals: rates.vitals ?? 1,
      network: rates.network ?? 1,
    },
    debug: !!given.debug,
    beforeSend: given.beforeSend,
    ignoreErrors: given.ignoreErrors || [],
    enabled: given.enabled !== false,
    captureConsole: !!given.captureConsole,
  };
}

/** Makes `init` with these extra features. */
export function initWith(features: Feature[]): (config: MonlightConfig) => MonlightClient {
  return (given) => {
    const config = resolveConfig(given);
    const nothing = () => {};
    const client: MonlightClient = {
      captureError: nothing,
      captureMessage: nothing,
      setUser: nothing,
      addContext: nothing,
      counter: nothing,
      histogram: nothing,
      gauge: nothing,
      flush: () => Promise.resolve(),
      destroy: nothing,
    };
    // Outside a browser, as when a page is rendered on a server, the client does nothing.
    if (config.enabled && typeof window != 'undefined' && typeof document != 'undefined')
      quietly(() => install(client, config, features));
    return client;
  };
}

function install(client: MonlightClient, config: ResolvedConfig, features: Feature[]): void {
  const transport = createTransport(config);
  const sampled = (rate: number) => Math.random() < rate;
  const core: Core = {
    _config: config,
    _client: client,
    _transport: transport,
    _context: {},
    _undo: [],
    _final: [],
    _enrich: [],
    _report() {},
    _metric(name, type, value, labels, id, page) {
      quietly(() => {
        if (!Number.isFinite(value)) return;
        transport._push({
          name,
          type,
          value,
          labels: { ...labels, page: page ?? location.pathname },
          timestamp: new Date().toISOString(),
          id,
        });
      });
    },
  };

  const last = () => {
    core._final.forEach((f) => quietly(f));
    transport._flush(true);
  };
  // Both, since neither comes in every case; what was sent once is not sent again.
  core._undo.push(
    listen(window, 'pagehide', last),
    listen(document, 'visibilitychange', () => document.visibilityState == 'hidden' && last()),
  );
  if (sampled(config.sampleRate.errors)) installErrors(core);
  if (sampled(config.sampleRate.network)) installNetwork(core);
  if (config.sampleRate.vitals > 0 && sampled(config.sampleRate.vitals) && 'PerformanceObserver' in window)
    quietly(() => installVitals(core));
  features.forEach((feature) => quietly(() => feature(core)));

  client.setUser = (id) => {
    core._context.user_id = text(id);
  };
  client.addContext = (key, value) => {
    core._context[text(key)] = value;
  };
  client.counter = (name, value = 1, labels) => core._metric(name, 'counter', value, labels);
  client.histogram = (name, value, labels) => core._metric(name, 'histogram', value, labels);
  client.gauge = (name, value, labels) => core._metric(name, 'gauge', value, labels);
  client.flush = async () => transport._flush();
  let destroyed = false;
  client.destroy = () => {
    if (destroyed) return;
    destroyed = true;
    core._undo.reverse().forEach((undo) => quietly(undo));
    quietly(() => transport._stop());
  };
}
