// SPDX-License-Identifier: MIT
// What could not be sent survives a reload: in this tab's storage, at most 64 KB.
import { listen, quietly } from './safe';
import type { Feature } from './types';

const KEY = 'monlight_offline';
const MAX_CHARS = 64e3;

export const offline: Feature = (core) => {
  const read = (): [string, string][] =>
    quietly(() => JSON.parse(sessionStorage.getItem(KEY) || '[]')) || [];
  core._transport._lost = (path, body) => {
    const kept = [...read(), [path, body]];
    while (JSON.stringify(kept).length > MAX_CHARS) kept.shift();
    quietly(() => sessionStorage.setItem(KEY, JSON.stringify(kept)));
  };
  const replay = () => {
    const kept = read();
    quietly(() => sessionStorage.removeItem(KEY));
    kept.forEach(([path, body]) => core._transport._post(path, body));
  };
  core._undo.push(listen(window, 'online', replay));
  replay();
};
