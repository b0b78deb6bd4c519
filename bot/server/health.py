"""What `/readyz` asks after, kept up to date by those who know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


@dataclass(slots=True)
class Health:
    """One process's state, apart from the index."""

    #: Set when the process is told to stop.
    stop: asyncio.Event | None = None
    #: Whether the model is loaded.
    model: bool = False
    #: Whether Telegram answered when it was last spoken to; None where no bot runs.
    telegram: bool | None = None

    @property
    def stopping(self) -> bool:
        """Tell whether the process is on its way down."""
        return self.stop is not None and self.stop.is_set()

    def complaints(self) -> list[str]:
        """Return why questions cannot be answered now, a sentence each; none if they can."""
        found = []
        if self.stopping:
            found.append("The service is stopping.")
        if not self.model:
            found.append("The model is not loaded yet.")
        if self.telegram is False:
            found.append("Telegram does not answer.")
        return found
