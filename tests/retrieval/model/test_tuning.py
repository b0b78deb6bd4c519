"""The tuning's file: what comes back, what it is added to, and what is said when it is damaged."""

import numpy as np
import pytest

from retrieval.model import TUNING, ModelError, base, tuning

MATRIX, VECTOR = "encoder.layer.0.attention.self.key.weight", "encoder.layer.0.attention.self.key.bias"


@pytest.fixture
def small():
    """Differences of a matrix and a vector, as small as those of a tuning."""
    random = np.random.default_rng(7)
    return {
        MATRIX: random.normal(0, 0.001, (64, 32)).astype(np.float32),
        VECTOR: random.normal(0, 0.001, 64).astype(np.float32),
    }


def test_differences_come_back_nearly(tmp_path, small):
    """Matrices keep their direction to a cosine of 0.99, vectors theirs to 0.9999."""
    tuning.write(tmp_path / "t", small)
    back = tuning.read(tmp_path / "t")
    assert back.keys() == small.keys()
    for name, least in ((MATRIX, 0.99), (VECTOR, 0.9999)):
        assert back[name].shape == small[name].shape
        assert back[name].dtype == np.float32
        one, other = back[name].ravel(), small[name].ravel()
        assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > least


def test_only_what_was_tuned_changes(tmp_path, small):
    """Differences are added to the weights of their names; the others stay what they are."""
    tuning.write(tmp_path / "t", small)
    weights = {name: np.ones_like(difference) for name, difference in small.items()}
    weights["other"] = np.ones(3, np.float32)
    found = tuning.applied(weights, tmp_path / "t")
    assert found.keys() == weights.keys()
    assert found["other"].tolist() == [1, 1, 1]
    assert np.abs(found[MATRIX] - 1 - small[MATRIX]).max() < 0.001
    assert weights[MATRIX].max() == 1


def test_damage_is_one_sentence(tmp_path, small):
    """A changed byte is a ModelError of one sentence that names the file; so is a file that is not there."""
    path = tmp_path / "t"
    with pytest.raises(ModelError, match=r"^The model's file .* is missing; reinstall threadbot\.$"):
        tuning.read(path)
    tuning.write(path, small)
    data = bytearray(path.read_bytes())
    data[-1] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"^The model's file .* is damaged; reinstall threadbot\.$"):
        tuning.read(path)


def test_the_shipped_tuning_is_of_the_encoder_alone():
    """It changes the encoder's layers, by little, and no word's row."""
    from safetensors.numpy import load_file

    weights = load_file(base.folder() / "model.safetensors")
    found = tuning.read(TUNING)
    assert found
    for name, difference in found.items():
        assert name.startswith("encoder.layer.")
        assert difference.shape == weights[name].shape
        if difference.ndim > 1:
            assert np.linalg.norm(difference) < 0.1 * np.linalg.norm(weights[name])
