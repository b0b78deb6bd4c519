"""What the bot needs of the world, so that tests need not wait for it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def __call__(self) -> float:
        """Return seconds since some moment; of `time.time`, for what is kept on disk."""


class Sleep(Protocol):
    """How to wait."""

    async def __call__(self, seconds: float, /) -> None:
        """Return after so many seconds."""
