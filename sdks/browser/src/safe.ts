// SPDX-License-Identifier: MIT
// Nothing of ours may be thrown into the page, whatever the page did to the globals.

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
  return (
    quietly(() => {
      const plain = String(value);
      return plain.startsWith('[object ') ? JSON.stringify(value) || plain : plain;
    }) ?? 'a value that cannot be shown'
  );
}

/** Listens; the returned function stops it. */
export function listen(
  target: EventTarget,
  type: string,
  handler: (event: any) => void,
  capture = false,
): () => void {
  const guarded = (event: Event) => quietly(() => handler(event));
  quietly(() => target.addEventListener(type, guarded, capture));
  return () => quietly(() => target.removeEventListener(type, guarded, capture));
}

/** 32 random hexadecimal digits in the shape of a UUID, version 4. */
export function uuid(): string {
  return (
    quietly(() => crypto.randomUUID()) ??
    'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () =>
      ((Math.random() * 16) | 0).toString(16),
    )
  );
}
