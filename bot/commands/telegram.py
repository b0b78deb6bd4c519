"""`threadbot telegram`: answer in Telegram until told to stop, or write the collected feedback."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from typing import TYPE_CHECKING

from bot import as_json
from bot.settings import load
from retrieval.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.settings import Settings
    from bot.streams import Streams
    from retrieval.archive import Archive


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Poll Telegram; the log goes to standard error."""
    settings = load(arguments.data)
    if arguments.feedback:
        return _export(settings, streams, parts, good=arguments.feedback == "good")
    if settings.telegram_token is None:
        raise ConfigError(
            "There is no token; set THREADBOT_TELEGRAM_TOKEN to the one @BotFather gave you.",
            "没有令牌；请把 THREADBOT_TELEGRAM_TOKEN 设为 @BotFather 给您的令牌。",
        )
    from bot.telegram import redaction

    hidden = redaction.secrets(settings.telegram_token.get_secret_value())
    handler = redaction.handler(streams.stderr, hidden)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    with closing(parts.open_archive(settings)) as archive:
        return asyncio.run(_serve(settings, archive))


async def _serve(settings: Settings, archive: Archive) -> int:
    from bot.telegram import application

    stop = asyncio.Event()
    application.stop_on_signals(stop)
    await application.serve(settings, archive, stop)
    return 0


def _export(settings: Settings, streams: Streams, parts: Parts, *, good: bool) -> int:
    """Write the good or the bad ratings as questions, one JSON object a line."""
    from bot.telegram.feedback import questions
    from bot.telegram.store import Store

    with closing(parts.open_archive(settings)) as archive, Store(settings.data_dir / "bot.sqlite") as store:
        for question in questions(store.ratings(), archive, good=good):
            streams.say(as_json.dumps(question))
    return 0
