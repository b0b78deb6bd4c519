"""How a run tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Who is told how far a run is; one stage at a time."""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage of `total` units, None where unknown.

        In order: "read" (bytes), where addresses are named "fetch" (sources, then their pages), and where
        something changed "model", "embed" (texts), "write"
        (comments), "probe". There is no "model" where every vector is known, and a second "write" and
        "probe" where the first try was broken.
        """

    def advance(self, units: int) -> None:
        """Say that so many more units are done."""

    def done(self) -> None:
        """Say that the last stage is over."""


class Silent:
    """A progress that tells nobody."""

    def stage(self, name: str, total: int | None) -> None:
        """See `Progress.stage`."""

    def advance(self, units: int) -> None:
        """See `Progress.advance`."""

    def done(self) -> None:
        """See `Progress.done`."""
