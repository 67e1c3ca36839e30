// SPDX-License-Identifier: MIT
// The core and one of the parts: what happened before an error, and no more.

import { initWith } from "@monlight/browser";
import { breadcrumbs } from "@monlight/browser/breadcrumbs";

export const monlight = initWith([breadcrumbs])({
  dsn: "0123456789abcdef0123456789abcdef",
  endpoint: "https://monitor.example.com",
  sampleRate: { vitals: 0.1, network: 0.1 },
});
