// SPDX-License-Identifier: MIT
// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Page } from "./page.js";

type Entry = Partial<PerformanceEntry> & Record<string, unknown>;

/** The browser's observers, fed by hand. */
class Observers {
  static all: Observers[] = [];
  static supportedEntryTypes = ["paint", "largest-contentful-paint", "layout-shift", "event", "first-input"];
  type = "";
  options: PerformanceObserverInit = {};
  pending: Entry[] = [];
  connected = false;
  constructor(readonly callback: (list: { getEntries(): Entry[] }) => void) {
    Observers.all.push(this);
  }
  observe(options: PerformanceObserverInit): void {
    this.type = options.type!;
    this.options = options;
    this.connected = true;
  }
  disconnect(): void {
    this.connected = false;
  }
  takeRecords(): Entry[] {
    return this.pending.splice(0);
  }
}

let page: Page;
let navigation: Entry;
let states: Entry[];
let interactionCount: number | undefined;

const now = vi.fn(() => 1000);

beforeEach(() => {
  vi.useFakeTimers();
  page = new Page();
  Observers.all = [];
  navigation = { responseStart: 200, loadEventEnd: 900, type: "navigate", activationStart: 0 };
  states = [];
  interactionCount = undefined;
  vi.stubGlobal("PerformanceObserver", Observers);
  vi.stubGlobal("performance", {
    now,
    getEntriesByType: (type: string) => (type == "navigation" ? [navigation] : states),
    get interactionCount() {
      return interactionCount;
    },
  });
  vi.stubGlobal("requestIdleCallback", (f: () => void) => setTimeout(f));
  vi.stubGlobal("requestAnimationFrame", (f: () => void) => setTimeout(f, 16));
  Object.defineProperty(document, "readyState", { value: "complete", configurable: true });
});
afterEach(() => {
  delete (document as { readyState?: string }).readyState;
  delete (document as { prerendering?: boolean }).prerendering;
  page.close();
});

const start = (config = {}) => page.start(config);
const observer = (type: string) => Observers.all.find((one) => one.type == type)!;
const feed = (type: string, ...entries: Entry[]) => observer(type).callback({ getEntries: () => entries });

const paint = (startTime = 300) => feed("paint", { name: "first-contentful-paint", startTime });
const largest = (...times: number[]) =>
  feed("largest-contentful-paint", ...times.map((startTime) => ({ startTime })));
const shift = (value: number, startTime: number, hadRecentInput = false) =>
  feed("layout-shift", { value, startTime, hadRecentInput });
const interaction = (interactionId: number, duration: number) =>
  feed("event", { interactionId, duration, startTime: 500 });

const timed = (event: Event, timeStamp: number) =>
  Object.defineProperty(event, "timeStamp", { value: timeStamp }) as Event;
const hide = (timeStamp = 5000) => {
  page.visible(false);
  document.dispatchEvent(timed(new Event("visibilitychange"), timeStamp));
};
const show = () => {
  page.visible(true);
  document.dispatchEvent(new Event("visibilitychange"));
};
const restore = (timeStamp: number, persisted = true) => {
  page.visible(true);
  window.dispatchEvent(timed(Object.assign(new Event("pageshow"), { persisted }), timeStamp));
};

const values = (name: string) => page.metrics(`web_vitals_${name}`).map(({ value }) => value);

describe("sampling", () => {
  it("1 observes, 0 does not, and a number means the vitals alone", () => {
    start({ sampleRate: 0 });
    expect(Observers.all).toEqual([]);
    start({ sampleRate: 1 });
    expect(Observers.all).toHaveLength(5);
  });
  it("is decided once, by chance", () => {
    vi.spyOn(Math, "random").mockReturnValue(0.4);
    start({ sampleRate: { vitals: 0.4 } });
    expect(Observers.all).toEqual([]);
    start({ sampleRate: { vitals: 0.41 } });
    expect(Observers.all).toHaveLength(5);
  });
  it("no PerformanceObserver, no vitals, no harm", () => {
    vi.stubGlobal("PerformanceObserver", undefined);
    expect(() => start()).not.toThrow();
    hide();
    expect(values("cls")).toEqual([]);
  });
  it("a type that the browser does not know is not observed", () => {
    Observers.supportedEntryTypes = ["paint"];
    start();
    expect(Observers.all.map(({ type }) => type).filter(Boolean)).toEqual(["paint"]);
    Observers.supportedEntryTypes = [
      "paint",
      "largest-contentful-paint",
      "layout-shift",
      "event",
      "first-input",
    ];
  });
  it("interactions of 40 ms and more are asked for, and what was before us", () => {
    start();
    expect(observer("event").options).toEqual({ type: "event", buffered: true, durationThreshold: 40 });
    for (const { options } of Observers.all) expect(options.buffered).toBe(true);
  });
});

describe("largest contentful paint", () => {
  it("is the last one", () => {
    start();
    largest(500, 700);
    largest(900);
    hide();
    expect(values("lcp")).toEqual([900]);
  });
  it("of time zero is none", () => {
    start();
    largest(0);
    hide();
    expect(values("lcp")).toEqual([]);
  });
  it("ends when the page is hidden", () => {
    start();
    largest(500);
    hide();
    show();
    largest(9000);
    hide(10_000);
    expect(values("lcp")).toEqual([500]);
  });
  it("does not count what was painted after the page was first hidden", () => {
    states = [{ name: "hidden", startTime: 400 }];
    start();
    largest(500);
    hide();
    expect(values("lcp")).toEqual([]);
  });
  it("includes what the observer has not handed over yet", () => {
    start();
    observer("largest-contentful-paint").pending = [{ startTime: 800 }];
    hide();
    expect(values("lcp")).toEqual([800]);
  });
  // With a person's it does: no script can make such an event, so Chromium tests it.
  for (const type of ["keydown", "click"])
    it(`does not end with a ${type} that a script made`, () => {
      start();
      largest(500);
      window.dispatchEvent(new Event(type));
      vi.advanceTimersByTime(10);
      largest(600);
      hide();
      expect(values("lcp")).toEqual([600]);
    });
});

describe("interaction to next paint", () => {
  it("is the longest of few", () => {
    start();
    interaction(1, 80);
    interaction(8, 240);
    interaction(15, 160);
    hide();
    expect(values("inp")).toEqual([240]);
  });
  it("takes the longest event of an interaction", () => {
    start();
    feed("event", { interactionId: 1, duration: 80 }, { interactionId: 1, duration: 120 });
    feed("first-input", { interactionId: 1, duration: 96 });
    hide();
    expect(values("inp")).toEqual([120]);
  });
  it("is 0 where the only one took less than can be told", () => {
    start();
    feed("first-input", { interactionId: 1, duration: 0 });
    hide();
    expect(values("inp")).toEqual([0]);
  });
  it("ignores events that are no interaction, the original's mistake", () => {
    start();
    feed("event", { interactionId: 0, duration: 900, name: "pointerenter" });
    hide();
    expect(values("inp")).toEqual([]);
  });
  for (const [count, expected] of [
    [49, 200],
    [50, 190],
    [149, 180],
    [5000, 110],
  ] as const)
    it(`of ${count} interactions leaves out one in fifty, of ten kept`, () => {
      interactionCount = 0;
      start();
      for (let i = 0; i < 15; i++) interaction(1 + 7 * i, 200 - 10 * i);
      interactionCount = count;
      hide();
      expect(values("inp")).toEqual([expected]);
    });
  it("counts by the ids where the browser does not count", () => {
    start();
    for (let i = 0; i < 10; i++) interaction(7 + 7 * i, 200 - 10 * i);
    interaction(7 * 120, 40);
    hide();
    expect(values("inp")).toEqual([180]);
  });
  it("is replaced, under its id, when it grows after a tab switch", () => {
    start();
    interaction(1, 80);
    hide();
    show();
    interaction(8, 320);
    hide(9000);
    const sent = page.metrics("web_vitals_inp");
    expect(sent.map(({ value }) => value)).toEqual([80, 320]);
    expect(sent[0]!.id).toBe(sent[1]!.id);
  });
});

describe("cumulative layout shift", () => {
  beforeEach(() => {
    start();
    paint();
  });
  for (const [what, shifts, expected] of [
    [
      "adds up what is close",
      [
        [0.1, 1000],
        [0.2, 1500],
      ],
      0.3,
    ],
    [
      "leaves out what follows input",
      [
        [0.1, 1000],
        [0.5, 1200, true],
      ],
      0.1,
    ],
    [
      "begins a new window after a second",
      [
        [0.1, 1000],
        [0.05, 2000],
      ],
      0.1,
    ],
    [
      "takes the largest window",
      [
        [0.1, 1000],
        [0.2, 3000],
        [0.2, 3500],
        [0.1, 6000],
      ],
      0.4,
    ],
    [
      "begins a new window after five seconds without a gap",
      [
        [0.1, 1000],
        [0.1, 1900],
        [0.1, 2800],
        [0.1, 3700],
        [0.1, 4600],
        [0.1, 5500],
        [0.1, 6400],
      ],
      0.6,
    ],
    ["of nothing is 0, which is sent", [], 0],
  ] as [string, [number, number, boolean?][], number][])
    it(what, () => {
      shifts.forEach((args) => shift(...args));
      hide();
      expect(values("cls")).toEqual([expect.closeTo(expected, 9)]);
    });
  it("includes what the observer has not handed over yet", () => {
    observer("layout-shift").pending = [{ value: 0.3, startTime: 1000, hadRecentInput: false }];
    hide();
    expect(values("cls")).toEqual([0.3]);
  });
});

describe("a page that was never seen", () => {
  it("has no CLS, where the original sent 0", () => {
    page.visible(false);
    start();
    paint();
    hide();
    expect(values("cls")).toEqual([]);
    expect(values("fcp")).toEqual([]);
  });
});

describe("first contentful paint", () => {
  it("is sent at once; other paints are not", async () => {
    const client = start();
    feed(
      "paint",
      { name: "first-paint", startTime: 250 },
      { name: "first-contentful-paint", startTime: 300 },
    );
    await client.flush();
    expect(values("fcp")).toEqual([300]);
  });
  it("counts from when the browser showed a prerendered page", async () => {
    navigation.activationStart = 250;
    const client = start();
    paint(300);
    await client.flush();
    expect(values("fcp")).toEqual([50]);
    expect(page.metrics("web_vitals_fcp")[0]!.labels.navigation_type).toBe("prerender");
  });
  it("of a page hidden later than that is known from its entries", async () => {
    states = [{ name: "hidden", startTime: 400 }];
    page.visible(false);
    const client = start();
    paint(300);
    await client.flush();
    expect(values("fcp")).toEqual([300]);
  });
});

describe("time to first byte and load time", () => {
  const load = async () => {
    const client = start();
    await vi.advanceTimersByTimeAsync(0);
    await client.flush();
  };
  it("are sent after the load", async () => {
    await load();
    expect(values("ttfb")).toEqual([200]);
    expect(page.metrics("page_load_time").map(({ value }) => value)).toEqual([900]);
  });
  it("wait for the load event", async () => {
    Object.defineProperty(document, "readyState", { value: "loading", configurable: true });
    await load();
    expect(values("ttfb")).toEqual([]);
    window.dispatchEvent(new Event("load"));
    await vi.advanceTimersByTimeAsync(0);
    await page.clients[0]!.flush();
    expect(values("ttfb")).toEqual([200]);
  });
  for (const responseStart of [0, -5, 2000])
    it(`a first byte at ${responseStart} is none`, async () => {
      navigation.responseStart = responseStart;
      await load();
      expect(values("ttfb")).toEqual([]);
    });
  it("a load that has not ended has no time", async () => {
    navigation.loadEventEnd = 0;
    await load();
    expect(page.metrics("page_load_time")).toEqual([]);
  });
});

describe("a page view", () => {
  it("has one value of each, in the beacon by which the page is left", () => {
    start();
    paint();
    largest(500);
    interaction(1, 80);
    window.dispatchEvent(timed(new Event("pagehide"), 5000));
    hide(5001);
    expect(page.sent.map(({ by }) => by)).toEqual(["beacon"]);
    expect(page.metrics().map(({ name }) => name)).toEqual([
      "web_vitals_fcp",
      "web_vitals_lcp",
      "web_vitals_cls",
      "web_vitals_inp",
    ]);
  });
  it("is not reported again at every tab switch", () => {
    start();
    paint();
    largest(500);
    hide();
    for (let i = 0; i < 3; i++) {
      show();
      hide(6000 + i);
    }
    expect(values("lcp")).toEqual([500]);
    expect(values("cls")).toEqual([0]);
  });
  it("belongs to the path it began at", () => {
    start();
    paint();
    history.pushState({}, "", "/elsewhere");
    hide();
    expect(page.metrics("web_vitals_cls")[0]!.labels).toEqual({ page: "/", navigation_type: "navigate" });
    history.replaceState({}, "", "/");
  });
  it("has one id, another one after the back/forward cache", () => {
    start();
    paint();
    hide();
    restore(9000);
    hide(9100);
    const ids = page.metrics("web_vitals_cls").map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(new Set(page.metrics().map(({ id }) => id)).size).toBe(2);
  });
  it("is not reported while the page is visible", () => {
    start();
    largest(500);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(page.sent).toEqual([]);
  });
  it("ends with destroy: observers and listeners are gone", () => {
    const client = start();
    client.destroy();
    expect(Observers.all.map(({ connected }) => connected)).toEqual([false, false, false, false, false]);
    hide();
    expect(page.sent).toEqual([]);
  });
});

describe("back from the back/forward cache", () => {
  beforeEach(() => {
    interactionCount = 3;
    start();
    paint();
    largest(500);
    shift(0.5, 1000);
    interaction(1, 800);
    hide();
    page.sent = [];
  });
  it("is a new view: paints until the second frame, first byte 0, shifts and interactions from nothing", () => {
    restore(20_000);
    now.mockReturnValue(20_045);
    vi.advanceTimersByTime(32);
    shift(0.1, 20_500);
    hide(21_000);
    expect([values("ttfb"), values("fcp"), values("lcp"), values("cls"), values("inp")]).toEqual([
      [0],
      [45],
      [45],
      [0.1],
      [],
    ]);
    for (const { labels } of page.metrics("web_vitals_lcp"))
      expect(labels.navigation_type).toBe("back-forward-cache");
    now.mockReturnValue(1000);
  });
  it("an interaction too short to be seen is one of 8 ms", () => {
    restore(20_000);
    interactionCount = 4;
    hide(21_000);
    expect(values("inp")).toEqual([8]);
  });
  it("a page that was loaded anew is none", () => {
    restore(20_000, false);
    hide(21_000);
    expect(page.metrics()).toEqual([]);
  });
});

describe("a prerendered page", () => {
  it("is not measured before it is shown", () => {
    Object.defineProperty(document, "prerendering", { value: true, configurable: true });
    start();
    expect(Observers.all).toEqual([]);
    Object.defineProperty(document, "prerendering", { value: false, configurable: true });
    navigation.activationStart = 600;
    document.dispatchEvent(new Event("prerenderingchange"));
    largest(500);
    hide();
    expect(values("lcp")).toEqual([0]);
  });
});
