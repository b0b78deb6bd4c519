"""`threadbot serve`: the HTTP service."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from typing import TYPE_CHECKING

from bot.server.access import Access, is_loopback
from bot.server.application import Service, application
from bot.server.metrics import Metrics
from bot.server.serving import serve
from bot.server.worker import Worker
from bot.settings import load

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.settings import Settings
    from bot.streams import Streams
    from retrieval.archive import Archive

#: Questions that may wait at a time: some ten seconds of work on two cores.
_WAITING = 200


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Serve until told to stop."""
    settings = load(arguments.data)
    host, port = arguments.host or settings.http_host, settings.http_port
    if arguments.port is not None:
        port = arguments.port
    logging.basicConfig(stream=streams.stderr, format="%(message)s", level=logging.WARNING)
    logging.getLogger("threadbot").setLevel(logging.INFO)
    with closing(parts.open_archive(settings)) as archive:
        archive.manifest()  # without an index there is no point in loading the model
        asyncio.run(_serve(archive, settings, host, port, streams))
    return 0


async def _serve(archive: Archive, settings: Settings, host: str, port: int, streams: Streams) -> None:
    token = settings.http_token.get_secret_value()
    access = Access(token, local=is_loopback(host))
    service = Service(archive, Worker(_WAITING), access, Metrics(), settings.count)
    await serve(
        application(service), service, host, port, lambda url: streams.complain(f"Listening on {url}")
    )
