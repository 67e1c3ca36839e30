// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forget, useResource } from "../../../html/common/resource.js";
import { html, render } from "../../../html/vendor/preact.js";

let state;
function View({ name, load, every }) {
  state = useResource(name, load, { every });
  return html`<p>${state.data}</p>`;
}

const show = (name, load, every) =>
  render(html`<${View} name=${name} load=${load} every=${every} />`, document.body);
const pass = (milliseconds) => vi.advanceTimersByTimeAsync(milliseconds);

function hide(hidden) {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

// A server that answers after a time, unless the request is cancelled before.
const answering =
  (calls, milliseconds = 10) =>
  (signal) => {
    const call = { signal, number: calls.length + 1 };
    calls.push(call);
    return new Promise((resolve, reject) => {
      setTimeout(() => resolve(`answer ${call.number}`), milliseconds);
      signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    });
  };

beforeEach(() => vi.useFakeTimers());
afterEach(async () => {
  render(null, document.body);
  await vi.runOnlyPendingTimersAsync(); // effects that wait for a frame would wait for ever
  forget();
  hide(false);
  vi.useRealTimers();
});

describe("useResource", () => {
  it("loads, and says that the wait is long only when it is", async () => {
    show("a", answering([], 400));
    await pass(100);
    expect(state).toMatchObject({ loading: true, data: undefined });
    expect(state.slow).toBeFalsy();
    await pass(100);
    expect(state.slow).toBe(true);
    await pass(300);
    expect(state).toMatchObject({ loading: false, slow: false, data: "answer 1" });
  });

  it("cancels what was overtaken and keeps the older answer meanwhile", async () => {
    const calls = [];
    show("a", answering(calls));
    await pass(50);
    const slow = [];
    show("b", answering(slow, 1000));
    await pass(50);
    show("c", answering(calls, 100));
    await pass(20);
    expect(slow[0].signal.aborted).toBe(true);
    expect(state.data).toBe("answer 1");
    await pass(2000);
    expect(state.data).toBe("answer 2");
  });

  it("refreshes on time, but not in a hidden tab, and at once when that is seen again", async () => {
    const calls = [];
    show("a", answering(calls), 5);
    await pass(5100);
    expect(calls.length).toBe(2);
    hide(true);
    await pass(60_000);
    expect(calls.length).toBe(2);
    hide(false);
    await pass(50);
    expect(calls.length).toBe(3);
  });

  it("keeps the data beside an error, and comes again when the server names a time", async () => {
    const calls = [];
    let failing = false;
    const load = (signal) => {
      if (!failing) return answering(calls)(signal);
      failing = false;
      return Promise.reject(Object.assign(new Error("busy"), { retryAfter: 2 }));
    };
    show("a", load);
    await pass(50);
    failing = true;
    state.reload();
    await pass(50);
    expect(state).toMatchObject({ data: "answer 1", error: { message: "busy" }, loading: false });
    await pass(2100);
    expect(state).toMatchObject({ data: "answer 2", error: null });
  });

  it("shows at once what was seen before", async () => {
    show("a", answering([]));
    await pass(50);
    render(null, document.body);
    show("a", answering([], 500));
    expect(state.data).toBe("answer 1");
  });

  it("waits while it has no key", async () => {
    const calls = [];
    show(null, answering(calls));
    await pass(1000);
    expect(calls.length).toBe(0);
  });
});
