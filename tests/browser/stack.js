// A whole Monlight under test: the shipped configuration through `monlight run`, in a home directory of its
// own, on ports nobody chose.  The browser talks to lighttpd, as a user's does.

import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const START_DEADLINE = 60_000; // a sanitizer build on a busy machine needs its time
const services = {
  errors: "ERROR_TRACKER",
  logs: "LOG_VIEWER",
  metrics: "METRICS_COLLECTOR",
  relay: "BROWSER_RELAY",
};

export const PASSWORD = "correct-horse-battery-staple";

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Asks until the answer is true; the last answer at the deadline.
export async function eventually(question, milliseconds = 10_000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const answer = await question();
    if (answer || Date.now() > deadline) return answer;
    await sleep(50);
  }
}

const listens = (port) =>
  new Promise((done) => {
    const server = createServer();
    server.on("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });

// Below the ports that the kernel gives to clients: one of those could be taken before the stack listens on it.
// Tests in Python have those below these (tests/stack.py); two files of ours begin at places of their own.
const PORTS = { first: 32_000, count: 750 };
let turn = (process.pid * 16) % PORTS.count;

export async function freePort() {
  for (;;) {
    const port = PORTS.first + (turn++ % PORTS.count);
    if (await listens(port)) return port;
  }
}

export class Stack {
  ports = {};
  keys = {};

  async start(variables = {}) {
    this.home = await mkdtemp(join(tmpdir(), "monlight-browser-"));
    await mkdir(join(this.home, "containers"));
    for (const name of Object.keys(services)) {
      this.ports[name] = await freePort();
      this.keys[name] = `key-of-${name}-0123456789abcdef`;
    }
    await this.#configure(variables);
    this.#run();
    const answers = await eventually(() => this.#ready(), START_DEADLINE);
    if (!answers) throw new Error(`the stack did not start\n${this.said}`);
    return this;
  }

  async #configure(variables) {
    const all = {
      RATE_LIMIT: 0,
      LOG_LEVEL: "warning",
      LOG_SOURCES: join(this.home, "containers"),
      UI_PASSWORD: PASSWORD,
      SESSION_SECRET: "session-secret-0123456789abcdef",
      RELAY_INTERNAL_KEY: "relay-internal-key-0123456789",
      BROWSER_RELAY_ADMIN_API_KEY: this.keys.relay,
      ...variables,
    };
    for (const [name, prefix] of Object.entries(services)) {
      all[`${prefix}_PORT`] = this.ports[name];
      if (name !== "relay") all[`${prefix}_API_KEY`] = this.keys[name];
    }
    const file = join(this.home, "monlight.env");
    await writeFile(
      file,
      Object.entries(all)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
    await chmod(file, 0o600);
  }

  // Starts a command of the control script on this stack.
  #control(words, stdio) {
    const { PATH, HOME, LANG, TZ, ASAN_OPTIONS, UBSAN_OPTIONS } = process.env;
    const kept = JSON.parse(JSON.stringify({ PATH, HOME, LANG, TZ, ASAN_OPTIONS, UBSAN_OPTIONS }));
    const programs = resolve(ROOT, process.env.MONLIGHT_BIN ?? "build/bin");
    return spawn(join(ROOT, "lighttpd/monlight"), words, {
      env: { ...kept, MONLIGHT_HOME: this.home, MONLIGHT_BIN: programs },
      stdio,
    });
  }

  // Runs one to its end; gives its exit status.
  control(...words) {
    return new Promise((done) => this.#control(words, "ignore").on("exit", done));
  }

  #run() {
    this.said = "";
    this.process = this.#control(["run"], ["ignore", "pipe", "pipe"]);
    this.ended = new Promise((done) => this.process.on("exit", done));
    for (const stream of [this.process.stdout, this.process.stderr])
      stream.on("data", (text) => {
        this.said += text;
      });
  }

  async #ready() {
    if (this.process.exitCode !== null) throw new Error(`the stack ended at its start\n${this.said}`);
    const answers = await Promise.all(
      Object.keys(services).map((name) =>
        fetch(this.url(name, "health")).then(
          (answer) => answer.ok,
          () => false,
        ),
      ),
    );
    return answers.every(Boolean);
  }

  url(service, path = "") {
    return `http://127.0.0.1:${this.ports[service]}/${path}`;
  }

  // Sends an error report as a client does, and returns the tracker's answer.
  report(body) {
    return this.ask("errors", "api/errors", body);
  }

  // Ids of this stack's processes of one program.
  async running(program) {
    const found = [];
    for (const id of (await readdir("/proc")).filter(Number)) {
      const read = (name) => readFile(`/proc/${id}/${name}`, "utf8").catch(() => "");
      const [words, variables] = await Promise.all([read("cmdline"), read("environ")]);
      if (!variables.split("\0").includes(`MONLIGHT_HOME=${this.home}`)) continue;
      if (basename(words.split("\0")[0]) === program) found.push(Number(id));
    }
    return found;
  }

  // What a program with the service's key asks, and the answer; without a body it only reads.
  async ask(service, path, body) {
    const answer = await fetch(this.url(service, path), {
      method: body ? "POST" : "GET",
      headers: { "X-API-Key": this.keys[service], "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async stop() {
    if (!this.process) return;
    this.process.kill("SIGTERM");
    await this.ended;
    await rm(this.home, { recursive: true, force: true });
  }
}

export const axeSource = () => readFile(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");
export const screenshots = join(ROOT, "docs/screenshots");
