"""`threadbot show`: a whole comment, and where it stands."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot import as_json, messages, render_terminal
from bot.home import home
from bot.render_terminal import visible
from bot.screen import for_streams
from bot.settings import interface_language, load
from ingest.verify import Verdict, verify
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.streams import Streams
    from ingest.verify import Finding
    from retrieval.types import Language


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Look the comment up and write it; with --verify also whether its file still says so."""
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    with closing(parts.open_archive(settings)) as archive:
        found = archive.show(arguments.id, language)
    finding = verify(home(settings), found.comment) if arguments.verify else None
    if arguments.json:
        shown = as_json.excerpt(found, language)
        streams.say(as_json.dumps(shown | ({"verified": asdict(finding)} if finding else {}), indent=2))
    else:
        for_streams(streams).show(render_terminal.whole(found, language))
        if finding:
            streams.say(visible(described(finding, language)))
    return 0 if finding is None or finding.verdict is Verdict.UNCHANGED else RetrievalError.exit_code


def described(finding: Finding, language: Language) -> str:
    """Say in a sentence what became of a comment in its file."""
    first, last = finding.lines or (0, 0)
    return messages.VERIFIED[finding.verdict.value](
        language, path=finding.path, first=first, last=last, digest=finding.digest, reason=finding.reason
    )
