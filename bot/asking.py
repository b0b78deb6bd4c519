"""From what was typed, or came through a pipe, to a checked question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from retrieval.errors import UsageError
from retrieval.questions import ask

if TYPE_CHECKING:
    from retrieval.types import Filters, Language, Question


def question(text: str, language: Literal["auto"] | Language, count: int, filters: Filters) -> Question:
    """Check one question.

    Raise UsageError if it holds bytes that were no UTF-8 (lone surrogates by now), or is no question.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(
            "The question is not UTF-8 text; send it in that encoding.",
            "问题不是 UTF-8 文本；请用该编码发送。",
        )
    return ask(text, language=language, count=count, filters=filters)
