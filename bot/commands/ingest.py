"""`threadbot ingest`: bring the index in step with files and folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bot import as_json, messages, reports
from bot.progress import progress
from bot.render_terminal import visible
from bot.settings import interface_language, load
from ingest import last_runs, sources
from ingest.schedule import Every, cron, zone_of
from retrieval.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot.parts import Parts
    from bot.settings import Settings
    from bot.streams import Streams
    from ingest.summary import Summary
    from retrieval.types import Language


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Ingest once, or again and again; what was skipped goes to standard error."""
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    if arguments.every or arguments.cron or arguments.watch:
        return _repeat(arguments, settings, streams, parts, language)
    began = parts.clock()
    with progress(streams, language, arguments.progress) as shown:
        summary = parts.ingest(
            arguments.sources,
            settings,
            prune=arguments.prune,
            dry_run=arguments.dry_run,
            progress=shown,
            vectors=arguments.vectors,
        )
    if not arguments.dry_run:
        last_runs.remember(settings.data_dir, sources.roots(arguments.sources), began)
    for path, reason in (*summary.skipped, *summary.useless):
        streams.complain(visible(reports.SKIPPED(language, path=path, reason=reason)))
    if arguments.json:
        streams.say(as_json.dumps(summary.to_json(), indent=2))
    else:
        streams.say("\n".join(describe(summary, language, dry_run=arguments.dry_run)))
    return 0


def _repeat(
    arguments: argparse.Namespace, settings: Settings, streams: Streams, parts: Parts, language: Language
) -> int:
    """Ingest until told to stop; what cannot be meant is refused before the first run."""
    from bot.repeating import Repeating

    if arguments.dry_run:
        raise UsageError(*messages.NO_SCHEDULED_DRY_RUN.both())
    roots = sources.roots(arguments.sources)
    zone = zone_of(settings.timezone)
    options = ["--data", str(settings.data_dir), "--progress", arguments.progress]
    options += ["--prune"] if arguments.prune else []
    options += ["--vectors", str(arguments.vectors)] if arguments.vectors else []

    def once() -> Summary:
        return parts.ingest_apart([*options, "--", *arguments.sources], hear)

    def hear(line: str) -> None:
        if line.startswith("{"):  # progress as JSON; everything else is in the summary
            streams.complain(line.rstrip())

    runs = Repeating(once, roots, settings.data_dir, parts, streams, language, zone, arguments.json)
    if arguments.watch:
        paths = [root for root in roots if isinstance(root, Path)]
        if address := next((root for root in roots if isinstance(root, str)), None):
            raise UsageError(*messages.NO_WATCHED_ADDRESS.both(address=address))
        return runs.when_written(paths)
    plan = cron(arguments.cron, zone) if arguments.cron else Every(arguments.every)
    return runs.by(plan, at_once=not arguments.cron)


def describe(summary: Summary, language: Language, *, dry_run: bool) -> Iterator[str]:
    """Yield the summary as lines to read."""
    yield from map(visible, summary.plan)
    yield reports.FILES(language, read=summary.files_read, skipped=len(summary.skipped))
    yield reports.COMMENTS(
        language,
        new=summary.new,
        changed=summary.changed,
        moved=summary.moved,
        removed=summary.removed,
        unchanged=summary.unchanged,
    )
    if dry_run:
        yield reports.NOTHING_DONE(language)
        return
    if summary.excluded:
        yield reports.EXCLUDED(language, count=summary.excluded)
    if summary.rebuilt:
        yield reports.REBUILT(language, reason=summary.rebuilt[0])
    if summary.compacted:
        yield reports.COMPACTED(language)
    yield reports.PASSAGES(language, embedded=summary.embedded, cached=summary.cached)
    yield reports.SECONDS(language, seconds=summary.seconds, encoding=summary.encoding_seconds)
    state = reports.PUBLISHED if summary.published else reports.STILL_CURRENT
    yield state(language, generation=summary.generation)
