// SPDX-License-Identifier: MIT
// The types, held to what they promise: `npm run test:types` fails where a line below does
// not compile, and where one under @ts-expect-error does.  Nothing here is ever run.

import {
  type BrowserError,
  type BrowserMetric,
  init,
  initWith,
  type MonlightClient,
} from "@monlight/browser";
import { breadcrumbs } from "@monlight/browser/breadcrumbs";
import { init as initFull } from "@monlight/browser/full";
import { offline } from "@monlight/browser/offline";
import { resources } from "@monlight/browser/resources";

const client: MonlightClient = init({ dsn: "d", endpoint: "e" });

// @ts-expect-error dsn and endpoint are required
init();
// @ts-expect-error dsn is required
init({ endpoint: "e" });
// @ts-expect-error endpoint is required
init({ dsn: "d" });
// @ts-expect-error there is no such option
init({ dsn: "d", endpoint: "e", tracesSampleRate: 1 });
// @ts-expect-error a rate is a number
init({ dsn: "d", endpoint: "e", sampleRate: "1" });
// @ts-expect-error there is no such kind
init({ dsn: "d", endpoint: "e", sampleRate: { clicks: 1 } });
// @ts-expect-error one pattern is a list of one
init({ dsn: "d", endpoint: "e", ignoreErrors: "x" });
// @ts-expect-error beforeSend answers at once
init({ dsn: "d", endpoint: "e", beforeSend: async (event) => event });

init({
  dsn: "d",
  endpoint: "e",
  release: "1",
  environment: "production",
  sampleRate: { errors: 1, vitals: 0.5, network: 0 },
  debug: false,
  beforeSend: (event) => (event.type == "X" ? null : { ...event, context: {} }),
  ignoreErrors: ["x", /y/],
  enabled: true,
  captureConsole: true,
});
init({ dsn: "d", endpoint: "e", sampleRate: 0.1 });
init({
  dsn: "d",
  endpoint: "e",
  beforeSend(event) {
    const count: number | undefined = event.count;
    // @ts-expect-error a message is a text
    event.message = 5;
    return count ? null : event;
  },
});

client.captureError(new Error("x"), { any: { thing: 1 } });
client.captureError("not an error");
// @ts-expect-error a context has names
client.captureError(new Error("x"), "context");
client.captureMessage("x", "warning");
// @ts-expect-error a message is a text
client.captureMessage(5);
client.setUser("u");
// @ts-expect-error an id is a text
client.setUser(5);
client.addContext("k", [1]);
client.counter("n");
client.counter("n", 2, { label: "v" });
// @ts-expect-error a label's value is a text
client.counter("n", 2, { label: 5 });
client.histogram("n", 1);
// @ts-expect-error a histogram is of values
client.histogram("n");
client.gauge("n", 1);
const flushed: Promise<void> = client.flush();
const nothing: void = client.destroy();
// @ts-expect-error there is no such method
client.close();

const metric: BrowserMetric = { name: "n", type: "gauge", value: 1, labels: {}, timestamp: "" };
// @ts-expect-error there is no such type
metric.type = "summary";
declare const event: BrowserError;
const optional: string | undefined = event.release;

initFull({ dsn: "d", endpoint: "e" }).destroy();
initWith([breadcrumbs, offline, resources])({ dsn: "d", endpoint: "e" });
// @ts-expect-error a feature is no text
initWith(["breadcrumbs"]);

export { flushed, nothing, optional };
