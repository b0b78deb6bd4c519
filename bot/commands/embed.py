"""`threadbot embed`: encode a part of an archive's texts, for `threadbot ingest --vectors`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot import as_json, messages, reports
from bot.progress import progress
from bot.render_terminal import visible
from bot.settings import interface_language, load

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.streams import Streams


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Encode what is missing; what was skipped goes to standard error, the summary to standard output."""
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    with progress(streams, language, arguments.progress) as shown:
        done = parts.embed(
            arguments.sources, settings, out=arguments.out, shard=arguments.shard, progress=shown
        )
    for path, reason in done.skipped:
        streams.complain(visible(reports.SKIPPED(language, path=path, reason=reason)))
    if arguments.json:
        streams.say(as_json.dumps(done.to_json(), indent=2))
    else:
        there = done.own - done.encoded
        streams.say(
            messages.EMBEDDED(
                language,
                texts=done.texts,
                own=done.own,
                encoded=done.encoded,
                there=there,
                seconds=f"{done.seconds:.1f}",
                out=arguments.out,
            )
        )
    return 0
