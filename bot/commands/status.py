"""`threadbot status`: what is indexed, by which model, and how fresh it is; loads neither model nor index."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot import as_json, messages, reports
from bot.home import home
from bot.render_terminal import one_line
from bot.settings import interface_language, load
from ingest import last_runs
from retrieval.errors import NoIndexError
from retrieval.generations import size_of
from retrieval.homes import published

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot.parts import Parts
    from bot.streams import Streams
    from retrieval.generations import Manifest, ThreadEntry
    from retrieval.homes import Home
    from retrieval.types import Language

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1000


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Read the published manifest and describe it."""
    del parts
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    place = home(settings)
    manifest = published(place)
    if manifest is None:
        raise NoIndexError(
            f"There is no index in {place.name} yet; make one with: threadbot ingest YOUR_FOLDER",
            f"{place.name} 中还没有索引；请用 threadbot ingest 你的文件夹 来建立。",
        )
    size = size_of(place.data_dir)
    if arguments.json:
        streams.say(as_json.dumps(status_object(manifest, place, size), indent=2))
    else:
        looked = last_runs.latest(place.data_dir)
        for line in describe(manifest, place, size, datetime.now(UTC), looked, language):
            streams.say(line)
    return 0


def status_object(manifest: Manifest, place: Home, size: int) -> as_json.JsonObject:
    """Return the status as one JSON object."""
    elsewhere = {"server": place.name} if place.name != str(place.data_dir) else {}
    return elsewhere | {
        "data_dir": str(place.data_dir),
        "generation": manifest.generation,
        "created": manifest.created,
        "archive_date": manifest.archive_date,
        "model": manifest.model,
        "fingerprint": manifest.fingerprint,
        "dimensions": manifest.dimensions,
        "bytes": size,
        "comments": sum(entry.comments for entry in manifest.threads),
        "threads": [_thread_object(entry) for entry in manifest.threads],
        "skipped": [{"path": path, "reason": reason} for path, reason in _skipped(manifest)],
        "last_run": manifest.run,
        "last_looked": moment.isoformat() if (moment := last_runs.latest(place.data_dir)) else None,
    }


def describe(
    manifest: Manifest,
    place: Home,
    size: int,
    now: datetime,
    looked: datetime | None,
    language: Language,
) -> Iterator[str]:
    """Yield the status as lines to read; `looked` is when a run last began."""
    threads = manifest.threads
    if place.name != str(place.data_dir):
        yield reports.SERVER(language, name=place.name)
    yield reports.FOLDER(language, folder=place.data_dir, size=human_size(size))
    written = ago(manifest.created, now, language)
    yield reports.GENERATION(language, generation=manifest.generation, ago=written, moment=manifest.created)
    yield reports.MODEL(language, model=manifest.model, dimensions=manifest.dimensions)
    yield reports.THREADS(
        language,
        threads=len(threads),
        comments=sum(entry.comments for entry in threads),
        zh=sum(entry.zh for entry in threads),
        en=sum(entry.en for entry in threads),
    )
    newest = reports.NEWEST if manifest.archive_date else reports.UNDATED
    yield newest(language, date=manifest.archive_date)
    yield from _last_run(manifest, language)
    if looked is not None:
        moment = looked.isoformat(timespec="seconds")
        yield reports.LAST_RUN(
            language, ago=ago(moment, now, language), moment=moment, skipped=len(_skipped(manifest))
        )
    yield ""
    for entry in threads:
        yield from _thread_lines(entry, language)
    skipped = _skipped(manifest)
    if skipped:
        yield "\n" + reports.ALL_SKIPPED(language, count=len(skipped))
        for path, reason in skipped:
            yield reports.ONE_SKIPPED(language, path=one_line(path), reason=one_line(reason))


def human_size(size: float) -> str:
    """Write a size as people do."""
    for unit in _UNITS[:-1]:
        if size < _STEP:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} {_UNITS[-1]}"


def ago(moment: str, now: datetime, language: Language) -> str:
    """Say how long ago an ISO moment was, in the largest unit that fits."""
    then = datetime.fromisoformat(moment)
    seconds = int((now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds())
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = seconds // length
        if count >= 1:
            one, several = reports.AGO[name]
            return (several if count > 1 else one)(language, count=count)
    return reports.JUST_NOW(language)


def _thread_object(entry: ThreadEntry) -> as_json.JsonObject:
    return {
        "id": entry.thread.id,
        "title": as_json.bilingual(entry.thread.title),
        "date": entry.thread.date,
        "path": entry.path,
        "comments": entry.comments,
        "answers": entry.answers,
        "zh": entry.zh,
        "en": entry.en,
    }


def _thread_lines(entry: ThreadEntry, language: Language) -> Iterator[str]:
    titles = " / ".join(one_line(title) for _, title in entry.thread.title.items())
    yield titles or reports.NO_TITLE(language)
    yield reports.THREAD(
        language,
        path=one_line(entry.path),
        date=entry.thread.date or messages.NO_DATE(language),
        comments=entry.comments,
        answers=entry.answers,
        zh=entry.zh,
        en=entry.en,
        id=entry.thread.id,
    )


def _last_run(manifest: Manifest, language: Language) -> Iterator[str]:
    run = manifest.run
    if run:
        counted = ("new", "changed", "removed", "unchanged", "seconds")
        yield reports.LAST_CHANGE(language, **{name: run.get(name, 0) for name in counted})


def _skipped(manifest: Manifest) -> list[tuple[str, str]]:
    return [(entry.path, entry.skipped) for entry in manifest.files if entry.skipped]
