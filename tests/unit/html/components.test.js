// @vitest-environment jsdom
// What the parts of all pages make of an address.
import { afterEach, describe, expect, it } from "vitest";
import { Choice, Refresh, everyOf } from "../../../html/common/components.js";
import { html, render } from "../../../html/vendor/preact.js";

afterEach(() => render(null, document.body));

describe("a view is read again", () => {
  for (const [address, seconds, words] of [
    ["", 0, "Off"],
    ["refresh=30", 30, "30\u00a0s"],
    ["refresh=60&refresh=5", 60, "1\u00a0min"],
    ["refresh=-5", 0, "Off"],
    ["refresh=0.001", 0, "Off"],
    ["refresh=Infinity", 0, "Off"],
    ["refresh=99999999999", 0, "Off"],
    ["refresh=soon", 0, "Off"],
  ])
    it(`by "${address}" every ${seconds} s, and says ${words}`, () => {
      const params = new URLSearchParams(address);
      expect(everyOf(params)).toBe(seconds);
      render(html`<${Refresh} params=${params} />`, document.body);
      expect(document.querySelector("select").selectedOptions[0].textContent).toBe(words);
    });
});

describe("a choice", () => {
  const shown = (value, options) => {
    render(html`<${Choice} label="Project" value=${value} options=${options} />`, document.body);
    const select = document.querySelector("select");
    return [select.selectedOptions[0].textContent, select.options.length];
  };
  it("shows what is chosen", () => expect(shown("b", ["a", ["b", "The second"]])).toEqual(["The second", 2]));
  it("shows what is chosen where it is none of the options", () =>
    expect(shown("gone", [["", "Any"], "a"])).toEqual(["gone", 3]));
});
