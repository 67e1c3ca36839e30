// SPDX-License-Identifier: MIT
// The script tag: `window.MonlightConfig` set before it makes `window.Monlight`.
import type { MonlightClient, MonlightConfig } from './types';

interface Page {
  MonlightConfig?: MonlightConfig;
  Monlight?: MonlightClient;
}

export function autoInit(init: (config: MonlightConfig) => MonlightClient): void {
  const page = (typeof window == 'undefined' ? {} : window) as Page;
  if (!page.MonlightConfig) return;
  try {
    page.Monlight = init(page.MonlightConfig);
  } catch (error) {
    console.error('[Monlight] Auto-init failed:', error);
  }
}
