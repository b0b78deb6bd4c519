import pytest

from tests.ingest.bench import Bench


@pytest.fixture
def bench(tmp_path):
    """Where a test ingests threads of its own."""
    return Bench(tmp_path)
