"""A service on a free port of this machine, and archives that behave as tests need."""

import threading
from contextlib import asynccontextmanager

import aiohttp

from bot.server.access import Access
from bot.server.health import Health
from bot.server.metrics import Metrics
from bot.server.service import Service, Timeouts
from bot.server.serving import running
from bot.server.worker import Worker
from tests.fakes import FakeArchive


@asynccontextmanager
async def serving(archive=None, *, token="", waiting=10, timeouts=None, health=None, hook=None):
    """Serve on a free port; give a client whose addresses are relative to it, and the service."""
    access, metrics = Access(token, local=True), Metrics()
    health, timeouts = health or Health(model=True), timeouts or Timeouts()
    service = Service(archive or FakeArchive(), Worker(waiting), access, metrics, 5, health, timeouts, hook)
    async with running(service, "127.0.0.1", 0) as url, aiohttp.ClientSession(url) as client:
        yield client, service


class Slow(FakeArchive):
    """An archive that answers when it is let."""

    def __init__(self):
        super().__init__()
        self.begun, self.let = threading.Event(), threading.Event()

    def answer(self, question):
        """Wait, then answer."""
        self.begun.set()
        self.let.wait(10)
        return super().answer(question)
