"""`threadbot chat`: questions one after the other."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from bot import messages
from bot.chat import converse, reader
from bot.conversation import Choices, Conversation
from bot.screen import for_streams
from bot.settings import interface_language, load

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.settings import Settings
    from bot.streams import Streams
    from retrieval.archive import Archive

#: Past questions, for the arrow keys; in the data folder, for its owner's eyes only.
HISTORY = "chat_history"


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Open the archive and talk until the person leaves."""
    settings = load(arguments.data)
    chosen = {"language": arguments.lang, "count": arguments.count}
    settings = settings.model_copy(update={name: value for name, value in chosen.items() if value})
    with closing(parts.open_archive(settings)) as archive:
        conversation = begin(archive, settings, streams)
        welcome = conversation.welcome()  # before the model is loaded: without an index there is no point
        if streams.converses:
            screen = for_streams(streams)
            with screen.working(messages.LOADING(conversation.language)):
                archive.warm()
            screen.show(welcome)
        talk(conversation, settings, streams)
    return 0


def begin(archive: Archive, settings: Settings, streams: Streams) -> Conversation:
    """Prepare a conversation the way the settings say."""
    interface = interface_language(settings.language, os.environ)
    hints = streams.converses
    return Conversation(archive, Choices(settings.language, interface, settings.count, hints=hints))


def talk(conversation: Conversation, settings: Settings, streams: Streams) -> None:
    """Hold a conversation until the person leaves."""
    read = reader(streams, settings.data_dir / HISTORY)
    converse(conversation, for_streams(streams), read, stoppable=streams.converses)
