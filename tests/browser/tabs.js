// A Chromium with real tabs, driven through its pipe.  Playwright makes every page believe that it is
// visible and switches the back/forward cache off; here a tab that is not in front is hidden, a closed one
// goes the way a user's does, and one that is left can come back.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { candidates, quiet } from "./browser.js";
import { eventually } from "./stack.js";

const expressionOf = (code, args) =>
  typeof code === "string" ? code : `(${code})(${args.map((arg) => JSON.stringify(arg)).join()})`;

class Tab {
  constructor(browser, target, session) {
    Object.assign(this, { browser, target, session });
  }

  send(method, params) {
    return this.browser.send(method, params, this.session);
  }

  async evaluate(code, ...args) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression: expressionOf(code, args),
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  // True as soon as the code is; while a page goes and another comes there is nobody to ask.
  until(code, ...args) {
    return eventually(() => this.evaluate(code, ...args).catch(() => false));
  }

  async go(url) {
    await this.send("Page.navigate", { url });
    await this.until((href) => location.href === href && document.readyState === "complete", url);
  }

  async front() {
    await this.browser.send("Target.activateTarget", { targetId: this.target });
    await this.until(() => document.visibilityState === "visible");
  }

  // A person's click: the events are trusted.
  async click(selector) {
    const { x, y } = await this.evaluate((one) => {
      const box = document.querySelector(one).getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    }, selector);
    for (const type of ["mousePressed", "mouseReleased"])
      await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }

  async press(text) {
    for (const type of ["keyDown", "keyUp"])
      await this.send("Input.dispatchKeyEvent", { type, text, key: text, unmodifiedText: text });
  }

  detach() {
    return this.browser.send("Target.detachFromTarget", { sessionId: this.session });
  }

  close() {
    return this.browser.send("Target.closeTarget", { targetId: this.target });
  }
}

export class Tabs {
  #waiting = new Map();
  #last = 0;
  #said = "";

  async launch() {
    this.profile = await mkdtemp(join(tmpdir(), "monlight-tabs-"));
    const own = ["--headless", "--remote-debugging-pipe", `--user-data-dir=${this.profile}`];
    this.process = spawn(
      candidates.find((path) => path && existsSync(path)),
      [...own, ...quiet, "about:blank"],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    this.ended = new Promise((done) => this.process.on("exit", done));
    this.process.stdio[4].on("data", (bytes) => this.#hear(bytes));
    return this;
  }

  #hear(bytes) {
    const messages = (this.#said + bytes).split("\0");
    this.#said = messages.pop();
    for (const { id, result, error } of messages.map((text) => JSON.parse(text))) {
      const [done, fail] = this.#waiting.get(id) ?? [];
      this.#waiting.delete(id);
      if (error) fail?.(new Error(error.message));
      else done?.(result);
    }
  }

  send(method, params = {}, sessionId = undefined) {
    return new Promise((done, fail) => {
      const id = ++this.#last;
      this.#waiting.set(id, [done, fail]);
      this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  // A new tab, in front and visible before it goes anywhere; or behind the others.
  async open(url, { behind = false } = {}) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank", background: behind });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const tab = new Tab(this, targetId, sessionId);
    if (!behind) await tab.front();
    if (url) await tab.go(url);
    return tab;
  }

  // The tab that shows this address: a prerendered page is another target than the one it takes the place of.
  async find(url) {
    const { targetInfos } = await this.send("Target.getTargets");
    const found = targetInfos.find((one) => one.type === "page" && one.url === url && !one.subtype);
    if (!found) return undefined;
    const { sessionId } = await this.send("Target.attachToTarget", {
      targetId: found.targetId,
      flatten: true,
    });
    return new Tab(this, found.targetId, sessionId);
  }

  async close() {
    this.process.kill();
    await this.ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
