// @vitest-environment jsdom
// A view whose module is loaded when it is first shown: it appears, whenever the module comes.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { later } from "../../../html/common/layout.js";
import { navigate, useLocation } from "../../../html/common/url.js";
import { html, render } from "../../../html/vendor/preact.js";

const View = () => html`<h1>here</h1>`;
const shown = () => document.querySelector("h1")?.textContent;

beforeEach(() => vi.useFakeTimers());
afterEach(async () => {
  render(null, document.body);
  await vi.runOnlyPendingTimersAsync();
  vi.useRealTimers();
});

describe("a view that comes later", () => {
  const loading = (milliseconds) =>
    later(() => new Promise((resolve) => setTimeout(() => resolve({ default: View }), milliseconds)));

  it("appears when its module has come", async () => {
    render(html`<${loading(50)} />`, document.body);
    expect(shown()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(500);
    expect(shown()).toBe("here");
  });

  it("appears at once when it was loaded ahead", async () => {
    const Later = loading(50);
    Later.ahead();
    await vi.advanceTimersByTimeAsync(500);
    render(html`<${Later} />`, document.body);
    expect(shown()).toBe("here");
  });

  // Between what is drawn and its effects lies a frame; on a slow machine much fits in there.
  it("appears when the module comes between its first drawing and its effects", async () => {
    const Later = loading(0);
    Later.ahead();
    render(html`<${Later} />`, document.body);
    await vi.advanceTimersByTimeAsync(500);
    expect(shown()).toBe("here");
  });
});

describe("the address", () => {
  const Place = () => html`<h1>${useLocation().params.get("x")}</h1>`;

  it("is followed from the first drawing on", async () => {
    render(html`<${Place} />`, document.body);
    navigate("?x=2");
    await vi.advanceTimersByTimeAsync(500);
    expect(shown()).toBe("2");
  });
});
