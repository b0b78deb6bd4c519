"""`threadbot serve`: the HTTP service."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from typing import TYPE_CHECKING

from bot import stopping
from bot.promptness import favour_the_loop, settle
from bot.server.health import Health
from bot.server.metrics import Metrics
from bot.server.serving import PORT, serve, service_of
from bot.settings import load

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.settings import Settings
    from bot.streams import Streams
    from retrieval.archive import Archive


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Serve until told to stop."""
    settings = load(arguments.data)
    host, port = arguments.host or settings.http_host, settings.http_port
    if arguments.port is not None:
        port = arguments.port
    logging.basicConfig(stream=streams.stderr, format="%(message)s", level=logging.WARNING, force=True)
    logging.getLogger("threadbot").setLevel(logging.INFO)
    with closing(parts.open_archive(settings)) as archive:
        archive.manifest()  # without an index there is no point in loading the model
        asyncio.run(_serve(archive, settings, host, PORT if port is None else port, streams))
    return 0


async def _serve(archive: Archive, settings: Settings, host: str, port: int, streams: Streams) -> None:
    favour_the_loop()
    stop, metrics = stopping.on_signals(), Metrics()
    archive.observe(metrics.stage)
    service = service_of(archive, settings, host, metrics, Health(stop))

    def ready(url: str) -> None:
        settle()
        streams.complain(f"Listening on {url}")

    await serve(service, host, port, stop, ready)
