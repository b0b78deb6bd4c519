"""`threadbot telegram`: answer in Telegram until told to stop, or write the collected feedback."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING

from bot import as_json, stopping
from bot.promptness import favour_the_loop, settle
from bot.server.health import Health
from bot.server.serving import PORT, running, service_of
from bot.settings import load
from bot.telegram import configured, redaction

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.server.hook import Hook
    from bot.settings import Settings
    from bot.streams import Streams
    from retrieval.archive import Archive

_LOG = logging.getLogger("threadbot.telegram")


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Run the bot, and the HTTP service beside it where one is wanted; the log goes to standard error."""
    settings = load(arguments.data)
    if arguments.feedback:
        return _export(settings, streams, parts, good=arguments.feedback == "good")
    hidden, hook = _hidden(settings), configured.hook(settings)
    address = _address(arguments, settings, hook)
    handler = redaction.handler(streams.stderr, hidden)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    with closing(parts.open_archive(settings)) as archive:
        archive.manifest()  # without an index nothing else is worth a try
        asyncio.run(_serve(settings, archive, hook, address))
    return 0


def _hidden(settings: Settings) -> list[str]:
    """Return what no log may show."""
    others = (settings.webhook_secret, settings.http_token)
    return [*redaction.secrets(configured.token(settings)), *(each.get_secret_value() for each in others)]


def _address(arguments: argparse.Namespace, settings: Settings, hook: Hook | None) -> tuple[str, int] | None:
    """Return where to listen, None where nothing calls for it."""
    port = arguments.port if arguments.port is not None else settings.http_port
    if port is None and hook is None and arguments.host is None:
        return None
    return arguments.host or settings.http_host, PORT if port is None else port


async def _serve(
    settings: Settings, archive: Archive, hook: Hook | None, address: tuple[str, int] | None
) -> None:
    from bot.telegram import application

    favour_the_loop()
    stop = stopping.on_signals()
    ports = application.Ports(health=Health(stop), loaded=settle)
    archive.observe(ports.metrics.stage)
    async with AsyncExitStack() as stack:
        if address is not None:
            service = service_of(archive, settings, address[0], ports.metrics, ports.health, hook)
            url = await stack.enter_async_context(running(service, *address))
            _LOG.info("Listening on %s", url)
        await application.serve(settings, archive, stop, ports, hook)


def _export(settings: Settings, streams: Streams, parts: Parts, *, good: bool) -> int:
    """Write the good or the bad ratings as questions, one JSON object a line."""
    from bot.telegram.feedback import questions
    from bot.telegram.store import Store

    with closing(parts.open_archive(settings)) as archive, Store(settings.data_dir / "bot.sqlite") as store:
        for question in questions(store.ratings(), archive, good=good):
            streams.say(as_json.dumps(question))
    return 0
