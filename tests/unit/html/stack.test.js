import { describe, expect, it } from "vitest";
import { contextOf, exceptionsOf, isOwn, parseStack } from "../../../html/errors/stack.js";

const brief = (exceptions) =>
  exceptions?.map(({ title, note, frames }) => ({
    title,
    note,
    frames: frames.map(
      (frame) => `${frame.in_app ? "+" : "-"} ${frame.function} ${frame.file}:${frame.line}`,
    ),
  })) ?? null;

const traces = [
  {
    name: "Python: the raise first, with its line of source",
    text: `Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/tasks.py", line 479, in wait_for
    return fut.result()
           ^^^^^^^^^^^^
  File "/srv/app/main.py", line 7, in <module>
    raise ValueError("x")
ValueError: x`,
    expected: [
      {
        title: "ValueError: x",
        note: "",
        frames: ["+ <module> /srv/app/main.py:7", "- wait_for /usr/lib/python3.11/asyncio/tasks.py:479"],
      },
    ],
  },
  {
    name: "Python: a chain, the last raise before its cause",
    text: `Traceback (most recent call last):
  File "/a.py", line 1, in f
    g()
KeyError: 'k'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/b.py", line 2, in h
    raise Wrong from error
pkg.Wrong: no`,
    expected: [
      { title: "pkg.Wrong: no", note: "caused by", frames: ["+ h /b.py:2"] },
      { title: "KeyError: 'k'", note: "", frames: ["+ f /a.py:1"] },
    ],
  },
  {
    name: "Python: during handling",
    text: `Traceback (most recent call last):
  File "/a.py", line 1, in f
KeyError

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/b.py", line 2, in h
ValueError`,
    expected: [
      { title: "ValueError", note: "raised while handling", frames: ["+ h /b.py:2"] },
      { title: "KeyError", note: "", frames: ["+ f /a.py:1"] },
    ],
  },
  {
    name: "V8: names, places without names, natives",
    text: `TypeError: x is not a function
    at add (https://shop.example/app.js:10:5)
    at async Promise.all (index 0)
    at https://shop.example/app.js:1:2
    at new Cart (/srv/node_modules/cart/index.js:3:4)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`,
    expected: [
      {
        title: "TypeError: x is not a function",
        note: "",
        frames: [
          "+ add https://shop.example/app.js:10",
          "- Promise.all index 0:null",
          "+ <anonymous> https://shop.example/app.js:1",
          "- new Cart /srv/node_modules/cart/index.js:3",
          "- process.processTicksAndRejections node:internal/process/task_queues:95",
        ],
      },
    ],
  },
  {
    name: "Firefox and Safari",
    text: "add@https://shop.example/app.js:10:5\n@https://shop.example/app.js:20:1",
    expected: [
      {
        title: "",
        note: "",
        frames: ["+ add https://shop.example/app.js:10", "+ <anonymous> https://shop.example/app.js:20"],
      },
    ],
  },
  {
    name: "Java with a cause",
    text: `java.lang.IllegalStateException: no
\tat org.shop.Cart.add(Cart.java:12)
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.lang.NullPointerException: price
\tat org.shop.Line.<init>(Line.java:3)
\t... 1 more`,
    expected: [
      {
        title: "java.lang.IllegalStateException: no",
        note: "caused by",
        frames: ["+ org.shop.Cart.add Cart.java:12", "- java.base/java.lang.Thread.run Thread.java:840"],
      },
      {
        title: "java.lang.NullPointerException: price",
        note: "",
        frames: ["+ org.shop.Line.<init> Line.java:3"],
      },
    ],
  },
  {
    name: "Go: the goroutine that fell",
    text: `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.(*Router).route(0xc000010000, {0x1, 0x2})
\t/srv/edge/route.go:41 +0x1d
net/http.(*conn).serve(0xc0000a0000)
\t/usr/local/go/src/net/http/server.go:1995 +0x5f

goroutine 7 [select]:
main.wait()
\t/srv/edge/wait.go:4 +0x1`,
    expected: [
      {
        title: "panic: runtime error: index out of range [5] with length 3",
        note: "",
        frames: [
          "+ main.(*Router).route /srv/edge/route.go:41",
          "- net/http.(*conn).serve /usr/local/go/src/net/http/server.go:1995",
        ],
      },
    ],
  },
  { name: "plain words have no frames", text: "it broke at noon (again)", expected: null },
  { name: "nothing has no frames", text: "", expected: null },
];

describe("parseStack reads", () => {
  for (const { name, text, expected } of traces)
    it(name, () => expect(brief(parseStack(text))).toEqual(expected));

  it("a megabyte of nonsense within a second", () => {
    const started = Date.now();
    for (const part of ["at (", "at a(", "@", 'File "', "a.b.(*c).", "    at x (y:"])
      parseStack(`${part.repeat(2000)}\n`.repeat(8));
    expect(Date.now() - started).toBeLessThan(1000);
  });
});

describe("isOwn", () => {
  for (const [file, own] of [
    ["/srv/app/main.py", true],
    ["/venv/lib/python3.11/site-packages/httpx/_client.py", false],
    ["/usr/lib/python3/dist-packages/yaml/__init__.py", false],
    ["<frozen importlib._bootstrap>", false],
    ["https://x.example/node_modules/react/index.js", false],
    ["node:internal/timers", false],
    ["webpack/bootstrap", false],
    ["/home/me/go/src/github.com/me/tool/main.go", true],
    ["/root/go/pkg/mod/github.com/x/y@v1/z.go", false],
    ["", false],
  ])
    it(`${file || "no file"} is ${own ? "ours" : "a library's"}`, () => expect(isOwn(file)).toBe(own));
});

describe("exceptionsOf", () => {
  const error = { exception_type: "E", message: "m", traceback: "f@https://x/a.js:1:1" };
  it("prefers the frames a client sent, and shows its causes below", () => {
    const frames = [{ function: "f", file: "a.py", line: 3, in_app: true }];
    const found = exceptionsOf({ frames, causes: [{ exception_type: "C", message: "n", frames }] }, error);
    expect(found.map(({ title }) => title)).toEqual(["E: m", "C: n"]);
  });
  it("reads the text of the report, or of the error when no report is kept", () => {
    expect(exceptionsOf({ traceback: "g@https://x/b.js:2:2" }, error)[0].frames[0].function).toBe("g");
    expect(exceptionsOf(undefined, error)[0].frames[0].function).toBe("f");
  });
});

describe("contextOf", () => {
  it("numbers a list around its middle", () =>
    expect(contextOf({ line: 10, context: ["a", "b", "c"] })).toEqual([
      [9, "a"],
      [10, "b"],
      [11, "c"],
    ]));
  it("takes the start a client names", () =>
    expect(contextOf({ line: 2, context: { start: 1, lines: ["a", { toString: 1 }] } })).toEqual([
      [1, "a"],
      [2, '{"toString":1}'],
    ]));
  it("shows the one line of a traceback", () =>
    expect(contextOf({ line: 4, source: "x()" })).toEqual([[4, "x()"]]));
});
