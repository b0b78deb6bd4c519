"""Keep the token and the questions out of every log.

The token stands in the address of every request, which httpx logs, and in some of the library's errors;
the library also logs whole updates. So both keep silent, and what threadbot logs itself goes through a
filter that blanks the token out, tracebacks included.
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

from retrieval.errors import RetrievalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

#: Libraries that log addresses or what people write.
TALKATIVE = ("telegram", "httpx", "httpcore", "asyncio")
_BLANK = "<token>"


class Redacting(logging.Filter):
    """Blank secrets out of records, whoever wrote them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if secret)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record; let it pass."""
        record.msg = self.clean(record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = self.clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True

    def clean(self, text: str) -> str:
        """Blank secrets out of a text."""
        for secret in self._secrets:
            text = text.replace(secret, _BLANK)
        return text


def secrets(token: str) -> list[str]:
    """Return what of a token may be seen by nobody: the whole of it, and the part after the bot's id."""
    return [token, token.partition(":")[2]]


def hush() -> None:
    """Silence the libraries that would log addresses and updates, at whatever level the rest logs."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def handler(stream: TextIO, hidden: Iterable[str]) -> logging.Handler:
    """Return what writes the log to a stream, with secrets blanked out."""
    made = logging.StreamHandler(stream)
    made.addFilter(Redacting(hidden))
    made.setFormatter(_Lines())
    return made


class _Lines(logging.Formatter):
    """Words for people; what the HTTP service logs is JSON and stays so."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return line if record.name.startswith("threadbot.http") else f"{record.levelname} {line}"


def what_happened(error: BaseException) -> str:
    """Describe an error by its kind and place, without its words: those may hold a question.

    Only our own sentences about what is to be mended are known to hold none.
    """
    if isinstance(error, RetrievalError) and not isinstance(error, UsageError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"{type(error).__name__} in {places}" if places else type(error).__name__
