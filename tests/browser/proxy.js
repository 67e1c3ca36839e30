// A reverse proxy that serves a tool below a path, and notes what is asked for outside of it.

import { createServer, request } from "node:http";

export async function behindPrefix(stack, service, prefix) {
  const outside = [];
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url.startsWith(`${prefix}/`)) {
      outside.push(incoming.url);
      outgoing.writeHead(404).end();
      return;
    }
    const { method, headers } = incoming;
    const onward = request(
      stack.url(service, incoming.url.slice(prefix.length + 1)),
      { method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}/`,
    outside,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
