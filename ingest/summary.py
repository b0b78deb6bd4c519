"""What a run did, as it is shown, written as JSON and kept in the manifest."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did."""

    #: The published generation after the run, None where there is none.
    generation: int | None
    #: Whether this run published it.
    published: bool
    files_read: int
    #: (path, reason) of everything that could not be read.
    skipped: tuple[tuple[str, str], ...]
    new: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    #: Passages encoded by this run, and passages whose vectors were there already.
    embedded: int = 0
    cached: int = 0
    seconds: float = 0.0
    encoding_seconds: float = 0.0
    #: Comments that are in the files and excluded.
    excluded: int = 0
    #: Whether the indexes were written anew because too much in them was dead.
    compacted: bool = False
    #: What was wrong with a first try at the new generation, which was then written a second time.
    rebuilt: tuple[str, ...] = ()
    #: (path, reason) of files of vectors, made elsewhere, that were of no use.
    useless: tuple[tuple[str, str], ...] = ()
    #: What would be done and why, a line per comment that does not stay as it is; only of a dry run.
    plan: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        skipped = [{"path": path, "reason": reason} for path, reason in self.skipped]
        useless = [{"path": path, "reason": reason} for path, reason in self.useless]
        return asdict(self) | {"skipped": skipped, "useless": useless, "plan": list(self.plan)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Summary:
        """Return the summary that `to_json` wrote; raise ValueError, KeyError or TypeError if it is none."""
        named = ("skipped", "useless")
        paths = {name: tuple((str(one["path"]), str(one["reason"])) for one in data[name]) for name in named}
        lists = {name: tuple(data[name]) for name in ("rebuilt", "plan")}
        return cls(**data | lists | paths)
