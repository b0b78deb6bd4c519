"""The store's contract, over the exact one in memory and the real one; and what only the real one has."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from retrieval import wholes
from retrieval.errors import RetrievalError
from retrieval.records import dumps, make_record
from retrieval.types import Bilingual, Comment, Kind, Scope
from retrieval.vectors import ChromaStore, Embedded
from tests.fakes import ExactStore, FakeEmbedder
from tests.ingest.published import PublishedStore

EMBEDDER = FakeEmbedder()
DAYS = {"old": 20240105, "new": 20250820, "undated": 0}
EVERYTHING = Scope()


def embedded(name, thread="new", **fields):
    """Return a comment ready to be written; its text is in both languages unless told otherwise."""
    values = {
        "position": 1,
        "kind": Kind.ANSWER,
        "author": "小李",
        "reply_to": None,
        "parent": None,
        "text": Bilingual(f"第{name}条评论。", f"Comment {name}."),
        "lines": (1, 2),
        "images": 0,
    }
    record = make_record(Comment(id=name, thread_id=thread, **values | fields), ())
    texts = record.passage_texts()
    return Embedded(record, EMBEDDER.passages(texts) if texts else np.empty((0, 0), dtype=np.float32))


COMMENTS = [
    embedded("a1", "old", position=2),
    embedded("a2", "old", author="阿明", position=1),
    embedded("b1", author="李強"),
    embedded("b2", kind=Kind.REPLY, text=Bilingual(zh="耳朵最冷。")),
    embedded("b3", text=Bilingual(en="Ears get cold first. " * 30)),
    embedded("c1", "undated"),
    embedded("c2", "undated", text=Bilingual()),
]


KINDS = ["exact", "chroma", "server"]


def empty(request, folder):
    """Return an empty store of the kind that is asked for."""
    if request.param == "server":
        return PublishedStore(request.getfixturevalue("chroma_run").home(folder))
    return ExactStore() if request.param == "exact" else ChromaStore.create(folder)


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    """Give an empty store."""
    with closing(empty(request, tmp_path)) as opened:
        yield opened


@pytest.fixture
def filled(store):
    """Give a store with COMMENTS in it."""
    store.upsert(COMMENTS, DAYS)
    return store


@pytest.fixture(scope="module", params=KINDS)
def shared(request, tmp_path_factory):
    """Give a store with COMMENTS in it to tests that only read."""
    with closing(empty(request, tmp_path_factory.mktemp("store"))) as opened:
        opened.upsert(COMMENTS, DAYS)
        yield opened


def near(store, scope=EVERYTHING, text="Comment"):
    return {hit.passage.comment_id for hit in store.nearest(EMBEDDER.question(text), 50, scope)}


def test_empty_store(store):
    """An empty store answers with nothing."""
    assert store.nearest(EMBEDDER.question("x"), 5, EVERYTHING) == []
    assert store.records(["x"]) == store.records([]) == {}
    assert store.thread_records("x") == list(store.all_records()) == []
    assert store.counts() == (0, 0)


def test_reads_back_what_was_written(shared):
    """Comments come back as they were, by id, by thread in file order, and all of them."""
    expected = {item.record.comment.id: item.record for item in COMMENTS}
    assert shared.records(["b2", "nobody", "c2", "b2"]) == {name: expected[name] for name in ("b2", "c2")}
    assert [record.comment.id for record in shared.thread_records("old")] == ["a2", "a1"]
    assert {record.comment.id: record for record in shared.all_records()} == expected
    assert shared.counts() == (len(COMMENTS), sum(len(item.rows()) for item in COMMENTS))


def test_nearest_first(shared):
    """What says what was asked comes first, with its cosine similarity."""
    best, *rest = shared.nearest(EMBEDDER.question("耳朵最冷。"), 3, EVERYTHING)
    assert (str(best.passage), best.score) == ("b2:zh:0!", pytest.approx(1, abs=1e-5))
    assert len(rest) == 2
    assert best.score > rest[0].score >= rest[1].score
    assert shared.nearest(np.empty(0, dtype=np.float32), 3, EVERYTHING) == []


def test_nearest_to_several_at_once(shared):
    """As if each had been asked for alone."""
    asked = np.stack([EMBEDDER.question(text) for text in ("耳朵最冷。", "第b1条评论。", "Comment") * 20])
    together = shared.neighbours(asked, 4)
    alone = [shared.nearest(vector, 4, EVERYTHING) for vector in asked]
    assert len(together) == 60
    for mine, theirs in zip(together, alone, strict=True):
        assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in theirs], abs=1e-5)
    assert shared.neighbours(asked[:0], 4) == []


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(threads=("old",)), {"a1", "a2"}),
        (Scope(threads=("old", "undated")), {"a1", "a2", "c1"}),
        (Scope(threads=()), set()),
        (Scope(author="李强"), {"b1"}),
        (Scope(kind="reply"), {"b2"}),
        (Scope(since=20250101), {"b1", "b2", "b3"}),
        (Scope(until=20250101), {"a1", "a2"}),
        (Scope(since=20240105, until=20250820), {"a1", "a2", "b1", "b2", "b3"}),
        (Scope(threads=("new",), author="小李", kind="answer", until=20260101), {"b3"}),
        (Scope(author="nobody"), set()),
    ],
)
def test_scope(shared, scope, expected):
    """A scope admits what it says and nothing else; threads without a date are in no range of days."""
    assert near(shared, scope) == expected


def test_upsert_replaces(filled):
    """A comment written again is there once, with its new text and its new vector."""
    filled.upsert([embedded("b2", text=Bilingual(zh="手套要防风。"), kind=Kind.ANSWER)], DAYS)
    assert filled.counts()[0] == len(COMMENTS)
    assert filled.records(["b2"])["b2"].comment.text.zh == "手套要防风。"
    assert str(filled.nearest(EMBEDDER.question("手套要防风。"), 1, EVERYTHING)[0].passage) == "b2:zh:0!"
    assert near(filled, Scope(kind="reply")) == set()


def test_refresh_changes_comments_alone(filled):
    """A refreshed comment has its new place; its passages are found as before."""
    moved = embedded("a1", "old", position=9)
    before = near(filled)
    filled.refresh([moved.record])
    assert filled.records(["a1"])["a1"].comment.position == 9
    assert near(filled) == before


def test_delete(filled):
    """Deleted comments and passages are found no more; ids that are not there are no error."""
    gone = COMMENTS[0].record
    filled.delete(["a1", "nobody"], gone.passage_ids())
    filled.delete([], [])
    assert near(filled, Scope(threads=("old",))) == {"a2"}
    assert [record.comment.id for record in filled.thread_records("old")] == ["a2"]
    assert filled.records(["a1"]) == {}


def test_direction(shared):
    """A comment points where its passages point on average; one without text, or nobody, nowhere."""
    mean = COMMENTS[2].vectors.mean(axis=0)
    np.testing.assert_allclose(wholes.direction(shared, "b1"), mean / np.linalg.norm(mean), atol=1e-3)
    np.testing.assert_allclose(wholes.direction(shared, "b2"), COMMENTS[3].vectors[0], atol=1e-5)
    assert wholes.direction(shared, "c2").size == wholes.direction(shared, "nobody").size == 0


def test_how_near_whole_comments_are(shared):
    """Those of several passages, by the mean of these; of one passage, its own similarity says it."""
    asked = EMBEDDER.question("第b1条评论。")
    kept = shared.wholes(["b1", "b2", "b3", "c2", "nobody"])
    means = {"b1": COMMENTS[2].vectors.mean(axis=0), "b3": COMMENTS[4].vectors.mean(axis=0)}
    expected = {name: float(mean @ asked / np.linalg.norm(mean)) for name, mean in means.items()}
    assert wholes.similarities(asked, kept) == pytest.approx(expected, abs=1e-3)
    assert shared.wholes([]) == wholes.similarities(np.empty(0, dtype=np.float32), kept) == {}


def test_vectors_that_all_lie_close_together(tmp_path):
    """Every passage is found by its own vector, also where a model's vectors are much alike, as E5's are."""
    dice = np.random.default_rng(3)
    around = dice.standard_normal((1200, 384), dtype=np.float32)
    centre = dice.standard_normal(384, dtype=np.float32)
    vectors = around / np.linalg.norm(around, axis=1, keepdims=True) + 2.5 * centre / np.linalg.norm(centre)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    long = embedded("n0", text=Bilingual("一句话。" * 150, "A sentence. " * 150)).record
    size = len(long.passage_ids())
    parts = [vectors[start : start + size] for start in range(0, len(vectors) - size, size)]
    items = [
        Embedded(replace(long, comment=replace(long.comment, id=f"n{number}")), part)
        for number, part in enumerate(parts)
    ]
    with closing(ChromaStore.create(tmp_path)) as store:
        store.upsert(items, DAYS)
        for passage, vector in (row for item in items for row in item.rows()):
            assert passage in {hit.passage for hit in store.nearest(vector, 20, EVERYTHING)}


def test_chroma_finds_what_exact_search_finds(tmp_path):
    """Over a thousand comments Chroma's ten nearest are those of exact search, but for one in a hundred."""
    items = [embedded(f"n{n}", text=Bilingual(f"第{n}条，{n * 7919 % 1000}")) for n in range(1000)]
    exact = ExactStore()
    exact.upsert(items, DAYS)
    with closing(ChromaStore.create(tmp_path)) as chroma:
        chroma.upsert(items, DAYS)
        found = expected = 0
        for item in items[::25]:
            tenth = exact.nearest(item.vectors[0], 10, EVERYTHING)[-1].score
            hits = chroma.nearest(item.vectors[0], 10, EVERYTHING)
            expected += 10
            found += sum(hit.score >= tenth - 1e-5 for hit in hits)
    assert found >= expected * 0.99


def test_reopened_store_has_everything(tmp_path):
    """What was written is there after closing and opening again in the same process, also what came last."""
    for number, item in enumerate(COMMENTS[:6], start=1):
        with closing(ChromaStore.create(tmp_path)) as store:
            store.upsert([item], DAYS)
        with closing(ChromaStore.open(tmp_path)) as store:
            assert len(near(store)) == number


def test_batches_of_any_size(tmp_path):
    """More comments than Chroma takes at a time, or SQLite names at a time, are no difficulty."""
    with closing(ChromaStore.create(tmp_path)) as store:
        store._client.get_max_batch_size = lambda: 100
        items = [embedded(f"n{n}", text=Bilingual("同")) for n in range(250)]
        store.upsert(items, DAYS)
        names = [f"n{n}" for n in range(5000)]
        assert len(store.records(names)) == len(list(store.all_records())) == 250
        store.delete(names, [passage for item in items for passage in item.record.passage_ids()])
        assert store.counts() == (0, 0)


@pytest.mark.parametrize("sizes", [(1,), (2, 1), (100, 100, 30)])
def test_nothing_is_left_to_replay(tmp_path, sizes):
    """After closing, all vectors are in the graph's files: every reader has the graph that was tried out."""
    with closing(ChromaStore.create(tmp_path)) as store:
        for start, size in enumerate(sizes):
            store.upsert([embedded(f"n{start}-{n}") for n in range(size)], DAYS)
        store.delete(["n0-0"], COMMENTS[0].record.passage_ids())
    with closing(sqlite3.connect(tmp_path / "chroma" / "chroma.sqlite3")) as database:
        written = "SELECT count(*) FROM max_seq_id JOIN segments ON id = segment_id WHERE scope = 'VECTOR'"
        behind = "SELECT count(*) FROM embeddings_queue q JOIN segments s ON q.topic LIKE '%' || s.collection"
        behind += " JOIN max_seq_id m ON m.segment_id = s.id WHERE s.scope = 'VECTOR' AND q.seq_id > m.seq_id"
        assert [database.execute(query).fetchone() for query in (written, behind)] == [(1,), (0,)]


@pytest.mark.parametrize("name", ["chroma/chroma.sqlite3", "comments.sqlite"])
def test_damaged_store(tmp_path, name):
    """A store one of whose databases is damaged is one sentence, and can be opened once that is mended."""
    with closing(ChromaStore.create(tmp_path)) as store:
        store.upsert(COMMENTS, DAYS)
    sound = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(b"not a database, whatever its name says" * 100)
    with pytest.raises(RetrievalError, match=r"The index cannot be used .*file is not a database"):
        ChromaStore.open(tmp_path)
    (tmp_path / name).write_bytes(sound)
    with closing(ChromaStore.open(tmp_path)) as store:
        assert store.counts()[0] == len(list(store.all_records())) == len(COMMENTS)


@pytest.mark.parametrize("name", ["chroma", "comments.sqlite"])
def test_store_that_lacks_something(tmp_path, name):
    """A store without its vectors or its comments is one sentence, and nothing takes their place."""
    with closing(ChromaStore.create(tmp_path)) as store:
        store.upsert(COMMENTS, DAYS)
    gone = tmp_path / name
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    for _ in range(2):
        with pytest.raises(RetrievalError, match="The index cannot be used"):
            ChromaStore.open(tmp_path)


def test_comments_that_chroma_kept(tmp_path):
    """An index of a version that kept comments in Chroma, as documents or as metadata, is read as before."""
    first, second = (item.record for item in COMMENTS[:2])
    with closing(ChromaStore.create(tmp_path)) as store:
        kept = store._client.create_collection("comments", embedding_function=None)
        kept.upsert(["a1"], np.zeros((1, 1)), [{"thread": "old"}], [dumps(first)])
        kept.upsert(["a2"], np.zeros((1, 1)), [{"thread": "old", "comment": dumps(second)}])
    (tmp_path / "comments.sqlite").unlink()
    for _ in range(2):
        with closing(ChromaStore.open(tmp_path)) as store:
            assert store.records(["a1"]) == {"a1": first}
            assert store.thread_records("old") == [second, first]
    assert {path.name for path in tmp_path.iterdir()} == {"chroma", "comments.sqlite"}
