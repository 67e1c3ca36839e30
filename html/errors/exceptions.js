// What a report says of its exceptions, as the page shows them.  Pure.

import { plain } from "./common/format.js";

const objects = (list) =>
  Array.isArray(list) ? list.filter((one) => one !== null && typeof one === "object") : [];

// What an exception is to the one above it.
const notes = {
  cause: "caused by",
  context: "raised while handling",
  grouped: "in the group",
  suppressed: "suppressed with it",
};

const titleOf = (type, message) => [type, message].filter(Boolean).map(plain).join(": ");

/*
 * The exceptions of a report, the one that was reported first: {title, note, frames}, the frames from where it was
 * raised outwards.  null when no frame is known: then the text is all there is.
 */
export function exceptionsOf(occurrence, error) {
  const found = [
    {
      title: titleOf(error.exception_type, occurrence?.message ?? error.message),
      note: "",
      frames: objects(occurrence?.frames),
    },
    ...objects(occurrence?.causes).map((one) => ({
      title: titleOf(one.exception_type ?? one.type, one.message),
      note: notes[one.relation] ?? notes.cause,
      frames: objects(one.frames),
    })),
  ];
  return found.some((one) => one.frames.length) ? found : null;
}

// The lines around a frame as [number, text]: `context` is {start, lines}, or a list with the line in its middle.
export function contextOf({ context, line }) {
  if (Array.isArray(context?.lines)) {
    const start = Number.isFinite(context.start) ? context.start : line;
    return context.lines.map((text, i) => [start + i, plain(text)]);
  }
  if (Array.isArray(context) && context.length) {
    const start = Math.max(1, line - Math.floor(context.length / 2));
    return context.map((text, i) => [start + i, plain(text)]);
  }
  return [];
}
