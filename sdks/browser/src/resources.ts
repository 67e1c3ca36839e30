// SPDX-License-Identifier: MIT
// Images, scripts and styles that do not load, and what the page's policy forbids.

import type { Feature } from "./core.js";
import { sanitizeUrl } from "./network.js";
import { listen } from "./safe.js";

type Loading = Element & { src?: string; href?: string };

/** Reports `ResourceError` and `SecurityPolicyViolation`. */
export const resources: Feature = (core) => {
  const type = "ResourceError";
  // Such events do not bubble; they are seen on their way down.
  listen(core, window, "error", ({ target }) => {
    const { localName, src, href } = target as Loading;
    const url = src || href;
    if (url) core._report(type, `${localName} ${sanitizeUrl(url)} did not load`, "", { type });
  });
  listen<SecurityPolicyViolationEvent>(core, document, "securitypolicyviolation", (event) => {
    const { blockedURI, effectiveDirective, sourceFile, lineNumber, columnNumber, disposition } = event;
    // A page that forbids our own requests is not told about it by one more of them.
    if (blockedURI.startsWith(core._config.endpoint)) return;
    core._report(
      "SecurityPolicyViolation",
      `${effectiveDirective} forbids ${/:/.test(blockedURI) ? sanitizeUrl(blockedURI) : blockedURI}`,
      sourceFile ? `    at ${sourceFile}:${lineNumber}:${columnNumber}` : "",
      { disposition },
    );
  });
};
