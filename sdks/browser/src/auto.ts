// SPDX-License-Identifier: MIT
// The script tag: always `window.MonlightSDK`; and where `window.MonlightConfig` was set
// before it, `window.Monlight`, a client.

import type { MonlightClient, MonlightConfig } from "./types.js";

type Init = (config: MonlightConfig) => MonlightClient;

interface Page {
  MonlightConfig?: MonlightConfig;
  MonlightSDK?: { init: Init };
  Monlight?: MonlightClient;
}

export function autoInit(init: Init): void {
  const page = globalThis as Page;
  try {
    const { MonlightConfig: config, Monlight: before } = page;
    page.MonlightSDK = { init };
    // A page that is exchanged without a load may run the tag again: two clients would report all twice.
    if (config && !(before && before._dsn == config.dsn)) page.Monlight = init(config);
  } catch (error) {
    console.error("[Monlight] Auto-init failed:", error);
  }
}
