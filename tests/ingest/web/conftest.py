import pytest

from ingest.web.types import Web
from tests.ingest.web import site as sites


@pytest.fixture
def site():
    """Run a web server of the test's own."""
    with sites.running() as running:
        yield running


@pytest.fixture
def naps():
    """How long was waited between tries; nobody waited."""
    return []


@pytest.fixture
def web(naps):
    """How to fetch from 127.0.0.1, and from no other machine."""

    async def sleep(seconds):
        naps.append(seconds)

    return Web(http=True, allowed=lambda ip: ip == "127.0.0.1", sleep=sleep, timeout=20.0, largest=100_000)
