// What changes an error, and what the list and the detail know of each other.

import { post } from "./common/api.js";
import { plural } from "./common/format.js";
import { forget } from "./common/resource.js";
import { toast } from "./common/toast.js";

const AT_ONCE = 4; // requests under way: a pool has few processes

// The list last shown: its query, to go back to, its ids, to walk along, and the one that was opened.
export const shown = { query: "", ids: [], opened: null };

async function each(ids, work) {
  const queue = [...ids];
  const worker = async () => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) await work(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const verbs = {
  resolve: { done: "Resolved", opposite: "reopen" },
  reopen: { done: "Reopened", opposite: "resolve" },
};

// Resolves or reopens errors, says so, offers to undo it, and has the view read again.
export async function change(verb, ids, reload) {
  try {
    await each(ids, (id) => post(`api/errors/${id}/${verb}`));
    const { done, opposite } = verbs[verb];
    toast(`${done} ${plural(ids.length, "error")}`, {
      label: "Undo",
      run: () => change(opposite, ids, reload),
    });
  } catch (error) {
    toast(`Could not ${verb}: ${error.message}`, {
      label: "Try again",
      run: () => change(verb, ids, reload),
    });
  }
  forget("errors");
  reload();
}
