// Error reports as the three clients send them, and worse ones.

const python = `Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/starlette/routing.py", line 276, in handle
    await self.app(scope, receive, send)
  File "/srv/shop/app/checkout.py", line 88, in create_order
    total = sum(line.price * line.quantity for line in cart.lines)
  File "/srv/shop/app/cart.py", line 23, in parse
    quantity = int(row["quantity"])
ValueError: invalid literal for int() with base 10: 'two'
`;

const node = `TypeError: Cannot read properties of undefined (reading 'email')
    at sendInvoice (/srv/billing/src/invoice.js:41:28)
    at async Job.run (/srv/billing/src/jobs.js:12:5)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`;

const browser = `RangeError: Invalid time value
    at formatDate (https://shop.example/assets/app-88d1.js:7:311)
    at OrderRow (https://shop.example/assets/app-88d1.js:12:90)
    at renderWithHooks (https://shop.example/node_modules/react-dom/index.js:167:137)`;

export const pythonReport = {
  project: "shop-api",
  exception_type: "ValueError",
  message: "invalid literal for int() with base 10: 'two'",
  traceback: python,
  request_url: "/orders?step=2",
  request_method: "POST",
  request_headers: { host: "shop.example", "x-request-id": "0193f2aa" },
  user_id: "4711",
  environment: "production",
  release: "2.14.0",
  server_name: "web-1",
  session_id: "s-8f3e21",
  tags: { region: "eu-central", tenant: "acme" },
  breadcrumbs: [
    { timestamp: "2026-01-01T10:00:00Z", category: "http", message: "GET /cart 200" },
    { timestamp: "2026-01-01T10:00:01Z", category: "ui.click", message: "button#pay", level: "info" },
  ],
  contexts: { runtime: { name: "CPython", version: "3.11.2" } },
  extra: { cart: { lines: 3, rows: [{ sku: "A-1", quantity: "two" }] } },
};

export const nodeReport = {
  project: "billing",
  exception_type: "TypeError",
  message: "Cannot read properties of undefined (reading 'email')",
  traceback: node,
  environment: "production",
  level: "fatal",
};

export const browserReport = {
  project: "shop-web",
  exception_type: "RangeError",
  message: "Invalid time value",
  traceback: browser,
  request_url: "https://shop.example/orders",
  request_method: "BROWSER",
  extra: { user_agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", session_id: "b-77" },
};

// Markup and script wherever a stranger can put text.
const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
export const evilReport = {
  project: evil.slice(0, 90),
  exception_type: evil,
  message: `${evil}\njavascript:alert(3)`,
  traceback: `Traceback (most recent call last):\n  File "${evil.replaceAll('"', "'")}", line 1, in ${evil}\n    ${evil}\nError: ${evil}\n`,
  request_url: "javascript:alert(4)",
  request_method: evil,
  request_headers: { [evil]: evil },
  user_id: evil,
  environment: evil.slice(0, 60),
  release: evil.slice(0, 60),
  server_name: evil.slice(0, 60),
  session_id: evil.slice(0, 60),
  user: { [evil]: evil, dangerouslySetInnerHTML: { __html: evil } },
  tags: { x: evil, dangerouslySetInnerHTML: evil.slice(0, 60) },
  breadcrumbs: [
    { message: evil, category: evil, level: evil, timestamp: evil },
    null,
    evil,
    { message: { evil } },
  ],
  contexts: { [evil]: { [evil]: evil }, flat: evil },
  extra: { [evil]: [evil], user_agent: evil },
};

// What is long, right to left, or of the supplementary planes.
export const hardReports = [
  {
    project: "a-project-whose-name-is-really-rather-long-for-a-project",
    exception_type: `com.example.${"enterprise.".repeat(6)}AbstractTransactionalPersistenceManagerFactoryException`,
    message: "AMessageWithoutAnySpace".repeat(12),
    traceback: "",
    environment: "production",
  },
  {
    project: "متجر",
    exception_type: "خطأ في الدفع",
    message: "تعذر إتمام عملية الدفع بسبب انتهاء صلاحية البطاقة",
    traceback: "",
  },
  {
    project: "shop-web",
    exception_type: "💥 RenderError",
    message: "The 🛒 could not be drawn: 👩‍👩‍👧‍👦",
    traceback: browser,
    level: "warning",
  },
  { project: "thumbnailer", exception_type: "MemoryError", message: "", traceback: "", level: "fatal" },
  {
    project: "crawler",
    exception_type: "DeprecationWarning",
    message: "utcnow() is deprecated",
    traceback: "",
    level: "info",
  },
];

const HOUR = 3_600_000;

// Two weeks of errors, each with its own rhythm, for pictures and for lists that want to be full.
export function* history(now) {
  const kinds = [pythonReport, nodeReport, browserReport, ...hardReports];
  const names = ["", "Timeout", "Lookup", "Decode", "Permission", "Connection", "Integrity"];
  let seed = 7;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  for (const [round, name] of names.entries())
    for (const [at, kind] of kinds.entries()) {
      const days = round % 2 ? 13 : 1;
      const reports = 3 + Math.floor(random() * 12);
      for (let i = 0; i < reports; i++) {
        const age = i === 0 ? (round * 8 + at) * 240_000 : random() * days * 24 * HOUR;
        yield {
          ...kind,
          exception_type: `${name}${kind.exception_type}`,
          environment: ["production", "production", "staging"][i % 3],
          release: `2.14.${i % 4}`,
          tags: {
            region: ["eu-central", "us-east"][i % 2],
            browser: ["Firefox 140", "Chrome 156", "Safari 20"][i % 3],
          },
          user_id: String(1000 + Math.floor(random() * 40)),
          count: 1 + Math.floor(random() * random() * 60),
          timestamp: new Date(now - age).toISOString(),
        };
      }
    }
}
