"""The embedding cache."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from ingest.cache import EmbeddingCache
from retrieval.errors import RetrievalError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "embeddings.sqlite"


def vectors(*texts):
    """Return a vector for each text, which starts with the text's length."""
    return {EmbeddingCache.key(text): np.array([len(text), 0.1], dtype=np.float32) for text in texts}


def test_golden_key():
    """Keys are what they were in every version that people have caches of."""
    assert EmbeddingCache.key("你好") == bytes.fromhex("deccfd498a9db383f9f04077b332f061")


def test_keeps_vectors(path):
    """A vector comes back bit for bit, also after closing; a text without one is missing."""
    kept = vectors("a", "你好")
    with EmbeddingCache(path, "model") as cache:
        cache.put(kept)
    with EmbeddingCache(path, "model") as cache:
        found = cache.get([*kept, b"nobody"])
        assert {key: vector.tolist() for key, vector in found.items()} == {
            key: vector.tolist() for key, vector in kept.items()
        }
        assert cache.missing([*kept, b"nobody", b"nobody"]) == {b"nobody"}


def test_models_do_not_mix(path):
    """A vector of one model is not there for another, and both are kept."""
    for model in ("one", "two"):
        with EmbeddingCache(path, model) as cache:
            assert cache.missing(vectors("a")) == set(vectors("a"))
            cache.put(vectors("a"))
    with EmbeddingCache(path, "one") as cache:
        assert cache.missing(vectors("a")) == set()


def test_many_keys(path):
    """More keys than SQLite takes in one query are no difficulty."""
    many = vectors(*map(str, range(2345)))
    with EmbeddingCache(path, "model") as cache:
        cache.put(many)
        assert cache.get(list(many)).keys() == many.keys()
        assert cache.get([]) == {}


def test_not_a_database(path):
    """A file that is no database is one sentence that says to delete it."""
    path.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with pytest.raises(
        RetrievalError, match=r"embeddings\.sqlite cannot be used \(.+\); delete it and ingest"
    ):
        EmbeddingCache(path, "model")


def test_cut_off(path):
    """A database that was cut off is one sentence, at the latest when its vectors are asked for."""
    with EmbeddingCache(path, "model") as cache:
        cache.put(vectors(*map(str, range(2000))))
    path.write_bytes(path.read_bytes()[: 3 * 4096])
    with pytest.raises(RetrievalError, match="delete it and ingest"), EmbeddingCache(path, "model") as cache:
        cache.get(list(vectors(*map(str, range(2000)))))


def test_another_table(path):
    """A database of something else is one sentence."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE vectors (x)")
    with pytest.raises(RetrievalError, match="delete it and ingest"), EmbeddingCache(path, "model") as cache:
        cache.put(vectors("a"))


def test_full_disk(path):
    """A full disk says so, keeps what was there, and keeps all or none of a batch."""
    with EmbeddingCache(path, "model") as cache:
        cache.put(vectors("a"))
        (pages,) = cache._connection.execute("PRAGMA page_count").fetchone()
        cache._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(RetrievalError, match=r"\(database or disk is full\); free some space"):
            cache.put(vectors(*map(str, range(1000))))
        assert cache.missing(vectors("a", "1")) == set(vectors("1"))


def test_folder_that_is_not_there(tmp_path):
    """A cache that cannot be made is one sentence."""
    with pytest.raises(RetrievalError, match=r"unable to open .+ check that its folder can be written to"):
        EmbeddingCache(tmp_path / "nowhere" / "embeddings.sqlite", "model")
