"""Pure: who may ask, and who may do more than that."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ANYONE = "*"


@unique
class Standing(Enum):
    """What somebody may do."""

    STRANGER = "stranger"
    MEMBER = "member"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Access:
    """Who the settings and the administrators let in."""

    #: Ids of users and chats.
    allowed: frozenset[int] = frozenset()
    admins: frozenset[int] = frozenset()
    #: Whether anyone may ask.
    open: bool = False
    #: What administrators decided since, by id; it goes before the settings.
    decided: Mapping[int, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, allowed: str, admins: str, decided: Mapping[int, bool]) -> Access:
        """Read the settings' lists, e.g. "12, -100345" or "*"."""
        names = [part.strip() for part in allowed.split(",")]
        return cls(
            allowed=frozenset(int(part) for part in names if part and part != ANYONE),
            admins=frozenset(int(part) for part in admins.split(",") if part.strip()),
            open=ANYONE in names,
            decided=dict(decided),
        )

    def standing(self, user: int, chat: int | None = None) -> Standing:
        """Decide what a user may do in a chat; None is inline mode, where the chat is unknown.

        A refusal of the user or of the chat goes before everything but being an administrator.
        """
        if user in self.admins:
            return Standing.ADMIN
        asking = [user] if chat is None else [user, chat]
        decisions = [self.decided[each] for each in asking if each in self.decided]
        if False in decisions:
            return Standing.STRANGER
        if True in decisions or self.open or self.allowed.intersection(asking):
            return Standing.MEMBER
        return Standing.STRANGER
