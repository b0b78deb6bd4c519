"""The errors a user can do something about; each message is one sentence that says what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.types import Language


class RetrievalError(Exception):
    """Something a user can mend; everything else is a bug and keeps its traceback."""

    #: The exit code of the command line for this family.
    exit_code = 1

    def __init__(self, en: str, zh: str | None = None) -> None:
        super().__init__(en)
        self._zh = zh

    def sentence(self, language: Language) -> str:
        """Return the message in a language, in English where it has no other."""
        return self._zh if language == "zh" and self._zh else str(self)


class UsageError(RetrievalError):
    """A question or an option that cannot be answered as it stands."""

    exit_code = 2


class NoIndexError(RetrievalError):
    """There is no index yet, or it was made by another model."""

    exit_code = 4


class ConfigError(RetrievalError):
    """A setting is wrong, or something it names is missing or damaged."""

    exit_code = 5


class UnavailableError(RetrievalError):
    """The index cannot be read just now; it may be in a while."""


class SupersededError(UnavailableError):
    """Something else was published in the middle of an answer; the answer is to be made again."""

    def __init__(self) -> None:
        super().__init__(
            "The index changed again and again while this was answered; ask once more.",
            "回答期间索引一再更新；请再问一次。",
        )
