// SPDX-License-Identifier: MIT
// What could not be sent survives a reload: in this tab's storage, at most 64 000
// characters, the newest.

import type { Feature, Waiting } from "./core.js";
import { listen, quietly } from "./safe.js";

const MAX_CHARACTERS = 64e3;

/** Keeps what the memory's queue has no room or no time for, and sends it later. */
export const offline: Feature = (core) => {
  const key = `monlight_offline_${core._config.dsn}`;
  const kept = (): Waiting[] => quietly(() => JSON.parse(sessionStorage.getItem(key)!)) || [];
  core._transport._lost = (request) =>
    quietly(() => {
      const all = [...kept(), request];
      while (JSON.stringify(all).length > MAX_CHARACTERS) all.shift();
      sessionStorage.setItem(key, JSON.stringify(all));
    });
  const replay = () => {
    const all = kept();
    quietly(() => sessionStorage.removeItem(key));
    all.forEach(core._transport._send);
  };
  listen(core, window, "online", replay);
  replay();
};
