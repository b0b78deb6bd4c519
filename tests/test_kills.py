"""Thirty kills of the three hundred that `python -m tests.kills` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
def test_thirty_kills_lose_nothing():
    """What is published always answers, the next run finishes, and only the batch in flight is lost."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills", "--random", "20", "--aimed", "10", "--seed", "30"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failures: 0" in done.stdout
