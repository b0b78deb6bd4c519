"""The table's file: what comes back, and what is said when it is damaged."""

import numpy as np
import pytest

from retrieval.model import ModelError, header, table


@pytest.fixture
def small():
    """Three words with random rows of the length that the model's rows have."""
    rows = np.random.default_rng(5).normal(0, 0.055, (3, table.WIDTH)).astype(np.float32)
    costs = np.array([7.5, 8.0, 9.25], np.float32)
    return table.Table(("学", "学习", "生命"), costs, {"學": "学", "習": "习"}, rows)


def test_words_costs_and_fold_come_back(tmp_path, small):
    """What is written is read again, the words in their order."""
    table.write(tmp_path / "t", small)
    back = table.read(tmp_path / "t")
    assert back.words == small.words
    assert back.fold == small.fold
    assert back.costs.tolist() == small.costs.tolist()


def test_rows_come_back_nearly(tmp_path, small):
    """Four bits a number keep a row's direction to a cosine of 0.99."""
    table.write(tmp_path / "t", small)
    back = table.read(tmp_path / "t").rows
    cosines = (back * small.rows).sum(1) / np.linalg.norm(back, axis=1) / np.linalg.norm(small.rows, axis=1)
    assert cosines.min() > 0.99


def test_same_table_same_bytes(tmp_path, small):
    """A table's file depends on the table alone."""
    table.write(tmp_path / "a", small)
    table.write(tmp_path / "b", small)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_digest_is_read_from_the_head(tmp_path, small):
    """The digest needs no more than the head of the file, and differs between tables."""
    table.write(tmp_path / "a", small)
    other = table.Table(small.words, small.costs, small.fold, small.rows * 2)
    table.write(tmp_path / "b", other)
    assert header.digest(tmp_path / "a") != header.digest(tmp_path / "b")


@pytest.mark.parametrize("where", [4, 100, -1])
def test_damage_is_one_sentence(tmp_path, small, where):
    """A changed byte, in the head or in the rows, is a ModelError of one sentence that names the file."""
    path = tmp_path / "t"
    table.write(path, small)
    data = bytearray(path.read_bytes())
    data[where] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"^The model's file .*\.$") as caught:
        table.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("size", [0, 7, 60, 900])
def test_short_file_is_one_sentence(tmp_path, small, size):
    """A file that ends too early is a ModelError."""
    path = tmp_path / "t"
    table.write(path, small)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ModelError, match="damaged"):
        table.read(path)


@pytest.mark.parametrize("what", [table.read, header.digest])
def test_missing_file_is_one_sentence(tmp_path, what):
    """A file that isn't there is a ModelError that says so, not a traceback."""
    with pytest.raises(ModelError, match=r"is missing; reinstall threadbot\.$"):
        what(tmp_path / "none")
