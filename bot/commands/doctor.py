"""`threadbot doctor`: check the data folder, and say of each thing that it is well or what to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot import as_json
from bot.home import home
from bot.render_terminal import one_line
from bot.settings import interface_language, load
from ingest.health import examine

if TYPE_CHECKING:
    import argparse

    from bot.parts import Parts
    from bot.streams import Streams


def run(arguments: argparse.Namespace, streams: Streams, parts: Parts) -> int:
    """Examine everything; the exit code is 1 if there is something to do."""
    settings = load(arguments.data)
    language = interface_language(settings.language, os.environ)
    findings = []
    for finding in examine(home(settings), lambda: parts.fingerprint(settings)):
        findings.append(finding)
        if not arguments.json:
            mark = "ok " if finding.ok else "!! "
            streams.say(one_line(f"{mark} {finding.said(language)}"))
    if arguments.json:
        told = [{"name": one.name, "ok": one.ok, "sentence": one.sentence} for one in findings]
        streams.say(as_json.dumps(told, indent=2))
    return 0 if all(finding.ok for finding in findings) else 1
