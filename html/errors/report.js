// An error as text to paste into a ticket or a chat.  Pure.

import { number } from "./common/format.js";

const head = (error) => `${error.exception_type}: ${error.message}`;
const traceOf = (error, occurrence) => occurrence?.traceback || error.traceback || "";

// A fence longer than any run of backticks inside.
function fenced(text, language = "") {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

export function asText(error, occurrence) {
  const trace = traceOf(error, occurrence).trimEnd();
  return trace.includes(error.exception_type) ? `${trace}\n` : `${head(error)}\n${trace}\n`;
}

export function asMarkdown(error, occurrence, address) {
  const request =
    occurrence?.request_url && `${occurrence.request_method ?? "GET"} ${occurrence.request_url}`;
  const facts = [
    ["Project", error.project],
    ["Environment", occurrence?.environment],
    ["Release", occurrence?.release],
    ["Events", `${number(error.count)}, first ${error.first_seen}, last ${error.last_seen}`],
    ["Users", error.users ? number(error.users) : ""],
    ["Request", request && `\`${request.replaceAll("`", "")}\``],
    ["Monlight", address],
  ];
  const list = facts.filter(([, value]) => value).map(([name, value]) => `- ${name}: ${value}`);
  const title = head(error).split("\n")[0];
  return `## ${title}\n\n${list.join("\n")}\n\n${fenced(asText(error, occurrence))}\n`;
}
