"""One step back; and on a Chroma server, where there is none, what one is told instead."""

from __future__ import annotations

import pytest
from filelock import FileLock

from ingest.exclude import exclude
from ingest.rollback import roll_back
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.probe import in_process
from tests.ingest.bench import BICYCLES, TOMATOES, on_server


def versions(bench, count):
    """Publish generations that differ by one comment."""
    for number in range(1, count + 1):
        bench.write("tomatoes.txt", *TOMATOES[:2], ("小李", f"第{number}版"))
        bench.ingest()


def test_the_generation_before_answers_again(bench):
    """With what it held then; there is no second step."""
    versions(bench, 3)
    assert roll_back(bench.data).generation == 2
    assert "第2版" in bench.texts().values()
    with pytest.raises(RetrievalError, match="There is nothing to go back to"):
        roll_back(bench.data)
    assert bench.manifest.generation == 2


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_go_back_to(bench, count):
    """Neither without an index nor with the first one."""
    versions(bench, count)
    with pytest.raises(RetrievalError, match="There is nothing to go back to"):
        roll_back(bench.data)


def test_the_next_ingest_goes_on_from_there(bench):
    """It brings the index in step with the files, encodes nothing twice, and reuses no number."""
    versions(bench, 2)
    roll_back(bench.data)
    summary = bench.ingest()
    assert (summary.generation, summary.changed, summary.embedded) == (3, 1, 0)
    assert "第2版" in bench.texts().values()
    assert (bench.manifest.previous, generations.existing(bench.data)) == (1, [1, 3])


def test_files_put_back_after_a_rollback_need_nothing(bench):
    """Where the files are as they were then, nothing is published."""
    versions(bench, 2)
    roll_back(bench.data)
    bench.write("tomatoes.txt", *TOMATOES[:2], ("小李", "第1版"))
    assert not bench.ingest().published
    assert bench.manifest.generation == 1


def test_what_was_excluded_since_stays_out(bench):
    """The generation before had it; one without it is published in its place."""
    versions(bench, 2)
    exclude(bench.data, [], ["阿明"], in_process)
    assert bench.manifest.previous == 1
    made = roll_back(bench.data, in_process)
    assert (made.generation, made.previous) == (4, None)
    assert sorted(bench.texts().values()) == sorted([TOMATOES[0][1], "第1版"])
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest()
    assert "每天早上浇水。" not in bench.texts().values()
    assert "第2版" in bench.texts().values()


def test_not_during_an_ingest(bench):
    """The lock is asked for."""
    versions(bench, 2)
    with FileLock(bench.data / "ingest.lock"), pytest.raises(RetrievalError, match="Another ingest"):
        roll_back(bench.data)


@on_server
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_server_refuses(bench, count):
    """It says why in both languages, nothing changes, and what it advises works without encoding anything."""
    versions(bench, count)
    before = bench.texts() if count else {}
    with pytest.raises(RetrievalError, match="keeps one generation only") as caught:
        roll_back(bench.home)
    assert "无法退回" in caught.value.sentence("zh")
    assert caught.value.exit_code == 1
    assert (bench.texts() if count else {}) == before
    if count > 1:
        bench.write("tomatoes.txt", *TOMATOES[:2], ("小李", "第1版"))
        assert bench.ingest().embedded == 0
        assert "第1版" in bench.texts().values()
