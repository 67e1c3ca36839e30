// Reads a stack trace as text: Python, JavaScript (V8, Firefox, Safari), Java and Go.
// Pure.  What it does not know it leaves to the raw view.

import { plain } from "./common/format.js";

/*
 * The answer is a list of exceptions, the one that was reported first, then its causes:
 * {title, note, frames: [{function, file, line, column, source, in_app}]}, the frames from the raise outwards.
 * null when no frame was found.
 */
export function parseStack(text) {
  const lines = String(text ?? "").split(/\r?\n/);
  for (const read of [python, go, calls]) {
    const found = read(lines).filter((exception) => exception.frames.length);
    if (found.length) return found;
  }
  return null;
}

const library =
  /(^|[/\\])(site-packages|dist-packages|node_modules|bower_components|vendor)[/\\]|[/\\]lib[/\\]python\d|[/\\]pkg[/\\]mod[/\\]|[/\\]go[/\\]src[/\\](?!.*\.(com|org|net|io)\b)|^(node|internal|native|chrome-extension|moz-extension|webpack\/bootstrap|<)/;
const runtimes = /^(java|javax|jdk|sun|kotlin|kotlinx|scala)\./;

export const isOwn = (file, name = "") => Boolean(file) && !library.test(file) && !runtimes.test(name);

const pythonFrame = /^[\s|]*File "(.+?)", line (\d+)(?:, in (.+))?$/;
const pythonNotes = [
  [/direct cause of the following/, "caused by"],
  [/During handling of the above/, "raised while handling"],
];

// Python prints the cause first and the raise last.
function python(lines) {
  const exceptions = [];
  let frames = [];
  let note = "";
  lines.forEach((text, i) => {
    const [, file, line, name] = pythonFrame.exec(text) ?? [];
    if (file) {
      const below = lines[i + 1] ?? "";
      const source =
        /^[\s|]{3,}\S/.test(below) && !pythonFrame.test(below) && !/^[\s|]*[~^]+$/.test(below) ? below : "";
      frames.unshift({
        function: name ?? "<module>",
        file,
        line: Number(line),
        source: source.replace(/^[\s|]+/, ""),
        in_app: isOwn(file),
      });
    } else if (frames.length && /^[\s|+-]*[A-Za-z_][\w.]*(:|$)/.test(text) && !/^\s{4}/.test(text)) {
      exceptions.unshift({ title: text.replace(/^[\s|+-]+/, ""), note, frames });
      frames = [];
      note = "";
    } else {
      note = pythonNotes.find(([words]) => words.test(text))?.[1] ?? note;
    }
  });
  if (frames.length) exceptions.unshift({ title: "", note, frames });
  return exceptions;
}

const goFile = /^\t(.+\.go):(\d+)(?: \+0x[\da-f]+)?$/;

// "main.(*Router).route(0xc00, {0x1})", "created by net/http.(*Server).Serve in goroutine 1"
function goName(line) {
  const created = /^created by (\S+)/.exec(line);
  if (created) return created[1];
  return line.endsWith(")") ? line.slice(0, line.lastIndexOf("(")) : "";
}

// Go prints a line for the function and a line with a tab for the place.  The first goroutine is the one that fell.
function go(lines) {
  const frames = [];
  for (let i = 1; i < lines.length; i++) {
    if (frames.length && /^goroutine \d/.test(lines[i])) break;
    const [, file, line] = goFile.exec(lines[i]) ?? [];
    const name = file && goName(lines[i - 1]);
    if (name)
      frames.push({
        function: name,
        file,
        line: Number(line),
        in_app: isOwn(file) && !/^(runtime|panic)\b/.test(name),
      });
  }
  return [{ title: lines.find((line) => line.startsWith("panic: ")) ?? "", note: "", frames }];
}

const patterns = [
  // Java: at org.shop.Cart.add(Cart.java:12)
  [
    /^\s*at ([\w.$<>/@]+)\(([^():]+|Native Method|Unknown Source)(?::(\d+))?\)/,
    ([, name, file, line]) => ({ name, file, line, own: isOwn(file, name) }),
  ],
  // V8: at add (https://shop.example/app.js:10:5), at async Promise.all (index 0), at node:internal/x:1:2
  [
    /^\s*at (?:(.+?) \()?((?:[a-z-]+:)?[^()\s][^()]*?):(\d+)(?::(\d+))?\)?$/,
    ([, name, file, line, column]) => ({ name, file, line, column, own: isOwn(file) }),
  ],
  [/^\s*at (.+?) \((native|<anonymous>|index \d+)\)$/, ([, name, file]) => ({ name, file, own: false })],
  // Firefox and Safari: add@https://shop.example/app.js:10:5
  [
    /^\s*([^@\s]*)@(\S+?):(\d+)(?::(\d+))?$/,
    ([, name, file, line, column]) => ({ name, file, line, column, own: isOwn(file) }),
  ],
];

const cause = /^\s*(?:Caused by:|\[cause\]:|Suppressed:)\s*(.*)$/;

function calls(lines) {
  const exceptions = [{ title: "", note: "", frames: [] }];
  for (const text of lines) {
    const current = exceptions[exceptions.length - 1];
    const next = cause.exec(text);
    if (next) {
      exceptions.push({ title: next[1].replace(/\s*\{$/, ""), note: "", frames: [] });
      current.note = "caused by";
      continue;
    }
    const frame = callOf(text);
    if (frame) current.frames.push(frame);
    else if (!current.frames.length && text.trim()) current.title += (current.title && "\n") + text.trim();
  }
  return exceptions;
}

function callOf(text) {
  for (const [pattern, read] of patterns) {
    const match = pattern.exec(text);
    if (!match) continue;
    const { name, file, line, column, own } = read(match);
    return {
      function: (name || "<anonymous>").replace(/^async /, ""),
      file,
      line: line ? Number(line) : null,
      column: column ? Number(column) : null,
      in_app: own,
    };
  }
  return null;
}

const objects = (list) =>
  Array.isArray(list) ? list.filter((one) => one !== null && typeof one === "object") : [];

// The exceptions of a report: what the client sent as frames, else what its text says.
export function exceptionsOf(occurrence, error) {
  const frames = objects(occurrence?.frames);
  if (frames.length)
    return [
      { title: `${error.exception_type}: ${error.message}`, note: "caused by", frames },
      ...objects(occurrence.causes).map((one) => ({
        title: [one.exception_type ?? one.type, one.message].filter(Boolean).map(plain).join(": "),
        note: "caused by",
        frames: objects(one.frames ?? parseStack(one.traceback)?.[0].frames),
      })),
    ];
  return parseStack(occurrence?.traceback ?? error.traceback);
}

// The lines around a frame as [number, text]: `context` is {start, lines}, or a list with the line in its middle.
export function contextOf(frame) {
  const { context, source, line } = frame;
  if (Array.isArray(context?.lines)) {
    const start = Number.isFinite(context.start) ? context.start : line;
    return context.lines.map((text, i) => [start + i, plain(text)]);
  }
  if (Array.isArray(context) && context.length) {
    const start = Math.max(1, line - Math.floor(context.length / 2));
    return context.map((text, i) => [start + i, plain(text)]);
  }
  return source ? [[line, source]] : [];
}
