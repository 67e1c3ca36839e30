// Metrics for the pages to show, as a shop with a server and a site would send them.

import assert from "node:assert/strict";

export async function send(stack, points) {
  for (let at = 0; at < points.length; at += 1000) {
    const answer = await fetch(stack.url("metrics", "api/metrics"), {
      method: "POST",
      headers: { "X-API-Key": stack.keys.metrics, "Content-Type": "application/json" },
      body: JSON.stringify(points.slice(at, at + 1000)),
    });
    assert.equal(answer.status, 202, await answer.text());
  }
}

export const LONG = "a_name_that_never_ends_".repeat(8);
export const RTL = "زمن_الاستجابة 🛒👩‍👩‍👧‍👦";
export const EVIL = "<img src=x onerror=alert(1)>";

// Three hours of a shop: requests on the server and from browsers, vitals of its pages, a gauge.
export function history(now) {
  const points = [];
  const endpoints = ["/products", "/cart", "/checkout", `/${EVIL}`];
  const pages = [
    "/",
    "/products",
    "/a/very/long/path/of/a/page/that/goes/on/and/on/for/longer/than/any/window/is/wide",
  ];
  const add = (minute, name, type, value, labels) =>
    points.push({ name, type, value, labels, timestamp: new Date(now - minute * 60_000).toISOString() });
  for (let minute = 0; minute < 180; minute += 3)
    endpoints.forEach((endpoint, i) => {
      const labels = { endpoint, method: i === 2 ? "POST" : "GET" };
      const slow = 1 + Math.sin(minute / 25) ** 2;
      add(minute, "http_requests_total", "counter", 20 + ((minute * (i + 3)) % 17), {
        ...labels,
        status: "200",
      });
      if (i === 2 && minute % 9 === 0)
        add(minute, "http_requests_total", "counter", 2, { ...labels, status: "500" });
      for (let n = 0; n < 3; n++)
        add(minute, "http_request_duration_seconds", "histogram", 0.02 * (i + 1) * slow * (1 + n), labels);
      add(minute, "browser_http_requests_total", "counter", 5, {
        source: "browser",
        host: "api.example.com",
        method: "GET",
        status: "200",
      });
      add(minute, "browser_http_request_duration_ms", "histogram", 90 * slow, {
        source: "browser",
        host: "api.example.com",
        method: "GET",
      });
    });
  for (let minute = 0; minute < 180; minute += 4)
    pages.forEach((page, i) => {
      const labels = { source: "browser", page, device: minute % 8 ? "phone" : "desktop" };
      add(minute, "web_vitals_lcp", "histogram", 1400 + 1200 * i + 10 * minute, labels);
      add(minute, "web_vitals_inp", "histogram", 90 + 80 * i, labels);
      add(minute, "web_vitals_cls", "histogram", 0.04 + 0.15 * i, labels);
      add(minute, "web_vitals_fcp", "histogram", 900 + 300 * i, labels);
      add(minute, "web_vitals_ttfb", "histogram", 200 + 100 * i, labels);
    });
  for (let minute = 0; minute < 180; minute += 5)
    add(minute, "queue_length", "gauge", (minute * 7) % 40, { queue: "mail" });
  for (const [minute, release] of [
    [130, "1.4.0"],
    [41, "1.4.1"],
  ])
    add(minute, "deployments_total", "counter", 1, { release });
  return points;
}

// Names and values as nobody wishes them: markup, without end, from right to left.
export function strange(now) {
  const points = [];
  for (let minute = 0; minute < 90; minute += 3)
    for (const text of [EVIL, LONG, RTL]) {
      const timestamp = new Date(now - minute * 60_000).toISOString();
      const add = (name, type, value, labels) =>
        points.push({ name, type, value, labels: { ...labels, [text]: text }, project: text, timestamp });
      add(text, "histogram", minute + 1, { empty: "" });
      if (minute === 60) add("deployments_total", "counter", 1, { release: text });
      add("http_requests_total", "counter", 3, { endpoint: `/${text}`, method: text, status: "500" });
      add("http_request_duration_seconds", "histogram", 0.2, { endpoint: `/${text}`, method: text });
      for (const vital of ["lcp", "inp", "cls"])
        add(`web_vitals_${vital}`, "histogram", minute, { source: "browser", page: `/${text}` });
    }
  return points;
}
