"""Compacting: space comes back, and what was removed or excluded is nowhere any more."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from ingest.cache import EmbeddingCache
from ingest.compact import compact
from ingest.exclude import exclude
from ingest.write import Change
from retrieval import generations, vectors
from retrieval.archive import Archive
from retrieval.errors import NoIndexError
from retrieval.probe import in_process
from retrieval.types import Question
from retrieval.vectors import GRAPH
from tests.ingest.bench import BICYCLES, TOMATOES, anywhere

OWN = "每周三傍晚在阳台上用牙刷替番茄授粉，邻居姓欧阳。"


def traces(bench):
    """Return the files that hold the secret, or any run of six of its characters, in some form."""
    parts = [OWN[n : n + 6] for n in range(len(OWN) - 5)]
    forms = [part.encode(code) for part in parts for code in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")]
    forms += [json.dumps(part)[1:-1].encode() for part in parts]
    key = EmbeddingCache.key(OWN)
    return {
        name for name, data in bench.bytes().items() if any(form in data for form in forms) or key in data
    }


def filled(bench):
    """Ingest a secret among other comments."""
    bench.write("tomatoes.txt", *TOMATOES, ("欧阳", OWN), *[("路人", f"第{n}条。") for n in range(30)])
    bench.ingest()
    kept = "documents.sqlite" if bench.on_server else "comments.sqlite"
    assert {name.split("/")[-1] for name in traces(bench)} >= {kept, "embeddings.sqlite"}


@anywhere
@pytest.mark.parametrize("how", ["removed", "excluded"])
def test_what_is_gone_leaves_no_trace(bench, how):
    """After compacting no byte of it is in the data folder: no text in any form, no quote, no key."""
    filled(bench)
    if how == "removed":
        bench.write("tomatoes.txt", *TOMATOES, *[("路人", f"第{n}条。") for n in range(30)])
        bench.ingest()
    else:
        exclude(bench.home, [bench.id_of(OWN)], [], in_process)
    assert traces(bench)
    before = bench.texts()
    done = compact(bench.home, probe=in_process)
    assert traces(bench) == set()
    assert bench.texts() == before
    assert generations.existing(bench.home.folder) == [done.generation] == [3]
    assert (bench.manifest.dead, bench.manifest.previous, done.still_read) == (0, None, ())
    # Of a server's index only the copy is counted, which may come out as large as it was.
    assert done.after < done.before or (bench.on_server and done.after == done.before)
    assert not bench.ingest().published


@anywhere
def test_an_exclusion_not_carried_out_yet_is(bench):
    """What stands in the list leaves with the compaction."""
    filled(bench)
    (bench.home.folder / "exclusions.json").write_text('{"version": 1, "ids": [], "authors": ["欧阳"]}')
    compact(bench.home, probe=in_process)
    assert traces(bench) == set()
    assert not bench.ingest().published


@anywhere
def test_vectors_missing_from_the_cache_come_from_the_index(bench):
    """Without its cache, or with a part of it, an index is compacted without a model."""
    filled(bench)
    (bench.data / "embeddings.sqlite").unlink()
    for path in bench.data.glob("embeddings.sqlite-*"):
        path.unlink()
    compact(bench.home, probe=in_process)
    assert len(bench.texts()) == 34
    assert bench.ask("番茄要多晒太阳。").excerpts[0].comment.text.zh == "番茄要多晒太阳。"
    with closing(sqlite3.connect(bench.data / "embeddings.sqlite")) as cache:
        assert cache.execute("SELECT count(*) FROM vectors").fetchone() == (34,)


@anywhere
def test_nothing_that_stays_is_encoded_again(bench):
    """Neither comments nor what their thread asks: of a comment that is added afterwards, its own text."""
    filled(bench)
    compact(bench.home, probe=in_process)
    some = [("路人", f"第{n}条。") for n in range(30)]
    bench.write("tomatoes.txt", *TOMATOES, ("欧阳", OWN), *some, ("小李", "新的一条。"))
    bench.ingest()
    assert bench.embedder.texts == ["新的一条。"]
    assert len(bench.texts()) == 35


@anywhere
def test_a_generation_somebody_reads_stays_until_later(bench):
    """It is named, and removed by the next run that finds it unread."""
    filled(bench)
    with closing(Archive(bench.home, bench.embedder)) as archive:
        archive.warm()
        assert compact(bench.home, probe=in_process).still_read == (1,)
        assert archive.answer(Question("番茄", "zh")).generation == 2
    bench.ingest()
    assert generations.existing(bench.home.folder) == [2]


@anywhere
def test_nothing_to_compact(bench):
    """Without an index it is one sentence."""
    with pytest.raises(NoIndexError, match="There is no index in"):
        compact(bench.home)


@anywhere
def test_an_ingest_compacts_when_a_fifth_is_dead(bench):
    """The run after the one that removed so much writes everything anew, and forgets the rest."""
    filled(bench)
    bench.write("tomatoes.txt", *TOMATOES)
    summary = bench.ingest()
    # A server has a thread written whole, and keeps nothing to go back to.
    left = (34, None) if bench.on_server else (31, 1)
    assert (summary.compacted, bench.manifest.dead, bench.manifest.previous) == (False, *left)
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    summary = bench.ingest()
    assert (summary.compacted, summary.embedded, bench.manifest.dead) == (True, 2, 0)
    assert (bench.manifest.previous, generations.existing(bench.home.folder)) == (None, [3])
    assert traces(bench) == set()
    assert len(bench.texts()) == 5


@anywhere
def test_a_little_dead_weight_is_carried_on(bench):
    """Up to a fifth, an ingest changes what is there."""
    files = [bench.write(f"{n}.txt", ("路人", f"第{n}条。"), title=f"讨论{n}") for n in range(10)]
    bench.ingest()
    for gone in files[:2]:
        gone.unlink()
        assert not bench.ingest().compacted
    assert (bench.manifest.dead, bench.manifest.passages) == (2, 8)
    assert bench.manifest.previous == (None if bench.on_server else 2)


@anywhere
def test_an_index_that_grew_gets_a_graph_of_its_size(bench, monkeypatch):
    """A small one is built in less time; the run that makes it large writes it anew, without encoding."""
    monkeypatch.setattr(vectors, "_SMALL", 3)
    made = []
    monkeypatch.setattr(vectors, "_SMALL_GRAPH", GRAPH | {"ef_construction": 41})
    graph = Change.graph.fget
    monkeypatch.setattr(Change, "graph", property(lambda self: made.append(graph(self)) or made[-1]))

    def grown(to):
        for number in range(to):
            bench.write(f"{number}.txt", ("路人", f"第{number}条。"), title=f"讨论{number}")
        made.clear()
        summary = bench.ingest()
        assert (bench.manifest.passages, bench.manifest.dead, len(bench.texts())) == (to, 0, to)
        return [one["ef_construction"] for one in made], summary.embedded

    assert grown(2) == ([41], 2)
    assert grown(3)[1] == 1
    assert grown(4) == ([100], 1)
    assert bench.manifest.previous == (None if bench.on_server else 2)
    assert grown(5)[1] == 1
