"""Comments with their vectors: when each is handed on, and what is encoded for it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from ingest import embedding
from ingest.cache import EmbeddingCache
from ingest.embedding import Vectors
from ingest.progress import Silent
from retrieval import wholes
from tests.fakes import FakeEmbedder
from tests.ingest.test_write import record

SHORT, MIDDLE, LONG = (
    record(name, text) for name, text in zip("abc", ["一。", "二二。", "三三三。"], strict=True)
)
EMPTY = record("d", None)


@pytest.fixture
def cache(tmp_path):
    """Give an empty cache."""
    with EmbeddingCache(tmp_path / "cache", "fake") as cache:
        yield cache


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Encode and hand on one at a time."""
    monkeypatch.setattr(embedding, "_BATCH", 1)
    monkeypatch.setattr(embedding, "_COMMENTS", 1)


def names(items):
    return [item.record.comment.id for item in items]


def test_comments_come_as_soon_as_their_vectors_are_made(cache):
    """The shortest first, while the others are still to be encoded; those that lack nothing come last."""
    embedder = FakeEmbedder()
    cache.put({cache.key("二二。"): embedder.question("二二。")})
    came = [
        (names(items), [len(batch) for batch in embedder.batches])
        for items in Vectors(cache, embedder).of([LONG, EMPTY, MIDDLE, SHORT], Silent())
    ]
    assert came == [(["a"], [1]), (["c"], [1, 1]), (["d"], [1, 1]), (["b"], [1, 1])]


def test_the_last_texts_find_nothing_waiting(cache, monkeypatch):
    """However few comments are ready when the last texts are encoded, they are handed on before."""
    monkeypatch.setattr(embedding, "_COMMENTS", 100)
    embedder = FakeEmbedder()
    came = [
        (names(items), len(embedder.texts))
        for items in Vectors(cache, embedder).of([LONG, MIDDLE, SHORT], Silent())
    ]
    assert came == [(["a", "b"], 2), (["c"], 3)]


def test_the_model_is_told_what_comes_next(cache):
    """So that it can make ready meanwhile: each batch is named with the one before it."""
    told = []

    class Told(FakeEmbedder):
        def passages(self, texts, coming=()):
            told.append((list(texts), list(coming)))
            return super().passages(texts)

    list(Vectors(cache, Told()).of([LONG, MIDDLE, SHORT], Silent()))
    assert told == [(["一。"], ["二二。"]), (["二二。"], ["三三三。"]), (["三三三。"], [])]


def test_every_comment_has_its_own_vectors(cache):
    """Whatever the order, and though a text stands in several comments."""
    embedder = FakeEmbedder()
    again = record("e", "一。")
    vectors = Vectors(cache, embedder)
    items = [item for batch in vectors.of([LONG, SHORT, again, EMPTY], Silent()) for item in batch]
    assert sorted(names(items)) == ["a", "c", "d", "e"]
    for item in items:
        texts = item.record.passage_texts()
        assert [list(row) for row in item.vectors] == [list(embedder.question(text)) for text in texts]
    assert (vectors.encoded, embedder.texts) == (2, ["一。", "三三三。"])


def test_threads_are_embedded_with_their_comments(cache, monkeypatch):
    """What they ask comes first, once, and only where it is not known how like that their comments are."""
    monkeypatch.setattr(embedding, "_BATCH", 100)
    embedder = FakeEmbedder()
    known = replace(record("k", "一。"), common=0.5)
    asking = {"t": ["问什么？", "一。"], "other": ["别的？"]}
    vectors = Vectors(cache, embedder, asking)
    items = [item for batch in vectors.of([LONG, SHORT, EMPTY, known], Silent()) for item in batch]
    assert embedder.texts == ["一。", "问什么？", "三三三。"]
    assert vectors.encoded == 2
    found = {item.record.comment.id: item.stored().common for item in items}
    asked = [embedder.question(text) for text in asking["t"]]
    assert found["d"] is None
    assert found["k"] == 0.5
    for name, text in (("a", "一。"), ("c", "三三三。")):
        assert found[name] == wholes.common(embedder.question(text)[None, :], np.stack(asked))
    again = FakeEmbedder()
    list(Vectors(cache, again, asking).of([LONG, SHORT], Silent()))
    list(Vectors(cache, again, {"t": ["新的？"]}).of([known], Silent()))
    assert again.texts == []


def test_without_a_model_what_is_known_stays(cache):
    """A thread's texts that are not in the cache are not missed."""
    cache.put({cache.key("一。"): FakeEmbedder().question("一。")})
    records = [replace(SHORT, common=0.25), SHORT]
    items = [item for batch in Vectors(cache, None, {"t": ["问？"]}).of(records, Silent()) for item in batch]
    assert [item.stored().common for item in items] == [0.25, None]


def test_batches_take_about_the_same_time(monkeypatch):
    """Two seconds, whatever the model; but neither single texts nor all there are."""
    monkeypatch.setattr(embedding, "_BATCH", 4096)
    assert [embedding.next_size(256, took) for took in (0.0, 0.5, 1.0, 60.0)] == [4096, 1024, 512, 128]


def test_without_a_model_the_cache_has_all(cache):
    """Where nothing has to be encoded, comments come in the order they were given."""
    embedder = FakeEmbedder()
    cache.put({cache.key(text): embedder.question(text) for text in ("一。", "三三三。")})
    assert [names(items) for items in Vectors(cache).of([LONG, EMPTY, SHORT], Silent())] == [
        ["c"],
        ["d"],
        ["a"],
    ]


def test_whoever_leaves_early_ends_the_model(cache):
    """Closing what comes ends the embedder's processes, and keeps what was encoded."""
    ended = []

    class Ending(FakeEmbedder):
        @contextmanager
        def encoding(self):
            with super().encoding():
                try:
                    yield
                finally:
                    ended.append("ended")

    coming = Vectors(cache, Ending()).of([LONG, SHORT], Silent())
    next(coming)
    assert ended == []
    coming.close()
    assert ended == ["ended"]
    assert cache.missing([cache.key("一。"), cache.key("三三三。")]) == {cache.key("三三三。")}
