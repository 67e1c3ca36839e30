#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tables [--check] BIN: writes into the documents what the programs say of themselves.

The tables of variables in configuration.md and monlight.env.5 are what the programs of
BIN answer to -h.  With --check nothing is written; exits 1 if anything would be.
"""

import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

DOCS = Path(__file__).resolve().parent
SERVICES = {
    "errors": "Error tracker",
    "logs": "Log viewer",
    "metrics": "Metrics collector",
    "relay": "Browser relay",
}
HELPERS = {"indexer": "Indexer", "deliver": "Deliverer"}


@dataclass
class Row:
    name: str
    default: str
    accepted: str
    help: str
    readers: list[str] = field(default_factory=list)


def ask(folder, program):
    said = subprocess.run(
        [folder / f"monlight-{program}", "-h"], capture_output=True, text=True, check=True
    )
    return [Row(*line.split("\t"), [program]) for line in said.stdout.splitlines()]


def shared_rows(rows):
    """Those that all services have, their defaults beside each other where they differ."""
    names = {row.name for row in rows["errors"]}
    for service in SERVICES:
        names &= {row.name for row in rows[service]}
    shared = []
    for row in rows["errors"]:
        if row.name not in names:
            continue
        same = {
            service: next(r for r in rows[service] if r.name == row.name) for service in SERVICES
        }
        if len({(r.help, r.accepted) for r in same.values()}) > 1:
            continue
        defaults = [r.default for r in same.values()]
        if len(set(defaults)) > 1:
            row.default = ", ".join(f"{r.default} ({s})" for s, r in same.items())
        row.readers = ["errors", "logs", "tail", "metrics", "relay"]
        shared.append(row)
    return shared


def sections(folder):
    """Title -> rows: of all services, of each, of the helpers alone."""
    rows = {program: ask(folder, program) for program in [*SERVICES, *HELPERS]}
    found = {"All services": shared_rows(rows)}
    done = {(row.name, row.help) for row in found["All services"]}
    for service, title in SERVICES.items():
        found[title] = [row for row in rows[service] if (row.name, row.help) not in done]
    for row in found["Log viewer"]:
        row.readers = ["logs", "tail"]
    for program, title in HELPERS.items():
        found[title] = []
        for row in rows[program]:
            everywhere = [r for there in found.values() for r in there if r.name == row.name]
            same = [r for r in everywhere if r.help == row.help] or everywhere
            if len(same) == 1 and same[0].accepted == row.accepted:
                same[0].readers.append(program)
            else:
                found[title].append(row)
    return found


# ---- Markdown ----------------------------------------------------------------------


def cell(text):
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def markdown(found):
    lines = ["\n"]
    for title, rows in found.items():
        lines += [f"### {title}", "", "| variable | default | accepted | what it is | read by |"]
        lines += ["|---|---|---|---|---|"]
        for row in rows:
            default = "**required**" if row.default == "required" else cell(row.default)
            lines.append(
                f"| `{row.name}` | {default} | {cell(row.accepted)} | {cell(row.help)} "
                f"| {', '.join(row.readers)} |"
            )
        lines.append("")
    return "\n".join([*lines, ""])


# ---- mdoc --------------------------------------------------------------------------


def roff(text):
    """Lines of text for mdoc, none of which looks like a macro."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    lines = textwrap.wrap(text, 76, break_on_hyphens=False, break_long_words=False)
    return ["\\&" + line if line.startswith((".", "'")) else line for line in lines]


def mdoc(found):
    lines = []
    for title, rows in found.items():
        lines += [f".Ss {title}", ".Bl -tag -width Ds"]
        for row in rows:
            default = "required" if row.default == "required" else f"default {row.default}"
            if row.default == "":
                default = "not set by default"
            lines += [f".It Ev {row.name}", *roff(f"{row.help[0].upper()}{row.help[1:]}.")]
            lines += roff(f"Accepted: {row.accepted}; {default}.")
        lines.append(".El")
    return "\n".join(lines) + "\n"


# ---- files -------------------------------------------------------------------------


def between(text, begin, end, new):
    head, rest = text.split(begin, 1)
    _, tail = rest.split(end, 1)
    return head + begin + new + end + tail


def main():
    arguments = [word for word in sys.argv[1:] if word != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    found = sections(Path(arguments[0]))
    documents = [
        ("configuration.md", "<!-- tables -->", "<!-- end of tables -->", markdown(found)),
        ("man/monlight.env.5", '.\\" tables\n', '.\\" end of tables', mdoc(found)),
    ]
    stale = []
    for name, begin, end, new in documents:
        path = DOCS / name
        old = path.read_text(encoding="utf-8")
        text = between(old, begin, end, new)
        if text != old:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}; make docs writes what the programs say")


if __name__ == "__main__":
    main()
