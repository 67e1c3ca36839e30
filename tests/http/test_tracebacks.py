# SPDX-License-Identifier: MIT
"""Frames and causes of reports that came with a traceback alone."""

from pathlib import Path

import pytest

from stack import report

TRACES = Path(__file__).parent.parent / "data/fuzz/fuzz_traceback"


@pytest.fixture
def shown(errors, project):
    """Reports something; answers with its occurrence as it is shown."""

    def show(**members):
        answer = errors.post("/api/errors", report(project, **members))
        assert answer.status == 201, answer
        path = f"/api/errors/{answer.json['id']}"
        one = errors.get(path).json
        (kept,) = errors.get(f"{path}/occurrences").json["occurrences"]
        assert one["occurrences"] == [kept]
        assert one["first_occurrence"] == kept
        return kept

    return show


def brief(frames):
    return [(one["function"], one["file"], one.get("line"), one["in_app"]) for one in frames]


def test_a_traceback_is_shown_as_frames_and_causes(shown):
    text = (TRACES / "python-chain").read_text()
    kept = shown(traceback=text)
    assert kept["traceback"] == text
    assert brief(kept["frames"]) == [
        ("outer", "/srv/app/g.py", 13, True),
        ("<module>", "/srv/app/g.py", 14, True),
    ]
    assert kept["frames"][0]["context"] == {"start": 13, "lines": ['{}["other"]']}
    first, second = kept["causes"]
    assert (first["exception_type"], first["message"]) == ("KeyError", "'row'")
    assert (first["relation"], second["relation"]) == ("context", "cause")
    assert brief(second["frames"])[0] == ("inner", "/srv/app/g.py", 3, True)


@pytest.mark.parametrize("name", sorted(path.name for path in TRACES.iterdir()))
def test_each_language_has_frames(shown, name):
    kept = shown(traceback=(TRACES / name).read_text())
    assert kept["frames"]
    for exception in [kept, *kept.get("causes", [])]:
        for frame in exception["frames"]:
            assert frame.keys() >= {"function", "file", "in_app"}
            assert frame.get("line", 1) > 0 and frame.get("column", 1) > 0


def test_what_the_client_says_of_frames_and_causes_stays(shown):
    text = (TRACES / "python-chain").read_text()
    frames = [{"function": "f", "file": "x.py", "line": 1, "in_app": True, "x": 1.5}]
    causes = [{"exception_type": "E", "message": "m", "frames": frames}]
    kept = shown(traceback=text, frames=frames, causes=causes)
    assert kept["frames"] == frames and kept["causes"] == causes
    kept = shown(traceback=text, frames=[], causes=[], fingerprint=["empty"])
    assert [one["relation"] for one in kept["causes"]] == ["context", "cause"]
    kept = shown(traceback=text, frames=frames, fingerprint=["alone"])
    assert kept["frames"] == frames and "causes" not in kept


def test_a_cause_with_a_traceback_alone_gets_its_frames(shown):
    js = "TypeError: x\n    at pay (https://shop.example/app.js:7:9)"
    causes = [
        {"exception_type": "TypeError", "message": "x", "traceback": js, "extra": [1]},
        {"exception_type": "Bare"},
        {"exception_type": "Empty", "traceback": "nothing to see", "frames": []},
    ]
    kept = shown(traceback="no frames here", causes=causes)
    assert "frames" not in kept
    assert kept["causes"][1:] == causes[1:]
    assert kept["causes"][0].items() >= causes[0].items()
    assert brief(kept["causes"][0]["frames"]) == [("pay", "https://shop.example/app.js", 7, True)]


def test_words_and_nothing_have_no_frames(shown):
    for text in ("", "it broke (again)"):
        kept = shown(traceback=text, fingerprint=[f"words {text}"])
        assert kept["traceback"] == text and "frames" not in kept and "causes" not in kept
