// SPDX-License-Identifier: MIT
// Nothing of ours may be thrown into the page, whatever the page did to the globals; and
// nothing of the page's may stay changed once a client is destroyed.

import type { Core } from "./core.js";

/** Runs `f`; what it throws is dropped. */
export function quietly<T>(f: () => T): T | undefined {
  try {
    return f();
  } catch {
    return undefined;
  }
}

/** `String(value)`, whatever its toString does; plain objects as JSON. */
export function text(value: unknown): string {
  const plain = quietly(() => String(value)) ?? "?";
  return (plain == "[object Object]" && quietly(() => JSON.stringify(value))) || plain;
}

/** 32 random hexadecimal digits in the shape of a UUID, version 4. */
export function uuid(): string {
  return (
    quietly(() => crypto.randomUUID()) ??
    "xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx".replace(/x/g, () => ((Math.random() * 16) | 0).toString(16))
  );
}

/** No engine had it from the beginning; by now they all have. */
interface V8 {
  captureStackTrace(error: Error, above: unknown): void;
}

/** A stack with this message, of whoever called the function `above`. */
export function stackAbove(above: unknown, message = ""): string {
  const error = new Error(message);
  quietly(() => (Error as unknown as V8).captureStackTrace(error, above));
  return text(error.stack || "");
}

/** Listens until the client is destroyed; in the capture phase, where less can stop it. */
export function listen<E extends Event>(
  core: Core,
  target: EventTarget,
  type: string,
  handler: (event: E) => void,
): void {
  const guarded = (event: Event) => quietly(() => handler(event as E));
  quietly(() => target.addEventListener(type, guarded, true));
  core._undo.push(() => target.removeEventListener(type, guarded, true));
}

/**
 * Puts `wrap(original)` in the place of a method.  Undone when the client is destroyed,
 * unless somebody has wrapped ours meanwhile, who then keeps calling through it.
 */
export function patch<T extends object, K extends keyof T>(
  core: Core,
  object: T,
  name: K,
  wrap: (original: T[K]) => T[K],
): void {
  quietly(() => {
    const original = object[name];
    if (!original) return;
    const ours = wrap(original);
    object[name] = ours;
    core._undo.push(() => {
      if (object[name] == ours) object[name] = original;
    });
  });
}
