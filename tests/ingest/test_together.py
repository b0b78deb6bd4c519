"""A chat and a bot answering in a loop, ingest after ingest: every answer is right for its generation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval import generations
from tests.ingest.bench import Bench

ROOT = Path(__file__).parents[2]
ROUNDS = 8
#: Asks the same questions again and again until a file appears; one line of JSON an answer.
LOOP = """
import json, sys
from pathlib import Path
from retrieval import generations
from retrieval.archive import Archive
from retrieval.types import Question
from tests.fakes import FakeEmbedder

data, stop, log = Path(sys.argv[1]), Path(sys.argv[2]), open(sys.argv[3], "w")
archive, n = Archive(data, FakeEmbedder()), 0
while not stop.exists():
    n += 1
    asked = f"第{n % 9}版浇水。" if n % 2 else "番茄要多晒太阳。"
    before = generations.current(data)
    answer = archive.answer(Question(asked, "zh", 20))
    found = [excerpt.comment.text.zh for excerpt in answer.excerpts]
    print(json.dumps([before, answer.generation, asked, found]), file=log, flush=True)
    if n == 1:
        print("ready", flush=True)
archive.close()
"""


def start(bench, stop, log):
    return subprocess.Popen(
        [sys.executable, "-c", LOOP, bench.data, stop, log],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def right(asked, found, held):
    """Tell whether an answer is one that a generation with these texts may give."""
    return set(found) <= held and (asked not in held or asked in found)


@pytest.mark.slow
def test_three_processes_at_once(tmp_path):
    """New comments are there from the question after publishing on, removed ones never again."""
    bench, stop = Bench(tmp_path), tmp_path / "stop"
    held = {}

    def publish(round_number):
        texts = ["番茄要多晒太阳。", f"第{round_number}版浇水。", f"第{round_number + 1}版浇水。"]
        bench.write("tomatoes.txt", *[("路人", text) for text in texts])
        number = (generations.current(bench.data) or 0) + 1
        held[number] = set(texts)
        assert bench.ingest().generation == number

    publish(0)
    logs = tmp_path / "chat", tmp_path / "bot"
    with start(bench, stop, logs[0]) as chat, start(bench, stop, logs[1]) as bot:
        for process in (chat, bot):
            assert process.stdout.readline() == "ready\n"
        for round_number in range(1, ROUNDS):
            publish(round_number)
        stop.touch()
    assert (chat.returncode, bot.returncode) == (0, 0)
    answers = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    for before, generation, asked, found in answers:
        assert generation >= before
        assert right(asked, found, held[generation])
    assert len({generation for _, generation, _, _ in answers}) > 2
    bench.ingest()
    assert generations.existing(bench.data) == [ROUNDS - 1, ROUNDS]


@pytest.mark.slow
def test_the_second_ingest_says_who_is_first(tmp_path):
    """A real process holds the lock; the sentence names it."""
    bench = Bench(tmp_path)
    bench.write("tomatoes.txt", ("路人", "番茄。"))
    code = (
        "import sys; from pathlib import Path; from ingest.lock import writing;"
        "context = writing(Path(sys.argv[1])); context.__enter__();"
        "print('held', flush=True); sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, bench.data],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(Exception, match=rf"Another ingest \(process {first.pid}, since"):
            bench.ingest()
        first.communicate("\n", timeout=60)
    assert bench.ingest().published
