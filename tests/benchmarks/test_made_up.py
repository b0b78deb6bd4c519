"""The archive that speed is measured on is one that an ingest could have written."""

from contextlib import closing

import numpy as np
import pytest

from retrieval.archive import Archive
from retrieval.questions import ask
from retrieval.text import passages
from tests.benchmarks import made_up
from tests.benchmarks.answering import recall, timed
from tests.fakes import FakeEmbedder


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Return an archive of 230 made-up comments and the vectors of its passages."""
    data, embedder = tmp_path_factory.mktemp("made_up"), FakeEmbedder(dimensions=64)
    vectors = made_up.build(data, 230, embedder)
    with closing(Archive(data, embedder)) as archive:
        yield archive, vectors


def test_its_comments_are_like_real_ones(archive):
    """Passages as they are cut, replies below what they reply to, translations for a third."""
    store = archive[0]._current().store
    records = {record.comment.id: record for record in store.all_records()}
    assert store.counts() == (230, len(archive[1]))
    for record in records.values():
        texts = dict(record.comment.text.items())
        assert record.passages == {name: tuple(passages(text)) for name, text in texts.items()}
        assert bool(record.aligned) is (len(texts) == 2)
        above = [records[name].comment.position for name in record.ancestors]
        assert above == sorted(above)
        assert above[-1:] == ([record.comment.parent] if record.comment.parent else [])
    assert 0.5 < sum(bool(record.ancestors) for record in records.values()) / 230 < 0.95


def test_it_answers_and_its_vectors_are_those_searched(archive):
    """Each passage is nearest to itself, so exact search and the store agree."""
    found, vectors = archive
    answer = found.answer(ask("夏天番茄怎么浇水？"))
    assert len(answer.excerpts) == 5
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert recall(found._current().store, list(vectors[::20]), vectors) >= 0.99


def test_every_step_is_timed_at_every_question():
    """In turn, and never two at the same one."""
    asked = {"one": [], "other": []}
    steps = {"one": asked["one"].append, "other": asked["other"].append}
    taken = timed(steps, list("abcdef"))
    assert {name: len(times) for name, times in taken.items()} == {"one": 6, "other": 6}
    assert sorted(asked["one"]) == sorted(asked["other"]) == list("abcdef")
    assert all(one != other for one, other in zip(asked["one"], asked["other"], strict=True))
