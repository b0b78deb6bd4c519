"""The chat: reads lines, shows what the conversation makes of them; a prompt where a person types."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from bot import messages
from bot.conversation import COMMANDS, Conversation, Leave
from bot.render_terminal import Note, visible
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from pathlib import Path

    from prompt_toolkit.input import Input
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.output import Output

    from bot.screen import Screen
    from bot.streams import Streams


class ReadLine(Protocol):
    """Where the next line comes from."""

    def __call__(self) -> str:
        """Return it; raise EOFError after the last one."""


def converse(conversation: Conversation, screen: Screen, read: ReadLine, *, stoppable: bool) -> None:
    """Answer lines until there are no more; if `stoppable`, Ctrl-C stops an answer only."""
    while True:
        try:
            line = read()
        except EOFError:
            return
        if not line.strip():
            continue
        try:
            with screen.working(messages.SEARCHING(conversation.language)):
                blocks = conversation.reply(line)
        except Leave:
            return
        except RetrievalError as error:
            blocks = [Note(visible(error.sentence(conversation.language)))]
        except KeyboardInterrupt:
            if not stoppable:
                raise
            blocks = [Note(messages.STOPPED(conversation.language))]
        screen.show(blocks)


def reader(streams: Streams, history: Path) -> ReadLine:
    """Return a prompt where a person types, else the lines of standard input as they come."""
    if streams.converses:
        return prompt(history)
    lines = streams.lines()

    def read() -> str:
        for line in lines:
            return line
        raise EOFError

    return read


def prompt(history: Path, source: Input | None = None, target: Output | None = None) -> ReadLine:
    """Return a prompt with history, suggestions from it, and several lines by Alt-Enter."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory

    session: PromptSession[str] = PromptSession(
        "› ",
        history=FileHistory(private(history)),
        auto_suggest=AutoSuggestFromHistory(),
        completer=WordCompleter(list(COMMANDS), sentence=True),
        key_bindings=_keys(),
        multiline=True,
        prompt_continuation="  ",
        reserve_space_for_menu=0,
        input=source,
        output=target,
    )

    def read() -> str:
        while True:
            try:
                return session.prompt()
            except KeyboardInterrupt:
                continue  # the line is cleared

    return read


def private(path: Path) -> Path:
    """Make sure that a file exists and that only its owner may read it."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    path.chmod(0o600)
    return path


def _keys() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter")
    def _ask(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
