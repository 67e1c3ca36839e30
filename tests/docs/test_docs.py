# SPDX-License-Identifier: MIT
"""The documents: their links lead somewhere, and what they say of the programs is true."""

import re
import subprocess
import sys

import pytest

from stack import CONTROL, ROOT, binaries

DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sdks/*/README.md")]
    if "node_modules" not in path.parts
)
PAGES = sorted(ROOT.glob("docs/man/*.[1-8]"))
PROGRAMS = ["errors", "logs", "tail", "metrics", "relay", "indexer", "deliver"]


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(path):
    """The names of a document's headings, as GitHub makes them."""
    found = set()
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for heading in re.findall(r"^#+ +(.*)$", text, re.M):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")
        number = 1
        while (name if number == 1 else f"{name}-{number - 1}") in found:
            number += 1
        found.add(name if number == 1 else f"{name}-{number - 1}")
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert not broken


def test_every_page_of_the_documents_is_reached_from_the_index():
    seen, left = set(), [ROOT / "docs" / "index.md"]
    while left:
        path = left.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        for target in re.findall(r"\]\(([^)#\s:]+)", path.read_text(encoding="utf-8")):
            left.append((path.parent / target).resolve())
    written = {ROOT / "docs" / "soak.md"}  # by make soak, when it was run
    assert set(ROOT.glob("docs/**/*.md")) - written <= seen


def test_the_tables_of_variables_are_those_of_the_programs():
    said = subprocess.run(
        [sys.executable, ROOT / "docs" / "tables.py", "--check", binaries()],
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr


def test_the_variables_of_the_stack_are_those_of_the_control_program():
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    described = dict(re.findall(r"^\| `([A-Z_]+)` \| ?([^|]*?) ?\|", text, re.M))
    control = CONTROL.read_text(encoding="utf-8")
    told = re.search(r"^told='([^']*)'", control, re.M).group(1).split()
    missing = [name for name in told if name not in described and not name.endswith("API_KEY")]
    assert not missing
    for name, default in re.findall(r"^\tnumber ([A-Z_]+) (\d+) \d+$", control, re.M):
        assert described[name] == default, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_manual_page_has_no_fault(page):
    lint = subprocess.run(["mandoc", "-Tlint", page], capture_output=True, text=True)
    said = [
        line
        for line in lint.stdout.splitlines()
        # Which pages this machine has installed is none of their business.
        if "referenced manual not found" not in line
    ]
    assert not said


def test_every_program_has_a_manual_page():
    named = " ".join(
        re.search(r"^\.Sh NAME\n(.*?)^\.Sh", page.read_text(), re.M | re.S).group(1)
        for page in PAGES
    )
    for program in PROGRAMS:
        assert f"monlight-{program}" in named, program
    assert re.search(r"^\.Nm monlight$", (ROOT / "docs/man/monlight.8").read_text(), re.M)
