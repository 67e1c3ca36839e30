# SPDX-License-Identifier: MIT
"""Fixtures that several files share: a home of the control script, an indexer of one's own."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from homes import Home

from logstore import Indexer


@pytest.fixture
def home():
    base = Path(tempfile.mkdtemp(prefix="monlight-test-"))
    made = Home(base / "home")
    yield made
    if made.run is not None and made.run.poll() is None:
        made.run.terminate()
        made.run.wait(timeout=20)
    elif (made.path / "run" / "monlight.pid").exists():
        made.control("stop")
    left = made.processes()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(base)
    assert not left


@pytest.fixture
def indexer(tmp_path):
    return Indexer(tmp_path / "home")
