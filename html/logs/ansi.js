// What terminal codes in a line ask for, as pieces of text with the names of classes.  Pure.
// Of SGR (ECMA-48, 8.3.117) the colours of letters and bold, faint, italic, underlined are kept;
// every other sequence and control is left out.

const SEQUENCE =
  /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f]/g;

const colours = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const styles = { 1: "bold", 2: "faint", 3: "italic", 4: "underlined" };
const ends = { 22: ["bold", "faint"], 23: ["italic"], 24: ["underlined"] };

// The state after the parameters of one SGR sequence.
function apply(state, parameters) {
  const codes = parameters.split(/[;:]/).map(Number);
  const next = { colour: state.colour, styles: new Set(state.styles) };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) {
      next.colour = "";
      next.styles.clear();
    } else if (styles[code]) next.styles.add(styles[code]);
    else if (ends[code]) ends[code].forEach((name) => next.styles.delete(name));
    else if (code === 39) next.colour = "";
    else if (code >= 30 && code <= 37) next.colour = colours[code - 30];
    else if (code >= 90 && code <= 97) next.colour = colours[code - 90];
    else if (code === 38 || code === 48) i += codes[i + 1] === 5 ? 2 : 4; // of 256 or of all: not kept
  }
  return next;
}

const nameOf = ({ colour, styles: set }) =>
  [colour && `ansi-${colour}`, ...[...set].map((name) => `ansi-${name}`)].filter(Boolean).join(" ");

// [{text, name}], without empty pieces.
export function pieces(line) {
  const out = [];
  let state = { colour: "", styles: new Set() };
  let at = 0;
  const add = (end) => {
    if (end > at) out.push({ text: line.slice(at, end), name: nameOf(state) });
  };
  for (const found of line.matchAll(SEQUENCE)) {
    add(found.index);
    at = found.index + found[0].length;
    if (found[2] === "m") state = apply(state, found[1]);
  }
  add(line.length);
  return out;
}

export const strip = (line) => line.replace(SEQUENCE, "");
