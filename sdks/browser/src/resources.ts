// SPDX-License-Identifier: MIT
// Images, scripts and styles that do not load, and what the page's policy forbids.
import { sanitizeUrl } from './network';
import { listen } from './safe';
import type { Feature } from './types';

export const resources: Feature = (core) => {
  core._undo.push(
    // Such events do not bubble; they are seen on their way down.
    listen(
      window,
      'error',
      (event) => {
        const element = event.target;
        const url = element?.src || element?.href;
        if (element == window || !url) return;
        const name = String(element.tagName).toLowerCase();
        core._report('ResourceError', `${name} ${sanitizeUrl(String(url))} did not load`, '', {
          type: 'ResourceError',
        });
      },
      true,
    ),
    listen(document, 'securitypolicyviolation', (event: SecurityPolicyViolationEvent) =>
      core._report(
        'SecurityPolicyViolation',
        `${event.effectiveDirective} forbids ${sanitizeUrl(event.blockedURI)}`,
        event.sourceFile ? `    at ${event.sourceFile}:${event.lineNumber}:${event.columnNumber}` : '',
        { disposition: event.disposition },
      ),
    ),
  );
};
