"""Pure: what `POST /api/ask` takes, read strictly."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.asking import question
from retrieval.errors import UsageError
from retrieval.questions import LONGEST
from retrieval.types import Filters, Question

#: As many comments as the command line gives.
MOST = 50


class AskBody(BaseModel):
    """One question."""

    model_config = ConfigDict(extra="forbid", strict=True, title="Ask")

    question: Annotated[str, Field(min_length=1, max_length=LONGEST, description="In English or Chinese.")]
    n: Annotated[int, Field(ge=1, le=MOST, description="How many comments to quote.")] = 5
    lang: Annotated[
        Literal["auto", "en", "zh"], Field(description="The language to quote in; `auto`: the question's.")
    ] = "auto"
    thread: Annotated[
        str | None,
        Field(max_length=500, description="Only this thread: its id, or part of its title or file."),
    ] = None
    author: Annotated[str | None, Field(max_length=500, description="Only comments by this author.")] = None


def read(data: bytes, count: int) -> Question:
    """Return the question that a request's body asks; `count` goes for a missing `n`.

    :raises UsageError: If the body is not such an object, or the question is none.
    """
    try:
        body = AskBody.model_validate_json(data)
    except ValidationError as error:
        raise UsageError(_sentence(error)) from None
    chosen = body.n if "n" in body.model_fields_set else count
    return question(body.question, body.lang, chosen, Filters(thread=body.thread, author=body.author))


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"The body is not what `POST /api/ask` takes: {where + ': ' if where else ''}{first['msg']}."
