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
    { timestamp: "2026-01-01T10:00:00Z", category: "http", message: "GET /cart 200", data: { ms: 12 } },
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
    { message: { evil }, timestamp: 1e300 },
    { type: { evil }, data: { [evil]: evil } },
  ],
  contexts: { [evil]: { [evil]: evil }, flat: evil },
  extra: { [evil]: [evil], user_agent: evil },
};

const frames = [
  { function: evil, file: evil, line: 2, in_app: true, context: ["one", evil, { evil }], reason: evil },
  { function: evil, file: evil, in_app: false },
];
export const evilFrames = { frames, causes: [{ exception_type: evil, message: evil, frames }] };

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

// [type, message, project, like, level, days of history]
const kinds = [
  [
    "psycopg.OperationalError",
    'connection to server at "db.internal" failed: remaining slots are reserved',
    "billing",
    pythonReport,
    "fatal",
    3,
  ],
  [
    "httpx.ReadTimeout",
    "POST https://payments.example/v2/charges took longer than 5 s",
    "billing",
    pythonReport,
    "error",
    14,
  ],
  ["KeyError", "'user_id'", "shop-api", pythonReport, "error", 0.4],
  ["ChunkLoadError", "Loading chunk 17 failed", "shop-web", browserReport, "error", 9],
  [
    "java.lang.NullPointerException",
    'Cannot invoke "Customer.getEmail()" because "customer" is null',
    "invoices",
    nodeReport,
    "error",
    14,
  ],
  [
    "RedisError",
    "READONLY You can't write against a read only replica",
    "shop-api",
    nodeReport,
    "error",
    0.2,
  ],
  ["DeprecationWarning", "datetime.utcnow() is deprecated", "shop-api", pythonReport, "warning", 14],
  ["NetworkError", "GET /api/stock/118 answered 502", "shop-web", browserReport, "error", 6],
  [
    "UnicodeDecodeError",
    "'utf-8' codec can't decode byte 0xe4 in position 12",
    "importer",
    pythonReport,
    "error",
    11,
  ],
  [
    "PermissionError",
    "[Errno 13] Permission denied: '/var/spool/importer'",
    "importer",
    pythonReport,
    "error",
    2,
  ],
  ["AbortError", "The user aborted a request", "shop-web", browserReport, "info", 14],
  ["IntegrityError", "UNIQUE constraint failed: orders.number", "shop-api", pythonReport, "error", 0.8],
];

// A fleet's fortnight: errors with their own rhythm, then what is hard to show, then enough for a second page.
export function* history(now) {
  let seed = 7;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  function* reports(kind, at, days, times) {
    for (let i = 0; i < times; i++)
      yield {
        ...kind,
        environment: ["production", "production", "staging"][i % 3],
        release: `2.14.${i % 4}`,
        tags: {
          region: ["eu-central", "us-east"][i % 2],
          browser: ["Firefox 140", "Chrome 156", "Safari 20"][i % 3],
        },
        user_id: String(1000 + Math.floor(random() * 40)),
        count: 1 + Math.floor(random() * random() * 60),
        timestamp: new Date(now - at * 260_000 - (i && random() * days * 24 * HOUR)).toISOString(),
      };
  }
  yield* reports(pythonReport, 0, 13, 90);
  yield* reports(nodeReport, 1, 4, 30);
  yield* reports(browserReport, 2, 1, 20);
  for (const [at, [type, message, project, like, level, days]] of kinds.entries())
    yield* reports({ ...like, exception_type: type, message, project, level }, 3 + at, days, 12);
  for (const [at, hard] of hardReports.entries()) yield* reports(hard, 30 + at, 2, 6);
  for (let i = 0; i < 40; i++)
    yield* reports({ ...nodeReport, exception_type: `Rare${i}Error` }, 60 + 9 * i, 0, 1);
}
