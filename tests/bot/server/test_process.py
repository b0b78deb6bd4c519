"""The command as a process: how it ends, and what a second one says."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
#: The command with an archive that needs no model.
SCRIPT = """
import sys
from bot.__main__ import main
from bot.parts import Parts
from tests.fakes import FakeArchive
sys.exit(main(sys.argv[1:], parts=Parts(open_archive=lambda settings: FakeArchive())))
"""


@contextmanager
def started(*argv):
    """Start `serve`; whatever happens, it does not outlive the test."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "serve", *argv],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_a_second_service_on_the_port_says_so_and_a_signal_ends_the_first_with_0():
    """One sentence and exit code 5; the first one goes on until it is told to stop."""
    with started("--port", "0") as first:
        listening = first.stderr.readline()
        assert listening.startswith("Listening on http://127.0.0.1:")
        port = listening.strip().rpartition(":")[2]
        with started("--port", port) as second:
            _, complaint = second.communicate(timeout=60)
        assert second.returncode == 5
        assert complaint == (
            f"Port {port} on 127.0.0.1 is in use; stop what listens there, or set THREADBOT_HTTP_PORT.\n"
        )
        first.send_signal(signal.SIGTERM)
        _, rest = first.communicate(timeout=60)
    assert (first.returncode, rest) == (0, "")
