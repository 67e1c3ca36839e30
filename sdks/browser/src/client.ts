// SPDX-License-Identifier: MIT
// Puts one client together.  Clients share nothing: each has a core of its own.

import type { Core, Feature } from "./core.js";
import { installErrors } from "./errors.js";
import { installNetwork } from "./network.js";
import { listen, quietly, text } from "./safe.js";
import { createTransport } from "./transport.js";
import type { MonlightClient, MonlightConfig, ResolvedConfig } from "./types.js";
import { installVitals } from "./vitals.js";

/** Of a label's value, in characters, and of a metric's name, in bytes: the collector takes no more. */
const MAX_LABEL = 200;

function resolveConfig(given: MonlightConfig): ResolvedConfig {
  for (const name of ["dsn", "endpoint"] as const)
    if (!given?.[name]) throw new Error(`[Monlight] '${name}' is required`);
  const { sampleRate: rate, endpoint, ignoreErrors } = given;
  return {
    ...given,
    endpoint: text(endpoint).replace(/\/+$/, ""),
    sampleRate: { errors: 1, vitals: 1, network: 1, ...(typeof rate == "number" ? { vitals: rate } : rate) },
    ignoreErrors: ignoreErrors || [],
  };
}

/** Makes an `init` with these extra features. */
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
      flush: async () => {},
      destroy: nothing,
    };
    // Outside a browser, as when a page is rendered on a server, the client does nothing.
    if (config.enabled !== false && typeof document != "undefined")
      quietly(() => install(client, config, features));
    return client;
  };
}

function install(client: MonlightClient, config: ResolvedConfig, features: Feature[]): void {
  const transport = createTransport(config);
  const core: Core = {
    _config: config,
    _client: client,
    _transport: transport,
    _context: {},
    _user: {},
    _undo: [],
    _final: [],
    _enrich: [],
    _report() {},
    _metric(name, type, value, labels, id, page = location.pathname) {
      quietly(() => {
        name = text(name);
        // One that the collector refuses would cost the whole batch.
        if (!Number.isFinite(value) || !name || new Blob([name]).size > MAX_LABEL) return;
        const all: Record<string, string> = { ...labels, page };
        for (const label in all) all[label] = text(all[label]).slice(0, MAX_LABEL);
        delete all[""];
        transport._metric({
          name,
          type,
          value,
          labels: all,
          timestamp: new Date().toISOString(),
          id,
        });
      });
    },
  };
  const last = (event: Event) => {
    core._final.forEach((f) => quietly(() => f(event)));
    transport._leave(event.type == "pagehide");
  };

  client.setUser = (id) => {
    core._user = id ? { user_id: text(id) } : {};
  };
  client.addContext = (key, value) => {
    core._context[text(key)] = value;
  };
  client.counter = (name, value = 1, labels) => core._metric(name, "counter", value, labels);
  client.histogram = (name, value, labels) => core._metric(name, "histogram", value, labels);
  client.gauge = (name, value, labels) => core._metric(name, "gauge", value, labels);
  client.flush = async () => quietly(transport._flush);
  client._dsn = config.dsn;
  client.destroy = () => {
    delete client._dsn;
    core._undo
      .splice(0)
      .reverse()
      .forEach((undo) => quietly(undo));
    quietly(transport._stop);
  };

  const { errors, vitals, network } = config.sampleRate;
  // Extra features come first: what they wrap, the rest wraps again, and sees their callers.
  const parts: Feature[] = [
    ...features,
    Math.random() < errors ? installErrors : undefined,
    Math.random() < network ? installNetwork : undefined,
    Math.random() < vitals ? installVitals : undefined,
    // Both, since neither event comes in every case; what was sent once is not sent again.
    () => listen(core, window, "pagehide", last),
    () =>
      listen(
        core,
        document,
        "visibilitychange",
        (event) => document.visibilityState == "hidden" && last(event),
      ),
  ].filter((part) => !!part);
  parts.forEach((part) => quietly(() => part(core)));
}
