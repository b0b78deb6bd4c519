"""`threadbot rollback`: answer from the generation before the published one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot import messages
from bot.home import home
from bot.settings import interface_language, load
from ingest.rollback import roll_back

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.streams import Streams


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Go back one step."""
    del parts
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    manifest = roll_back(home(settings))
    streams.say(messages.ROLLED_BACK(language, generation=manifest.generation, created=manifest.created))
    return 0
