// SPDX-License-Identifier: MIT
// What a page's script sees after the script tag:
//
//   <script>window.MonlightConfig = { dsn: "…", endpoint: "https://monitor.example.com" };</script>
//   <script src="https://monitor.example.com/sdk/monlight-1.0.0.min.js"
//           integrity="sha384-…" crossorigin="anonymous"></script>

import type { MonlightClient, MonlightConfig } from "@monlight/browser";

declare global {
  interface Window {
    MonlightConfig?: MonlightConfig;
    MonlightSDK: { init(config: MonlightConfig): MonlightClient };
    Monlight?: MonlightClient;
  }
}

window.Monlight?.captureMessage("The page has come up", "warning");

// A second project on the same page.
const other = window.MonlightSDK.init({
  dsn: "fedcba9876543210fedcba9876543210",
  endpoint: "https://monitor.example.com",
});
other.gauge("open_tabs", 1);
