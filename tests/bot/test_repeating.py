"""`ingest --every`, `--cron` and `--watch`: a line per run until it is stopped; the clock is the test's."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.apart import ingest_apart
from bot.parts import Parts
from ingest.summary import Summary
from retrieval.errors import RetrievalError
from tests.fakes import SUMMARY, streams, written

NOON = datetime(2025, 9, 2, 12, 0, tzinfo=UTC)
SAME = replace(SUMMARY, published=False, skipped=())


@dataclass
class Running:
    """A command under a clock that moves only by waiting, and is stopped after so many runs."""

    outcomes: list[object]
    #: How long each run takes, and what is to happen at the end.
    takes: timedelta = timedelta(seconds=10)
    ending: type[BaseException] = KeyboardInterrupt
    now: datetime = NOON
    began: list[datetime] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    out: str = ""
    err: str = ""

    def ingest_apart(self, arguments, hear):
        """Run the command again, without its schedule, as another process would."""
        if not self.outcomes:
            raise self.ending
        self.asked.append(arguments)
        hear("skipped broken.md: no matter\n")
        outcome = self.outcomes[0]
        main(["ingest", *arguments], streams(), Parts(ingest=self.ingest, clock=lambda: self.now))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def ingest(self, *_, **__):
        """Give the next outcome; it takes its time."""
        self.began.append(self.now)
        self.now += self.takes
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def wait(self, seconds):
        """Let time pass."""
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)

    def __call__(self, *arguments, changes=()):
        """Run the command and return its exit code."""
        shown = streams()
        parts = Parts(
            ingest=self.ingest,
            ingest_apart=self.ingest_apart,
            clock=lambda: self.now,
            wait=self.wait,
            changes=lambda _: changes,
        )
        code = main(["ingest", *arguments], shown, parts)
        self.out, self.err = written(shown.stdout), written(shown.stderr)
        return code


@pytest.fixture(autouse=True)
def _zone(monkeypatch):
    monkeypatch.setenv("THREADBOT_TIMEZONE", "Asia/Shanghai")


def test_every_so_often_from_now_on():
    """A line per run with what it did and when the next one is due; stopping it is no failure."""
    running = Running([SUMMARY, SAME])
    assert running("a", "--every", "6h") == 0
    assert running.began == [NOON, NOON + timedelta(hours=6)]
    assert (running.out, running.err) == (
        "",
        "2025-09-02 20:00:10+08:00 +34 ~1 −3, generation 1, 2.5 s, "
        "1 skipped (broken.md: line 3: unclosed front matter); next at 2025-09-03 02:00:00+08:00\n"
        "2025-09-03 02:00:10+08:00 nothing changed, 2.5 s; next at 2025-09-03 08:00:00+08:00\n"
        "2025-09-03 08:00:00+08:00 stopped\n",
    )
    assert max(running.waits) <= 30


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_by_cron_in_the_time_zone_of_the_settings(ending):
    """The first run of a source that was never ingested is due at once."""
    running = Running([SUMMARY, SAME], ending=ending)
    assert running("a", "--cron", "0 3 * * *") == 0
    assert running.began == [NOON, datetime(2025, 9, 2, 19, 0, tzinfo=UTC)]


def test_a_run_missed_while_nothing_ran_is_made_up_once():
    """And one that was not missed is waited for, which is said."""
    assert Running([SUMMARY])("a", "--cron", "0 3 * * *") == 0
    early = Running([SUMMARY], now=NOON + timedelta(hours=2))
    early("a", "--cron", "0 3 * * *")
    assert early.began == [datetime(2025, 9, 2, 19, 0, tzinfo=UTC)]
    assert early.err.startswith("2025-09-02 22:00:00+08:00 waiting; next at 2025-09-03 03:00:00+08:00\n")
    late = Running([SUMMARY, SAME], now=NOON + timedelta(days=3))
    late("a", "--cron", "0 3 * * *")
    assert late.began == [NOON + timedelta(days=3), datetime(2025, 9, 5, 19, 0, tzinfo=UTC)]


def test_an_ingest_by_hand_counts_as_a_run():
    """As does one that another program made of the same command; a dry run does not."""
    assert Running([SUMMARY])("a", "--dry-run") == 0
    assert Running([SUMMARY])("a") == 0
    running = Running([SUMMARY], now=NOON + timedelta(minutes=1))
    running("a", "--cron", "0 * * * *")
    assert running.began == [NOON + timedelta(hours=1)]


def test_runs_that_take_longer_than_the_interval_follow_each_other():
    """They never overlap, and what fell due meanwhile is one run."""
    running = Running([SUMMARY] * 3, takes=timedelta(minutes=50))
    running("a", "--every", "20m")
    assert running.began == [NOON + timedelta(minutes=50 * n) for n in range(3)]


def test_a_failing_run_is_a_line_and_no_end():
    """Whatever fails; the next run comes as if nothing had been."""
    failures = [
        RetrievalError("Another ingest\nis at work.", "另一个导入正在进行。"),
        OSError("odd"),
    ]
    running = Running([*failures, SUMMARY])
    assert running("a", "--every", "1h", "--json") == 0
    assert [
        line.partition(" ")[2].partition(" ")[2].partition(";")[0] for line in running.err.splitlines()
    ] == [
        "failed: Another ingest is at work.",
        "failed: OSError: odd",
        "+34 ~1 −3, generation 1, 2.5 s, 1 skipped (broken.md: line 3: unclosed front matter)",
        "stopped",
    ]
    first, second, third = map(json.loads, running.out.splitlines())
    assert (first, second["error"][:12], third["new"]) == (
        {"error": "Another ingest\nis at work."},
        "OSError: odd",
        34,
    )


def test_lines_in_chinese(monkeypatch):
    """As the settings say."""
    monkeypatch.setenv("THREADBOT_LANGUAGE", "zh")
    running = Running([RetrievalError("no", "不行。"), SAME])
    running("a", "--every", "1h")
    assert "失败：不行。; 下次于 2025-09-02 21:00:00+08:00" in running.err
    assert "没有变化，2.5 秒" in running.err


def test_watching_runs_once_now_and_once_after_what_was_written():
    """When nobody has written for two seconds."""
    running = Running([SUMMARY, SAME])

    def changes():
        for changed in ((), (), ("a.txt",), ("a.txt",), (), (), (), (), (), ()):
            running.now += timedelta(seconds=0.75)
            yield changed
        raise KeyboardInterrupt

    assert running("a", "--watch", changes=changes()) == 0
    assert len(running.began) == 2
    assert re.sub(r"^\S+ \S+ ", "", running.err, flags=re.MULTILINE) == (
        "watching\n+34 ~1 −3, generation 1, 2.5 s, 1 skipped (broken.md: line 3: unclosed front matter)\n"
        "nothing changed, 2.5 s\nstopped\n"
    )


def test_every_run_is_asked_for_the_same():
    """All that a single one could be asked for; progress as JSON comes through, complaints do not."""
    running = Running([SUMMARY])
    running("--every", "1h", "--data", "d", "--prune", "--progress", "json", "--vectors", "v", "a", "-b")
    assert running.asked == []
    running(
        "--every", "1h", "--data", "d", "--prune", "--progress", "json", "--vectors", "v", "--", "a", "-b"
    )
    assert running.asked == [
        ["--data", "d", "--progress", "json", "--prune", "--vectors", "v", "--", "a", "-b"]
    ]
    assert "no matter" not in running.err


def test_a_run_in_a_process_of_its_own(tmp_path):
    """It gives its summary, or the sentence it failed with; what it complains about is heard."""
    folder = tmp_path / "threads"
    folder.mkdir()
    heard = []
    with pytest.raises(RetrievalError, match="There is no thread file"):
        ingest_apart(["--progress", "json", "--", str(folder)], heard.append)
    assert json.loads(heard[0])["stage"] == "read"
    with pytest.raises(RetrievalError, match="exit code 0"):
        ingest_apart(["--help"], heard.append)


def test_a_run_that_is_interrupted_is_ended(tmp_path, monkeypatch):
    """It would go on writing after the service is gone."""
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho $$ >&2\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    numbers = []

    def stop(line):
        numbers.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest_apart([], stop)
    with pytest.raises(ProcessLookupError):
        os.kill(numbers[0], 0)


def test_a_run_that_is_killed_is_a_failure(tmp_path, monkeypatch):
    """As one that ran out of memory; it has no sentence of its own."""
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho half a line >&2\nkill -9 $$\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(RetrievalError, match="ended with exit code -9"):
        ingest_apart([], lambda _: None)


def test_a_summary_survives_its_way_between_processes():
    """Word for word."""
    whole = replace(SUMMARY, rebuilt=("odd",), plan=("new x: y",))
    assert Summary.from_json(json.loads(json.dumps(whole.to_json()))) == whole


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--every", "1h", "--cron", "* * * * *"], 2, "not allowed with"),
        (["--every", "soon"], 2, "30s, 10m, 6h or 1d"),
        (["--every", "1h", "--dry-run"], 2, "--dry-run goes with no schedule"),
        (["--cron", "soon"], 2, "no cron expression"),
        (["--watch", "https://example.org/a.md"], 2, "An address cannot be watched"),
        (["--every", "1h", "https://me:x@example.org"], 2, "~/.netrc"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_first_run(arguments, code, reason):
    """With one sentence."""
    running = Running([SUMMARY])
    assert running(*arguments, "a") == code
    assert reason in running.err
    assert running.began == []


def test_a_password_in_an_address_at_the_wrong_place_is_not_shown():
    """Where the command line is not understood, what is repeated of it holds none."""
    running = Running([])
    assert running("a", "--every", "1h", "https://me:geheim@example.org/x") == 2
    assert "geheim" not in running.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THREADBOT_TIMEZONE", "Mars/Olympus"),
        ("THREADBOT_REINGEST_CRON", "soon"),
    ],
)
def test_wrong_settings_are_refused_as_such(monkeypatch, name, value):
    """With exit code 5, which a service manager does not try again."""
    monkeypatch.setenv(name, value)
    running = Running([SUMMARY])
    assert running("a", "--every", "1h") == 5
    assert name in running.err


def test_two_schedules_for_the_bot_are_one_too_many(monkeypatch):
    """It is said which settings contradict each other."""
    monkeypatch.setenv("THREADBOT_REINGEST_EVERY", "6h")
    monkeypatch.setenv("THREADBOT_REINGEST_CRON", "0 3 * * *")
    running = Running([SUMMARY])
    assert running("a") == 5
    assert "THREADBOT_REINGEST_EVERY" in running.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "number"),
    [
        (["--every", "1h"], signal.SIGTERM),
        (["--cron", "0 0 1 1 *"], signal.SIGINT),
        (["--watch"], signal.SIGTERM),
    ],
    ids=["every", "cron", "watch"],
)
def test_a_signal_ends_a_service_with_0(tmp_path, mode, number):
    """Whether it waits for the next time or for somebody to write."""
    (tmp_path / "threads").mkdir()
    (tmp_path / "threads" / "a.txt").write_text("no thread")
    command = [sys.executable, "-m", "bot", "ingest", str(tmp_path / "threads"), *mode]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    for line in process.stderr:
        if "failed" in line:
            break
    process.send_signal(number)
    assert process.stderr.read().endswith(" stopped\n")
    assert process.wait(20) == 0
