"""`threadbot exclude`: leave comments out of every answer, take that back, or say what is excluded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot import messages
from bot.home import home
from bot.render_terminal import one_line
from bot.settings import interface_language, load
from ingest import exclude, exclusions
from retrieval.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot.parts import Parts
    from bot.streams import Streams
    from retrieval.homes import Home
    from retrieval.types import Language


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Do what the options say, and say what came of it."""
    del parts
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    named = bool(arguments.ids or arguments.author)
    if arguments.list == named:
        raise UsageError(
            "Name comments by id, or an author with --author NAME; --list alone says what is excluded.",
            "请写出评论编号，或用 --author 名字 指定作者；单独用 --list 查看已排除的内容。",
        )
    place = home(settings)
    lines = listed(place, language) if arguments.list else _changed(arguments, place, language)
    for line in lines:
        streams.say(line)
    return 0


def listed(place: Home, language: Language) -> Iterator[str]:
    """Yield what is excluded as lines to read."""
    place.follow()
    excluded = exclusions.load(place.folder)
    if not excluded:
        yield messages.NOTHING_EXCLUDED(language)
    yield from (messages.EXCLUDED_ID(language, name=one_line(name)) for name in excluded.ids)
    yield from (messages.EXCLUDED_AUTHOR(language, name=one_line(name)) for name in excluded.authors)


def _changed(arguments: argparse.Namespace, place: Home, language: Language) -> Iterator[str]:
    if arguments.undo:
        exclude.undo(place, arguments.ids, arguments.author)
        yield messages.UNDONE(language)
        return
    done = exclude.exclude(place, arguments.ids, arguments.author)
    if done.withdrawn:
        yield messages.EXCLUDED(language, count=len(done.withdrawn), generation=done.generation)
        yield messages.COMPACT_NEXT(language)
    else:
        yield messages.EXCLUDED_LATER(language)
