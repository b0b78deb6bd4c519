"""A generation is tried out: sound ones pass, and every kind of damage is seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.summary import Summary
from retrieval import generations, probe
from retrieval.errors import RetrievalError
from retrieval.types import PassageId
from tests.ingest.bench import TOMATOES, Bench


@pytest.fixture
def bench(tmp_path):
    """Ingest 63 comments, some with the very same words."""
    made = Bench(tmp_path)
    made.write("tomatoes.txt", *TOMATOES, *[("路人", f"第{n % 25}条。") for n in range(60)])
    made.ingest()
    return made


def test_a_child_that_stands_by(bench):
    """It is there for the first generation, another one for the next; one that is not needed ends as well."""
    with probe.standing_by() as ready:
        assert ready(bench.data, 1) == []
        assert ready(bench.data, 7)
    with probe.standing_by():
        pass


def graph(bench, number, name):
    """Return the files of that name of the larger graph."""
    found = generations.folder_of(bench.data, number).glob(f"chroma/*/{name}")
    return max(found, key=lambda path: path.with_name("data_level0.bin").stat().st_size)


def test_a_sound_generation_passes(bench):
    """Here and in a child process; equal vectors are no problem."""
    assert probe.in_process(bench.data, 1) == []
    assert probe.in_child(bench.data, 1) == []


@pytest.mark.parametrize("name", ["data_level0.bin", "index_metadata.pickle", "header.bin"])
def test_damaged_files_are_seen(bench, name):
    """Emptied as by a kill: the child says so or crashes, and this process goes on."""
    graph(bench, 1, name).write_bytes(b"")
    assert probe.in_child(bench.data, 1)


def test_a_crash_is_a_problem(bench):
    """A header that makes the library crash takes only the child with it."""
    path = graph(bench, 1, "header.bin")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(byte ^ 0x55 for byte in data[len(data) // 2 :]))
    assert probe.in_child(bench.data, 1)


@pytest.mark.parametrize(("field", "counted"), [("passages", "63 passages"), ("comments", "63 comments")])
def test_wrong_counts_are_seen(bench, field, counted):
    """The manifest says how much there is."""
    manifest = bench.manifest
    if field == "passages":
        wrong = replace(manifest, passages=70)
    else:
        wrong = replace(manifest, threads=(replace(manifest.threads[0], comments=70),))
    generations.write_manifest(bench.data, wrong)
    assert probe.in_process(bench.data, 1) == [f"it has {counted} instead of 70"]


def test_indexes_that_disagree_are_seen(bench):
    """A lexical index of other comments fits in number and not in substance."""
    bench.write("tomatoes.txt", *[("别人", f"别的{n}。") for n in range(63)])
    bench.ingest()
    first, second = (generations.folder_of(bench.data, number) / "lexical" for number in (1, 2))
    first.rename(first.with_name("away"))
    second.rename(first)
    (problem,) = probe.in_process(bench.data, 1)
    assert "in one index only" in problem


def test_what_is_not_there_is_a_problem(bench):
    """No manifest, no generation."""
    assert probe.in_process(bench.data, 9)


def test_samples_reach_everywhere():
    """All of a few, and of many both the last ones and some from the start."""
    few = [PassageId(str(n), "zh", 0) for n in range(100)]
    assert set(probe.sample(few)) == set(few)
    many = [PassageId(str(n), "zh", 0) for n in range(10_000)]
    chosen = probe.sample(many)
    assert (chosen[0], chosen[-1], len(chosen)) == (many[0], many[-1], 120)
    assert probe.sample([]) == []


class Spoiler:
    """A probe that damages what it is to try out, the first few times."""

    def __init__(self, bench, times):
        self.bench, self.left = bench, times

    def __call__(self, data_dir, generation):
        """See `Probe`."""
        if self.left:
            self.left -= 1
            graph(self.bench, generation, "data_level0.bin").write_bytes(b"")
        return probe.in_child(data_dir, generation)


def test_a_broken_generation_is_written_anew(bench):
    """It is thrown away, written once more from the cache alone, and the summary says so."""
    bench.write("tomatoes.txt", *TOMATOES, *[("路人", f"第{n % 25}条。") for n in range(59)], ("路人", "新"))
    summary = bench.ingest(probe=Spoiler(bench, 1))
    assert (summary.published, summary.embedded, len(summary.rebuilt)) == (True, 1, 1)
    assert bench.manifest.run["rebuilt"] == list(summary.rebuilt)
    assert (len(bench.texts()), bench.manifest.dead) == (63, 0)
    assert probe.in_child(bench.data, summary.generation) == []


def test_two_broken_ones_are_an_error(bench):
    """One sentence; what is published stays, and the next run is as good as any."""
    bench.write("tomatoes.txt", *TOMATOES)
    with pytest.raises(RetrievalError, match=r"broken .* a second time; check the disk"):
        bench.ingest(probe=Spoiler(bench, 2))
    assert (bench.manifest.generation, generations.existing(bench.data)) == (1, [1])
    assert isinstance(bench.ingest(), Summary)
