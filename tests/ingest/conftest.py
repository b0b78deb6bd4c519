import pytest

from tests.ingest.bench import Bench, made


@pytest.fixture
def bench(request, tmp_path):
    """Where a test ingests threads of its own."""
    return made(Bench, request, tmp_path)
