"""`threadbot ask`: one answer per question, from the arguments or from standard input."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from bot import as_json, messages, render_terminal
from bot.asking import question
from bot.screen import for_streams
from bot.settings import interface_language, load
from retrieval.errors import UsageError
from retrieval.text import language_of
from retrieval.types import Answer, Filters, Kind

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from bot.parts import Parts
    from bot.settings import Settings
    from bot.streams import Streams
    from retrieval.archive import Archive
    from retrieval.types import Question

ANSWERED, USAGE, NOTHING_RELEVANT = 0, UsageError.exit_code, 3


@dataclass(frozen=True, slots=True)
class Reply:
    """One question and what came of it."""

    asked: str
    outcome: Answer | UsageError

    @property
    def code(self) -> int:
        """Return the exit code it stands for."""
        if isinstance(self.outcome, UsageError):
            return USAGE
        return ANSWERED if self.outcome.answered else NOTHING_RELEVANT

    def as_json(self, *, explain: bool) -> as_json.JsonObject:
        """Return the JSON object for it."""
        if isinstance(self.outcome, UsageError):
            return as_json.error(self.asked, str(self.outcome))
        return as_json.answer(self.outcome, explain=explain)


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Answer every question as it comes."""
    settings = load(arguments.data)
    with closing(parts.open_archive(settings)) as archive:
        answers = _Answers(archive, arguments, settings)
        texts = _questions(arguments, streams, settings)
        if arguments.jsonl:
            return _jsonl(map(answers.reply, texts), streams, explain=arguments.explain)
        if arguments.json:
            return _json([answers.reply(text) for text in texts], streams, explain=arguments.explain)
        headed = len(arguments.questions) != 1
        return _text(texts, answers, streams, headed=headed, explain=arguments.explain)


def exit_code(codes: Iterable[int]) -> int:
    """Return one exit code for several questions: 0 if any was answered, else 3 if any was understood."""
    seen = set(codes)
    return next((code for code in (ANSWERED, NOTHING_RELEVANT) if code in seen), USAGE)


class _Answers:
    """Answers questions the way the options say."""

    def __init__(self, archive: Archive, arguments: argparse.Namespace, settings: Settings) -> None:
        self._archive = archive
        self._language = arguments.lang or settings.language
        self._count = arguments.count or settings.count
        self.interface = interface_language(self._language, os.environ)
        self._filters = Filters(
            thread=arguments.thread,
            author=arguments.author,
            since=arguments.since,
            until=arguments.until,
            kind=Kind(arguments.kind) if arguments.kind else None,
        )

    def reply(self, text: str) -> Reply:
        """Answer one question; what is wrong with it is part of the reply."""
        try:
            return Reply(text, self._archive.answer(self._question(text)))
        except UsageError as error:
            return Reply(text, error)

    def _question(self, text: str) -> Question:
        return question(text, self._language, self._count, self._filters)


def _questions(arguments: argparse.Namespace, streams: Streams, settings: Settings) -> Iterator[str]:
    """Yield the questions; empty lines count only where each line has to have its answer."""
    language = interface_language(settings.language, os.environ)
    if arguments.questions:
        if looks_unquoted(arguments.questions):
            streams.complain(messages.ONE_ARGUMENT(language))
        yield from arguments.questions
        return
    if streams.stdin.isatty():
        streams.complain(messages.TYPE_QUESTIONS(language))
    lines = streams.lines() if arguments.jsonl else (line for line in streams.lines() if line.strip())
    first = next(lines, None)
    if first is None:
        raise UsageError(
            'There is no question; write one, as in: threadbot ask "How do I keep warm?"',
            '没有问题；请写一个，例如：threadbot ask "怎么保暖？"',
        )
    yield from chain((first,), lines)


def looks_unquoted(questions: Sequence[str]) -> bool:
    """Tell whether several arguments are the words of one question; Chinese questions need no spaces."""
    words = [text for text in questions if " " not in text and language_of(text) != "zh"]
    return len(words) == len(questions) > 1


def _jsonl(replies: Iterable[Reply], streams: Streams, *, explain: bool) -> int:
    codes = []
    for reply in replies:
        streams.say(as_json.dumps(reply.as_json(explain=explain)))
        codes.append(reply.code)
    return exit_code(codes)


def _json(replies: list[Reply], streams: Streams, *, explain: bool) -> int:
    if len(replies) == 1 and isinstance(replies[0].outcome, UsageError):
        raise replies[0].outcome
    objects = [reply.as_json(explain=explain) for reply in replies]
    streams.say(as_json.dumps(objects if len(objects) > 1 else objects[0], indent=2))
    return exit_code(reply.code for reply in replies)


def _text(texts: Iterable[str], answers: _Answers, streams: Streams, *, headed: bool, explain: bool) -> int:
    """Show each answer as it comes, under its question where there may be several."""
    screen = for_streams(streams)
    codes = []
    for text in texts:
        with screen.working(messages.SEARCHING(answers.interface)):
            reply = answers.reply(text)
        codes.append(reply.code)
        if isinstance(reply.outcome, UsageError):
            streams.complain(str(reply.outcome))
        else:
            head = [render_terminal.heading(text)] if headed else []
            screen.show([*head, *render_terminal.answer(reply.outcome, explain=explain)])
    return exit_code(codes)
