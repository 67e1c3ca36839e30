// Small web sites for pages under test, each an origin of its own.

import { createServer } from "node:http";

const types = { js: "text/javascript", map: "application/json", html: "text/html; charset=utf-8" };

// Serves what `files` maps from a path to a text or bytes, or to {status, headers, body}; anyone may load from it.
export async function site(files) {
  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url, "http://x");
    const file = files[pathname];
    const { status, headers, body } = file?.headers || file?.status ? file : { body: file };
    answer.writeHead(status ?? (body === undefined ? 404 : 200), {
      "Content-Type": types[pathname.split(".").pop()] ?? types.html,
      "Access-Control-Allow-Origin": "*",
      ...headers,
    });
    answer.end(body ?? "nothing here");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((done) => {
        server.close(done);
        server.closeAllConnections();
      }),
  };
}

// Makes a DSN key; further members as POST /api/dsn-keys takes them.
export async function newKey(stack, project, members = {}) {
  const answer = await fetch(stack.url("relay", "api/dsn-keys"), {
    method: "POST",
    headers: { "X-API-Key": stack.keys.relay, "Content-Type": "application/json" },
    body: JSON.stringify({ project, ...members }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()).public_key;
}

// The errors of a project, newest first, each in full.
export async function errorsOf(stack, project) {
  const ask = async (path) => {
    const answer = await fetch(stack.url("errors", path), { headers: { "X-API-Key": stack.keys.errors } });
    return answer.json();
  };
  const { errors } = await ask(`api/errors?project=${project}`);
  return Promise.all(errors.map(({ id }) => ask(`api/errors/${id}`)));
}
