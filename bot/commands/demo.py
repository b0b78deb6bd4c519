"""`threadbot demo`: four sample threads, a question in each language, and then a chat; nothing is kept."""

from __future__ import annotations

import os
from contextlib import closing
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot import messages, render_terminal
from bot.commands.chat import begin, talk
from bot.progress import progress
from bot.render_terminal import Note, Style
from bot.screen import for_streams
from bot.settings import interface_language, load
from retrieval.text import language_of

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.settings import Settings
    from bot.streams import Streams
    from retrieval.archive import Archive

#: One in each language; the person's own comes last, and the chat goes on from there.
QUESTIONS = ("My plants flower but never set any fruit", "冬天骑车上班怎么保暖？")
#: How many comments an answer quotes here.
_COUNT = 2


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Ingest the samples into a temporary folder, and answer from it."""
    configured = load(arguments.data)
    with TemporaryDirectory(prefix="threadbot-demo-", ignore_cleanup_errors=True) as folder:
        settings = configured.model_copy(update={"data_dir": Path(folder), "chroma_url": "", "count": _COUNT})
        _ingest(settings, streams, parts)
        with closing(parts.open_archive(settings)) as archive:
            _present(archive, settings, streams)
    return 0


def _ingest(settings: Settings, streams: Streams, parts: Parts) -> None:
    language = interface_language(settings.language, os.environ)
    streams.complain(messages.DEMO_READING(language))
    with as_file(files("ingest") / "samples") as samples, progress(streams, language) as shown:
        parts.ingest([samples], settings, progress=shown)


def _present(archive: Archive, settings: Settings, streams: Streams) -> None:
    language = interface_language(settings.language, os.environ)
    screen = for_streams(streams)
    conversation = begin(archive, settings, streams)
    for text in sorted(QUESTIONS, key=lambda text: language_of(text) == language):
        with screen.working(messages.SEARCHING(language)):
            answer = conversation.reply(text)
        screen.show([render_terminal.heading(text), *answer])
    if streams.converses:
        screen.show([Note(messages.DEMO_CHAT(language), Style.STRONG)])
        talk(conversation, settings, streams)
    screen.show([Note(messages.DEMO_NEXT(language), Style.STRONG)])
