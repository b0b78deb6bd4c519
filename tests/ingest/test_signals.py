"""SIGTERM and Ctrl-C during an ingest: the batch is finished and kept, and the exit code is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ingest.signals import Deferred
from tests.ingest.bench import Bench

ROOT = Path(__file__).parents[2]
#: The command line with an embedder that says when it begins its second batch, and takes its time then.
SCRIPT = """
import sys
from bot import __main__ as command, parts
from ingest import embedding
from tests.fakes import FakeEmbedder

class Slow(FakeEmbedder):
    def passages(self, texts, coming=()):
        vectors = super().passages(texts)
        if len(self.batches) == 2:
            print("second", flush=True)
            sys.stdin.readline()
        return vectors

embedding._BATCH = 2
parts._embedder = lambda *_: Slow()
sys.argv = ["threadbot", "ingest", sys.argv[1], "--data", sys.argv[2]]
command.run()
"""


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_batch_is_finished_and_kept(tmp_path, number, code):
    """The signal comes in the middle of the second of three batches; the next run encodes the third.

    The first of the six texts is the thread's title.
    """
    bench = Bench(tmp_path)
    bench.write("many.txt", *[("路人", f"第{n}条。") for n in range(5)])
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, bench.archive, bench.data],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as process:
        assert process.stdout.readline() == b"second\n"
        process.send_signal(number)
        out, err = process.communicate(b"\n", timeout=60)
    assert (process.returncode, out, err) == (code, b"", b"")
    assert bench.ingest().embedded == 2


def test_nothing_happens_without_a_signal():
    """Handlers are as they were afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    with Deferred():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_second_signal_does_not_wait():
    """Whoever insists is obeyed at once."""
    done = []

    def insist():
        with Deferred():
            for name in ("first", "second"):
                signal.raise_signal(signal.SIGINT)
                done.append(name)

    with pytest.raises(KeyboardInterrupt):
        insist()
    assert done == ["first"]


def test_an_ignored_signal_stays_ignored():
    """As under nohup."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Deferred():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_are_left_alone():
    """Only the main thread hears of signals."""
    errors = []

    def work():
        try:
            with Deferred():
                pass
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []
