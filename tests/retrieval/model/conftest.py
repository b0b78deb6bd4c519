"""The real built-in model and the real base model, each loaded once for all tests that need it."""

import pytest


@pytest.fixture(scope="session")
def model():
    """Load the built-in model on the CPU."""
    from retrieval.model import load

    return load("cpu")


@pytest.fixture(scope="session")
def untuned():
    """Load the base model with the table, and without what tuning changed."""
    from retrieval.model import TABLE, encoder, table

    return encoder.join(table.read(TABLE), device="cpu")


@pytest.fixture(scope="session")
def base_model():
    """Load the model that the built-in one extends, as its package has it."""
    from sentence_transformers import SentenceTransformer

    from retrieval.model import base

    return SentenceTransformer(str(base.folder()), device="cpu")
