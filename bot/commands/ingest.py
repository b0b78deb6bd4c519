"""`threadbot ingest`: bring the index in step with files and folders."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot import as_json
from bot.progress import progress
from bot.render_terminal import visible
from bot.settings import interface_language, load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot.parts import Parts
    from bot.streams import Streams
    from ingest.summary import Summary


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Ingest once; what was skipped goes to standard error, the summary to standard output."""
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    with progress(streams, language, arguments.progress) as shown:
        summary = parts.ingest(
            arguments.sources, settings, prune=arguments.prune, dry_run=arguments.dry_run, progress=shown
        )
    for path, reason in summary.skipped:
        streams.complain(visible(f"skipped {path}: {reason}"))
    if arguments.json:
        streams.say(as_json.dumps(summary.to_json(), indent=2))
    else:
        streams.say("\n".join(describe(summary, dry_run=arguments.dry_run)))
    return 0


def describe(summary: Summary, *, dry_run: bool) -> Iterator[str]:
    """Yield the summary as lines to read."""
    yield from map(visible, summary.plan)
    yield f"Files      {summary.files_read} read, {len(summary.skipped)} skipped"
    yield (
        f"Comments   {summary.new} new, {summary.changed} changed, {summary.moved} moved, "
        f"{summary.removed} removed, {summary.unchanged} unchanged"
    )
    if dry_run:
        yield "Nothing was changed (--dry-run)."
        return
    if summary.excluded:
        yield f"Excluded   {summary.excluded} comments (see `threadbot exclude --list`)"
    if summary.rebuilt:
        yield f"Rebuilt    a first try was broken and thrown away: {summary.rebuilt[0]}"
    if summary.compacted:
        yield "Compacted  what was removed earlier is gone from the disk; there is nothing to roll back to"
    yield f"Passages   {summary.embedded} embedded, {summary.cached} from the cache"
    yield f"Seconds    {summary.seconds:.1f}, of which encoding {summary.encoding_seconds:.1f}"
    state = "published" if summary.published else "still current: nothing changed"
    yield f"Generation {summary.generation} {state}"
