"""The command as a process: signals, pipes, closed streams, encodings."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = str(ROOT / "ingest" / "samples" / "winter-cycling.txt")
COMMAND = [sys.executable, "-m", "bot"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")


def environment(**more):
    return os.environ | {"PYTHONPATH": str(ROOT)} | more


def start(*argv, **options):
    return subprocess.Popen(
        [*COMMAND, *argv],
        **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
        env=environment(),
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_with_its_code_and_without_a_word(number, code):
    """The command is waiting for a question when the signal comes."""
    with start("ask", "--jsonl") as process:
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert b"error" in process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, b"")


def test_a_reader_that_has_seen_enough_is_no_error():
    """As with `| head -1`: silent, whatever was still to be written."""
    with start("parse", *[SAMPLE] * 50, "--jsonl") as process:
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_closed_streams_are_as_good_as_empty_ones():
    """Started by something that closed them: no traceback."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m bot parse {SAMPLE} <&- >&-"],
        env=environment(),
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_one_sentence():
    """What could not be written is said, once."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("wb") as full, start("parse", SAMPLE, stdout=full) as process:
        err = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_output_to_a_pipe_is_utf8_in_any_locale():
    """JSON and Chinese come out the same under LANG=C."""
    done = subprocess.run(
        [*COMMAND, "parse", SAMPLE, "--jsonl"],
        env=environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"),
        capture_output=True,
        check=True,
    )
    assert "冬天坚持骑车上班".encode() in done.stdout


def test_help_costs_little():
    """Under 0.3 s of CPU, so that nobody waits to be told what to type."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*COMMAND, "--help"], env=environment(), capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3
