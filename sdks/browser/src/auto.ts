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
    page.MonlightSDK = { init };
    if (page.MonlightConfig) page.Monlight = init(page.MonlightConfig);
  } catch (error) {
    console.error("[Monlight] Auto-init failed:", error);
  }
}
