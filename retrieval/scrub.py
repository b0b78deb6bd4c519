"""Leave no memory in a Chroma server's files: `python -m retrieval.scrub FOLDER`, while it is stopped.

A server saves the room for vectors to come as its memory happened to be, and there may be words of
comments in it, removed ones too. In the data folder threadbot sees to that itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.vectors import scrub

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Overwrite that room in all graphs below a folder; return the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    folders = [Path(name) for name in given if not name.startswith("-")]
    if len(given) != 1 or len(folders) != 1 or not folders[0].is_dir():
        sys.stderr.write(
            "Name the folder that `chroma run --path` was given: `python -m retrieval.scrub FOLDER`.\n"
        )
        return 2
    scrub(folders[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
