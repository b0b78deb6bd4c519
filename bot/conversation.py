"""A conversation with the archive: each line typed, a question or a /command, becomes blocks to show.

Knows neither terminals nor streams; `bot.chat` feeds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from bot import messages, render_terminal
from bot.asking import question
from bot.render_terminal import Note, Style
from retrieval.errors import UsageError
from retrieval.questions import scope_of
from retrieval.types import LANGUAGES, Filters

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.messages import Message
    from bot.render_terminal import Block
    from retrieval.archive import Archive
    from retrieval.types import Answer, Excerpt, Language

#: Beyond this many comments /more finds nothing.
_MOST = 50


class Leave(Exception):  # noqa: N818 - not an error: the person is done
    """The person asked to leave."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose for the questions to come."""

    language: Literal["auto"] | Language = "auto"
    #: The language of sentences, and of quotes where the question does not decide it.
    interface: Language = "en"
    count: int = 5
    filters: Filters = field(default_factory=Filters)
    #: Whether to say what can be done next; programs need no telling.
    hints: bool = True


class Conversation:
    """One person's questions, and what was shown last."""

    def __init__(self, archive: Archive, choices: Choices) -> None:
        self._archive = archive
        self._choices = choices
        self._asked: Answer | None = None
        #: Gives the last answer again, with so many comments.
        self._again: Callable[[int], Answer] | None = None
        #: What the numbers on the screen mean, and what was shown last.
        self._numbers: dict[str, Excerpt] = {}
        self._page: tuple[Excerpt, ...] = ()

    @property
    def language(self) -> Language:
        """Return the language of sentences."""
        return self._choices.interface

    def welcome(self) -> list[Block]:
        """Say what can be asked."""
        threads = self._archive.manifest().threads
        comments = sum(entry.comments for entry in threads)
        return self._note(messages.WELCOME, comments=comments, threads=len(threads))

    def reply(self, line: str) -> list[Block]:
        """Answer a question or carry out a command.

        Raise Leave on /quit, RetrievalError on what cannot be answered.
        """
        text = line.strip()
        if not text.startswith("/"):
            return self._question(text)
        name, _, argument = text.partition(" ")
        command = COMMANDS.get(name.lower())
        if command is None:
            return self._unknown(name)
        return command.carry_out(self, argument.strip())

    def help(self, _: str) -> list[Block]:
        """List the commands."""
        width = max(len(command.usage) for command in COMMANDS.values())
        lines = [
            f"{command.usage:<{width}}  {command.summary(self.language)}" for command in COMMANDS.values()
        ]
        text = "\n".join([messages.HELP_ASK(self.language), *lines, messages.HELP_KEYS(self.language)])
        return [Note(text)]

    def more(self, _: str) -> list[Block]:
        """Show the next comments for the last question, or the nearest ones where nothing answered it."""
        if self._asked is None or self._again is None:
            return self._note(messages.ASK_FIRST)
        if not self._asked.answered and not self._numbers:
            self._turn_to(self._asked.excerpts)
            return render_terminal.nearest(self._asked)
        shown = self._asked.excerpts
        if len(shown) >= _MOST:
            return self._note(messages.NO_MORE)
        again = self._again(min(len(shown) + self._choices.count, _MOST))
        # Of more comments some may come before those shown: none is left out, and none shown twice.
        known = {excerpt.comment.id for excerpt in shown}
        new = [excerpt for excerpt in again.excerpts if excerpt.comment.id not in known]
        ranked = enumerate(new[: self._choices.count], start=len(shown) + 1)
        fresh = tuple(replace(excerpt, rank=rank) for rank, excerpt in ranked)
        if not fresh:
            return self._note(messages.NO_MORE)
        self._asked = replace(again, excerpts=shown + fresh)
        self._turn_to(fresh)
        return render_terminal.excerpts(fresh, self.language)

    def original(self, argument: str) -> list[Block]:
        """Show the comments shown last, or one of them, in the other language."""
        chosen = self._page
        if argument:
            one = self._numbers.get(argument)
            if one is None:
                return self._which("/original")
            chosen = (one,)
        if not chosen:
            return self._note(messages.ASK_FIRST)
        turned = tuple(
            replace(excerpt, quote=excerpt.other, other=excerpt.quote) for excerpt in chosen if excerpt.other
        )
        if not turned:
            return self._note(messages.NO_OTHER_LANGUAGE)
        self._turn_to(turned)
        return render_terminal.excerpts(turned, self.language)

    def like(self, argument: str) -> list[Block]:
        """Show comments like one of those shown."""
        one = self._numbers.get(argument)
        if one is None:
            return self._which("/like")
        identity, language = one.comment.id, self.language
        self._again = lambda count: self._archive.more_like(identity, count, language)
        self._asked = self._again(self._choices.count)
        self._numbers = {}
        if not self._asked.excerpts:
            return self._note(messages.NO_MORE)
        self._turn_to(self._asked.excerpts)
        return render_terminal.excerpts(self._page, language)

    def show(self, argument: str) -> list[Block]:
        """Show the whole of a comment, by its number or its id."""
        one = self._numbers.get(argument)
        if one is None and (not argument or argument.isdigit()):
            return self._which("/show")
        identity = one.comment.id if one else argument
        return render_terminal.whole(self._archive.show(identity, self.language), self.language)

    def lang(self, argument: str) -> list[Block]:
        """Choose the language of quotes and sentences."""
        chosen = argument.lower()
        for language in LANGUAGES:
            if chosen == language:
                self._choices = replace(self._choices, language=language, interface=language)
                return self._note(messages.LANG_SET)
        if chosen == "auto":
            self._choices = replace(self._choices, language="auto")
            return self._note(messages.LANG_AUTO)
        return self._note(messages.LANG_USAGE)

    def thread(self, argument: str) -> list[Block]:
        """Ask only one thread from now on, or all of them again."""
        if argument.lower() == "off" or not (argument or self._choices.filters.thread):
            self._choices = replace(self._choices, filters=Filters())
            return self._note(messages.THREAD_OFF)
        manifest = self._archive.manifest()
        name = argument or self._choices.filters.thread or ""
        if name.isdigit() and 1 <= int(name) <= len(manifest.threads):
            name = manifest.threads[int(name) - 1].thread.id
        filters = Filters(thread=name)
        try:
            chosen = scope_of(filters, manifest).threads or ()
        except UsageError:
            return self._note(messages.THREAD_UNKNOWN, name=render_terminal.one_line(name))
        self._choices = replace(self._choices, filters=filters)
        entries = [entry.thread for entry in manifest.threads if entry.thread.id in chosen]
        titles = "; ".join(render_terminal.title(thread, self.language) for thread in entries)
        return self._note(messages.THREAD_SET, titles=titles)

    def sources(self, _: str) -> list[Block]:
        """List the threads."""
        lines = [
            messages.SOURCE(
                self.language,
                number=number,
                title=render_terminal.title(entry.thread, self.language),
                date=entry.thread.date or messages.NO_DATE(self.language),
                path=render_terminal.one_line(entry.path),
                comments=entry.comments,
            )
            for number, entry in enumerate(self._archive.manifest().threads, start=1)
        ]
        return [Note("\n".join(lines))]

    def quit(self, _: str) -> list[Block]:
        """Leave."""
        raise Leave

    def _question(self, text: str) -> list[Block]:
        choices = self._choices
        asked = question(text, choices.language, choices.count, choices.filters)
        self._choices = replace(choices, interface=asked.language)
        first = choices.hints and self._asked is None
        self._again = lambda count: self._archive.answer(replace(asked, count=count))
        self._asked = self._again(asked.count)
        self._numbers = {}
        self._page = ()
        blocks = render_terminal.answer(self._asked, hint=messages.NEAREST_BY_MORE)
        if not self._asked.answered:
            return blocks
        self._turn_to(self._asked.excerpts)
        return [*blocks, Note(messages.MORE_HINT(self.language), Style.QUIET)] if first else blocks

    def _turn_to(self, page: tuple[Excerpt, ...]) -> None:
        """Remember what the numbers mean that are shown now."""
        self._page = page
        self._numbers |= {str(excerpt.rank): excerpt for excerpt in page}

    def _which(self, command: str) -> list[Block]:
        if not self._numbers:
            return self._note(messages.ASK_FIRST)
        last = max(excerpt.rank for excerpt in self._numbers.values())
        return self._note(messages.WHICH_NUMBER, last=last, command=command)

    def _unknown(self, name: str) -> list[Block]:
        shown = render_terminal.one_line(name)[:40]
        close = get_close_matches(name.lower(), COMMANDS, n=1, cutoff=0.5)
        if close:
            return self._note(messages.UNKNOWN_COMMAND, command=shown, nearest=close[0])
        return self._note(messages.UNKNOWN_COMMAND_HELP, command=shown)

    def _note(self, message: Message, **values: object) -> list[Block]:
        return [Note(message(self.language, **values))]


@dataclass(frozen=True, slots=True)
class Command:
    """A command as /help lists it."""

    #: How it is written, e.g. "/like N".
    usage: str
    summary: Message
    carry_out: Callable[[Conversation, str], list[Block]]


COMMANDS = {
    command.usage.split()[0]: command
    for command in (
        Command("/help", messages.HELP_HELP, Conversation.help),
        Command("/more", messages.HELP_MORE, Conversation.more),
        Command("/original [N]", messages.HELP_ORIGINAL, Conversation.original),
        Command("/like N", messages.HELP_LIKE, Conversation.like),
        Command("/show N", messages.HELP_SHOW, Conversation.show),
        Command("/lang en|zh|auto", messages.HELP_LANG, Conversation.lang),
        Command("/thread NAME|off", messages.HELP_THREAD, Conversation.thread),
        Command("/sources", messages.HELP_SOURCES, Conversation.sources),
        Command("/quit", messages.HELP_QUIT, Conversation.quit),
    )
}
