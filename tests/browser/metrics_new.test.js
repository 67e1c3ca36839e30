// The collector's pages in a real browser: with nothing, with the first metric, with those of strangers.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { enter as enterAt, launch, soundInEveryLook } from "./browser.js";
import { EVIL, LONG, RTL, send, strange } from "./metrics_feed.js";
import { Stack, eventually } from "./stack.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const enter = (stack, options) => enterAt(browser, stack, "metrics", options);

const drawn = (page) => page.locator(".canvas canvas").first().waitFor();

describe("a new collector", () => {
  const stack = new Stack();
  let opened; // one window for all: nobody has to sign in again
  before(async () => {
    await stack.start();
    opened = await enter(stack);
  });
  after(() => stack.stop());

  for (const [view, heading] of [
    ["", "No metric has been sent yet"],
    ["vitals", "No metric has been sent yet"],
    ["explore", "No metric has been sent yet"],
    ["rules", "No rule is set"],
  ])
    it(`says what to do, in the view ${view || "overview"}`, async () => {
      const { page, verify } = opened;
      await page.goto(stack.url("metrics", `?view=${view}`));
      await page.getByRole("heading", { name: heading }).waitFor();
      await soundInEveryLook(page, `metrics-empty-${view || "overview"}`);
      verify();
    });

  it("gives the line that sends the first one, and that line works", async () => {
    const { page, verify } = opened;
    await page.goto(stack.url("metrics"));
    await page.getByRole("heading", { name: "No metric has been sent yet" }).waitFor();
    const command = await page.getByLabel("Command").textContent();
    await send(stack, JSON.parse(/-d '([^']+)'/.exec(command)[1]));
    await page.keyboard.press("r");
    await page.getByRole("link", { name: "jobs_done_total" }).waitFor();
    await page.getByRole("link", { name: "Web Vitals" }).click();
    await page.getByRole("heading", { name: "No page has sent its Web Vitals" }).waitFor();
    await soundInEveryLook(page, "vitals-none");
    verify();
  });

  it("shows the first value of a metric, of which no line can be drawn yet", async () => {
    const { page, verify } = opened;
    await send(stack, [{ name: "queue_length", type: "gauge", value: 5 }]);
    await page.goto(stack.url("metrics", "?view=explore&name=queue_length&time=24h"));
    await drawn(page);
    const inked = () =>
      page
        .locator(".chart")
        .first()
        .evaluate((chart) => {
          const ink = getComputedStyle(chart.querySelector(".series-1")).color; // drawn over the other
          const drawing = chart.querySelector("canvas");
          const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
          Object.assign(copy.canvas, { width: drawing.width, height: drawing.height });
          copy.drawImage(drawing, 0, 0);
          const { data } = copy.getImageData(0, 0, drawing.width, drawing.height);
          let found = 0;
          for (let i = 0; i < data.length; i += 4) found += ink === `rgb(${data.slice(i, i + 3).join(", ")})`;
          return found;
        });
    assert.ok(await eventually(async () => (await inked()) > 3));
    verify();
  });

  describe("gets the metrics of strangers, which", () => {
    before(() => send(stack, strange(Date.now())));

    for (const [name, path] of [
      ["overview", ""],
      ["explore", `?view=explore&name=${encodeURIComponent(EVIL)}&group_by=${encodeURIComponent(EVIL)}`],
      ["vitals", `?view=vitals&project=${encodeURIComponent(EVIL)}&page=${encodeURIComponent(`/${EVIL}`)}`],
      ["long", `?view=explore&name=${LONG}&group_by=${LONG}`],
      ["right to left", `?view=explore&name=${encodeURIComponent(RTL)}&group_by=${encodeURIComponent(RTL)}`],
      [
        "nonsense",
        `?view=${EVIL}&name=${EVIL}&label=${EVIL}&time=${EVIL}&since=${EVIL}&stat=${EVIL}&vital=${EVIL}&group_by=${EVIL}`,
      ],
    ])
      it(`are text, and stay within the window: ${name}`, async () => {
        const { page, verify } = opened;
        await page.goto(stack.url("metrics", path));
        await page.locator("section.sheet, .empty").first().waitFor();
        if (name !== "nonsense") await drawn(page);
        assert.equal(await page.locator("main img, main script").count(), 0);
        if (!/long|left|nonsense/.test(name))
          assert.ok(
            await page
              .locator("main :not(option)")
              .getByText("onerror=alert(1)")
              .first()
              .waitFor({ state: "attached" })
              .then(() => true),
          );
        await soundInEveryLook(page, `metrics-strange-${name.replaceAll(" ", "-")}`);
        verify();
      });
  });
});
