"""`threadbot evaluate`: measure answers against labelled questions, under one or two settings."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from bot import as_json
from bot.settings import load
from retrieval import evaluate
from retrieval.errors import UsageError
from retrieval.questions import ask

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from bot.parts import Parts
    from bot.settings import Settings
    from bot.streams import Streams
    from retrieval.evaluate import Labelled, Outcome


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Ask every question of the file and write the figures."""
    settings = load(arguments.data)
    changes = dict(_change(text, settings) for text in arguments.compare)
    questions = _read(arguments)
    outcomes = _outcomes(questions, settings, parts)
    if not changes:
        groups = evaluate.report(outcomes)
        found: object = evaluate.to_json(groups)
        text = evaluate.table(groups)
    else:
        other = _outcomes(questions, type(settings)(**(settings.model_dump() | changes)), parts)
        figures = evaluate.compare(outcomes, other)
        found, text = evaluate.comparison_to_json(figures), evaluate.comparison_table(figures)
    streams.say(as_json.dumps(found, indent=2) if arguments.json else text)
    return 0


def _read(arguments: argparse.Namespace) -> list[Labelled]:
    try:
        return evaluate.read(arguments.questions.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"{arguments.questions} cannot be read ({type(error).__name__}); "
            "name a file of labelled questions, one JSON object a line."
        ) from error


def _change(text: str, settings: Settings) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    field = name.strip().lower().removeprefix("threadbot_")
    if not equals or field not in type(settings).model_fields:
        raise UsageError(f"“{text}” changes no setting; write it as THREADBOT_NAME=VALUE.")
    return field, value


def _outcomes(questions: Sequence[Labelled], settings: Settings, parts: Parts) -> list[Outcome]:
    with closing(parts.open_archive(settings)) as archive:
        return evaluate.run(
            questions,
            lambda one: archive.answer(ask(one.question, language=one.language, count=evaluate.DEPTH)),
            archive.manifest(),
        )
