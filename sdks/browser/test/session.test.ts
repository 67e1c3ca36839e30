// SPDX-License-Identifier: MIT
// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { uuid } from "../src/safe.js";

const KEY = "monlight_session_id";
const V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let sessionId: () => string;
beforeEach(async () => {
  sessionStorage.clear();
  vi.resetModules();
  ({ sessionId } = await import("../src/session.js"));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("the session's id", () => {
  it("is a UUID of version 4", () => expect(sessionId()).toMatch(V4));
  it("is kept in sessionStorage under its name", () => expect(sessionStorage.getItem(KEY)).toBe(null));
  it("is the same each time, and what is stored", () => {
    const id = sessionId();
    expect(sessionId()).toBe(id);
    expect(sessionStorage.getItem(KEY)).toBe(id);
  });
  it("is that of an earlier page of this tab", () => {
    sessionStorage.setItem(KEY, "known");
    expect(sessionId()).toBe("known");
  });
  it("is a new one after clearing", () => {
    const id = sessionId();
    sessionStorage.clear();
    expect(sessionId()).not.toBe(id);
  });
  it("touches neither localStorage nor cookies", () => {
    sessionId();
    expect(localStorage).toHaveLength(0);
    expect(document.cookie).toBe("");
  });
  for (const method of ["getItem", "setItem"] as const)
    it(`stays the same on this page where ${method} throws, as with blocked storage`, () => {
      vi.spyOn(Storage.prototype, method).mockImplementation(() => {
        throw new DOMException("blocked", "SecurityError");
      });
      expect(sessionId()).toBe(sessionId());
    });
});

describe("a UUID without crypto.randomUUID, as on plain http", () => {
  beforeEach(() => vi.stubGlobal("crypto", {}));
  it("has the same shape", () => {
    for (let i = 0; i < 100; i++) expect(uuid()).toMatch(V4);
  });
  it("is unique", () => expect(new Set(Array.from({ length: 1000 }, uuid)).size).toBe(1000));
});
