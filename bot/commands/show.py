"""`threadbot show`: a whole comment, and where it stands."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from bot import as_json, render_terminal
from bot.screen import for_streams
from bot.settings import interface_language, load

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.streams import Streams


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Look the comment up and write it."""
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    with closing(parts.open_archive(settings)) as archive:
        found = archive.show(arguments.id, language)
    if arguments.json:
        streams.say(as_json.dumps(as_json.excerpt(found, language), indent=2))
    else:
        for_streams(streams).show(render_terminal.whole(found, language))
    return 0
