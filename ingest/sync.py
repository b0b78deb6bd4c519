"""Bring the index in step with the files: look | survey | plan | embed and write | probe | publish.

Each stage hands a frozen value to the next; only `embed` loads a model and only `write` opens a
store, in a thread of its own. Vectors are committed to the embedding cache before anything else is done
with them, and a generation is seen by nobody before it is published, so a run can be killed at any moment
and costs its own work at most. Where a look at the files shows that none was touched, nothing else is
even imported.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest import sources as outside
from ingest.glance import glance_at
from ingest.progress import Silent
from retrieval.homes import home_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.progress import Progress
    from ingest.summary import Summary
    from ingest.web.types import Web
    from retrieval.embedder import Embedder
    from retrieval.homes import Home
    from retrieval.probe import Probe


def ingest(
    named: Sequence[str | Path],
    place: Path | Home,
    embedder: Embedder,
    *,
    model: str = "built-in",
    prune: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
    probe: Probe | None = None,
    web: Web | None = None,
    vectors: Path | None = None,
) -> Summary:
    """Bring the index in a data folder, or another home, in step with the named sources.

    Sources are paths, and addresses as text, fetched as `web` says. A dry run changes nothing and loads
    no model. A new generation is tried out with `probe`, by default in a child process. Texts are not
    encoded whose vectors are in the folder `vectors`, see `ingest.shards`.

    :raises RetrievalError: If another ingest is running, nothing of what is named could be read, or
        the data folder cannot be used; what is published then stays as it is.
    """
    began = time.monotonic()
    home, told = home_of(place), progress or Silent()
    roots = outside.roots(named)
    glance = glance_at(home, roots, embedder.fingerprint, prune=prune)
    summary = glance.summary() if glance else None
    if summary is None:
        # None of it is worth importing where nothing was touched.
        from ingest.carrying import Carrying, note
        from ingest.compare import compare
        from ingest.turns import trying_out, writing

        if dry_run:
            found = compare(home, roots, embedder.fingerprint, prune=prune, progress=told, web=web)
            summary = replace(found.summary(), plan=found.plan())
        else:
            # What tries the result out gets ready while files are read, which keeps one core busy.
            with writing(home) as turn, nullcontext(probe) if probe else trying_out(home) as trial:
                turn.sweep()
                found = compare(home, roots, embedder.fingerprint, prune=prune, progress=told, web=web)
                if found.unfit or found.differs:
                    summary = Carrying(turn, found, embedder, model, told, trial, began, vectors)()
                else:
                    summary = note(turn, found)
                if glance and found.seen.settled:
                    glance.remember(summary)
    return replace(summary, seconds=round(time.monotonic() - began, 3))
