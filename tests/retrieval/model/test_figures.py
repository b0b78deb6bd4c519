"""The figures on the two development sets, with floors a little under what README.md reports."""

from pathlib import Path

import numpy as np
import pytest

from retrieval.model.onnx import OnnxEncoder
from retrieval.model.recipe import measure

DATA = Path(__file__).parents[4] / "shared/model/data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the development sets are not beside this checkout"),
]


@pytest.fixture(scope="module")
def encoder():
    """Return the model as onnxruntime runs it: the same vectors, which `test_onnx` holds it to, sooner."""
    return OnnxEncoder()


def test_translations_find_each_other(encoder):
    """The nearest of a thousand sentences is the translation, both ways."""
    en_zh, zh_en = measure.bitext(encoder.encode, DATA / "dev-bitext.tsv.gz")
    assert en_zh >= 0.97
    assert zh_en >= 0.97


def test_chinese_questions_find_their_paragraphs(encoder):
    """A question's paragraph is the first of 848 by its best piece, dense alone."""
    recall, mrr = measure.questions(encoder.encode, DATA / "dev-zh-questions.jsonl.gz")
    assert recall >= 0.84
    assert mrr >= 0.88


def test_the_table_leaves_english_alone_at_large(untuned, base_model):
    """With the table alone a thousand English sentences get the base model's vectors."""
    import gzip

    with gzip.open(DATA / "dev-bitext.tsv.gz", "rt", encoding="utf-8") as lines:
        texts = [line.split("\t")[0] for line in lines]
    cosines = (untuned.encode(texts) * base_model.encode(texts)).sum(1)
    assert cosines.min() > 0.999


def test_pieces_hold_the_whole_paragraph():
    """Pieces are runs of whole sentences that pass forty characters, but for the last."""
    text = "短。" * 30 + "最后没有句号"
    found = measure.pieces(text)
    assert "".join(found) == text
    assert all(len(piece) > 40 for piece in found[:-1])


def test_figures_of_a_perfect_encoder(tmp_path):
    """An encoder that knows every translation and answer by heart scores one everywhere."""
    import gzip
    import json

    with gzip.open(tmp_path / "dev-bitext.tsv.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(f"{number}\t{number}\n" for number in range(5))
    with gzip.open(tmp_path / "dev-zh-questions.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(
            json.dumps({"context": f"{number}", "questions": [f"{number}"]}) + "\n" for number in range(5)
        )
    found = measure.figures(
        lambda texts: np.eye(5, dtype=np.float32)[[int(text) for text in texts]], tmp_path
    )
    assert found == measure.Figures(1.0, 1.0, 1.0, 1.0)
