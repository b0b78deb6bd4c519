"""Where Telegram brings its updates: `POST /telegram`, with a secret only Telegram was told."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The header Telegram puts the secret in.
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name

#: What SQLite can keep.
LARGEST_ID = 2**63 - 1


@unique
class Taken(StrEnum):
    """What became of an update; the values are those of the metric `threadbot_updates`."""

    TAKEN = "taken"
    #: It had come before.
    AGAIN = "again"
    #: Nobody understands it; it would be no better the next time.
    ODD = "odd"
    #: There is no room; it has to be brought again.
    FULL = "full"


class Take(Protocol):
    """How the bot takes an update."""

    def __call__(self, raw: Mapping[str, Any]) -> Taken:
        """Put an update in line, at once."""


@dataclass(slots=True)
class Hook:
    """One bot's webhook."""

    #: The public address that Telegram calls.
    url: str
    secret: str
    #: Set while the bot runs.
    take: Take | None = None

    def knows(self, given: str) -> bool:
        """Tell whether a request comes from who was told the secret; the comparison takes constant time."""
        # Bytes, for compare_digest refuses texts outside ASCII.
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self.secret.encode())


def update(data: bytes) -> dict[str, Any] | None:
    """Read an update, None where a body is none."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return None
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return raw if type(number) is int and 0 <= number <= LARGEST_ID else None
