// What changes errors, and what the list and the detail know of each other.

import { post } from "./common/api.js";
import { plural } from "./common/format.js";
import { forget } from "./common/resource.js";
import { toast } from "./common/toast.js";

// The list last shown: its query, to go back to, its ids, to walk along, and the one that was opened.
export const shown = { query: "", ids: [], opened: null };

const verbs = {
  resolve: { done: "Resolved", opposite: "reopen" },
  reopen: { done: "Reopened", opposite: "resolve" },
  ignore: { done: "Ignored", opposite: "reopen" },
  delete: { done: "Deleted" },
};

// Does what `work` does, says so, offers to undo it, and has the view read again.
async function attempt(work, { verb, done, undo, reload }) {
  const again = () => attempt(work, { verb, done, undo, reload });
  try {
    await work();
    toast(done, undo && { label: "Undo", run: undo });
  } catch (error) {
    toast(`Could not ${verb}: ${error.message}`, { label: "Try again", run: again });
  }
  forget("errors");
  reload();
}

// Changes the state of errors, all of them or none; `terms` are those of the verb, as the API has them.
export function change(verb, ids, reload, terms = {}) {
  const { done, opposite } = verbs[verb];
  return attempt(() => post("api/errors/bulk", { ids: ids.map(Number), action: verb, ...terms }), {
    verb,
    done: `${done} ${plural(ids.length, "error")}`,
    undo: opposite && (() => change(opposite, ids, reload)),
    reload,
  });
}

// Makes one error of several: `into` stays, with the reports of all, and those that are still to come.
export function merge(into, ids, reload) {
  let parts;
  return attempt(
    async () => {
      ({ parts } = await post("api/errors/merge", { into: Number(into), ids: ids.map(Number) }));
    },
    {
      verb: "merge",
      done: `Merged ${plural(ids.length + 1, "error")}`,
      undo: () =>
        split(
          into,
          parts.map((part) => part.keys),
          reload,
        ),
      reload,
    },
  );
}

// Takes parts out of an error, to be errors of their own; a part is a list of grouping keys.
export function split(id, parts, reload) {
  const left = [...parts];
  const ids = [];
  return attempt(
    async () => {
      for (; left.length; left.shift())
        ids.push((await post("api/errors/unmerge", { id: Number(id), keys: left[0] })).id);
    },
    {
      verb: "split it off",
      done: `Split off ${plural(parts.length, "error")}`,
      undo: () => merge(id, ids, reload),
      reload,
    },
  );
}
