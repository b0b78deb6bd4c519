"""The model without PyTorch."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

TEXTS = [
    "I study Python in Shenzhen.",
    "我在深圳學習 Python3 [捂脸]。",
    "短",
    "",
    "A longer text, with punctuation; and more words than the others have in it, to be sure. " * 30,
    "😂",
]


@pytest.fixture(scope="module")
def onnx_model():
    """Load the built-in model with onnxruntime."""
    from retrieval.model.onnx import OnnxEncoder

    return OnnxEncoder(cores=2)


def test_vectors_are_the_same(model, onnx_model):
    """Both backends give the same vectors, long texts cut at the same token."""
    mine, theirs = onnx_model.encode(TEXTS), model.encode(TEXTS)
    assert mine.dtype == np.float32
    assert (mine * theirs).sum(1).min() > 0.9999


def test_eight_bits_are_nearly_the_same(onnx_model):
    """The faster precision moves a vector by a cosine of under a hundredth or so."""
    from retrieval.model.onnx import OnnxEncoder

    cosines = (OnnxEncoder(cores=2, precision="int8").encode(TEXTS) * onnx_model.encode(TEXTS)).sum(1)
    assert cosines.min() > 0.985


def test_no_texts_no_vectors(onnx_model):
    """Encoding nothing gives an empty array of the right shape."""
    assert onnx_model.encode([]).shape == (0, 384)


def test_order_is_kept(onnx_model):
    """Vectors come in the order of the texts, though batches are made by length."""
    together = onnx_model.encode(TEXTS * 40)
    assert np.abs(together[-len(TEXTS) :] - onnx_model.encode(TEXTS)).max() < 1e-5


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_batches_apart_give_the_same(onnx_model, cores):
    """A core for each batch gives what all of them on one give."""
    from retrieval.model.onnx import OnnxEncoder

    apart = OnnxEncoder(cores=cores, apart=True)
    for texts in (TEXTS * 40, TEXTS, TEXTS[:1], []):
        assert np.abs(apart.encode(texts) - onnx_model.encode(texts)).max(initial=0) < 1e-5


@pytest.mark.parametrize("coming", [[], TEXTS[:2], TEXTS * 3])
def test_what_comes_next_is_cut_ahead(onnx_model, monkeypatch, coming):
    """Its tokens are there when it comes; and whatever comes instead has its own."""
    from retrieval.model.onnx import OnnxEncoder

    apart = OnnxEncoder(cores=2, apart=True)
    assert np.abs(apart.encode(TEXTS, coming) - onnx_model.encode(TEXTS)).max() < 1e-5
    assert np.abs(apart.encode(TEXTS[::-1]) - onnx_model.encode(TEXTS[::-1])).max() < 1e-5
    apart.encode(TEXTS, coming)
    expected, cut = onnx_model.encode(coming), []
    monkeypatch.setattr(
        apart, "_vocabulary", SimpleNamespace(ids=lambda texts, keep: cut.extend(texts) or [])
    )
    assert np.abs(apart.encode(coming) - expected).max(initial=0) < 1e-5
    assert cut == []


@given(st.lists(st.integers(2, 256), max_size=200), st.integers(1, 16))
def test_batches(lengths, workers):
    """Every text is in one batch, longer ones in earlier batches, and no batch has much more to do."""
    from retrieval.model.onnx import _BUDGET, batches

    found = batches(lengths, workers)
    assert sorted(number for batch in found for number in batch) == list(range(len(lengths)))
    assert all(len(batch) for batch in found)
    ordered = [lengths[number] for batch in found for number in batch]
    assert ordered == sorted(lengths, reverse=True)
    assert all(sum(lengths[number] for number in batch) <= _BUDGET + 256 for batch in found)


def test_batches_keep_all_workers_busy():
    """Many texts make as many batches for each worker, of about as many tokens."""
    from retrieval.model.onnx import batches

    lengths = [7 + number % 60 for number in range(512)]
    sizes = [sum(lengths[number] for number in batch) for batch in batches(lengths, 3)]
    assert len(sizes) % 3 == 0
    assert max(sizes) - min(sizes) <= 2 * max(lengths)


def test_fingerprints_differ():
    """The backend and its precision are in the fingerprint, so a cache never mixes vectors."""
    from retrieval import model
    from retrieval.model import onnx

    assert onnx.fingerprint() == f"{model.fingerprint()}-onnx-fp32"
    assert onnx.fingerprint("int8") == f"{model.fingerprint()}-onnx-int8"


def test_pytorch_stays_out():
    """Encoding with onnxruntime imports neither PyTorch nor transformers."""
    code = (
        "import sys; from retrieval.model.onnx import OnnxEncoder; OnnxEncoder().encode(['你好']);"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'sentence_transformers')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
