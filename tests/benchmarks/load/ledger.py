"""Pure: what was asked where, what came back, and what is missing or too much."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class _Open:
    question: str
    asked: float
    parts: list[str] = field(default_factory=list)


@dataclass
class Ledger:
    """Questions in chats, one at a time in each; an answer may come in several messages."""

    #: Seconds that each answer took, with the question and the whole text.
    answers: list[tuple[float, str, str]] = field(default_factory=list)
    #: Messages that came where nothing was asked.
    strays: list[str] = field(default_factory=list)
    _open: dict[int, _Open] = field(default_factory=dict)

    def ask(self, chat: int, question: str, now: float) -> None:
        """Note a question."""
        assert chat not in self._open, "one question at a time"
        self._open[chat] = _Open(question, now)

    def hear(self, chat: int, text: str, now: float, *, last: bool) -> bool:
        """Note a message; tell whether the chat's question is answered with it."""
        asked = self._open.get(chat)
        if asked is None:
            self.strays.append(text)
            return False
        asked.parts.append(text)
        if last:
            del self._open[chat]
            self.answers.append((now - asked.asked, asked.question, "\n".join(asked.parts)))
        return last

    def lost(self) -> list[str]:
        """Return the questions that were never answered, with what came instead."""
        return [" / ".join([each.question, *each.parts]) for each in self._open.values()]
