"""`threadbot compact`: write the index anew, and leave nothing of what is gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot import housekeeping, messages
from bot.commands.status import human_size
from bot.home import home
from bot.progress import progress
from bot.settings import interface_language, load
from ingest.compact import compact

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.streams import Streams


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Compact the index and the pages kept for Telegram's buttons."""
    del parts
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    place = home(settings)
    with progress(streams, language) as shown:
        done = compact(place, shown)
    housekeeping.drop_pages(place)
    before, after = human_size(done.before), human_size(done.after)
    streams.say(messages.COMPACTED(language, generation=done.generation, before=before, after=after))
    if settings.chroma_url:
        streams.say(messages.VACUUM_NEXT(language))
    if done.still_read:
        streams.complain(messages.STILL_READ(language, count=len(done.still_read)))
    return 0
