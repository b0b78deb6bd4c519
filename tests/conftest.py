"""What every test runs under."""

import signal

import pytest
from hypothesis import settings

from tests.servers import ChromaRun

# How long an example takes says more of the machine than of the code; durations are benchmarks' business.
settings.register_profile("threadbot", deadline=None)
settings.load_profile("threadbot")

# A shell that starts the tests in the background has them ignore Ctrl-C, and every process they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def chroma_run(tmp_path_factory):
    """Give a Chroma server, started when the first test wants it."""
    server = ChromaRun(tmp_path_factory.mktemp("chroma-run"))
    yield server
    server.stop()
