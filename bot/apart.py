"""Run one ingest in a process of its own, for a service that runs many.

What a run leaves in memory goes with its process, the model as well as what libraries never give back,
and no way of ending ends the service.
"""

from __future__ import annotations

import json
import subprocess
import sys
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from bot import messages
from ingest.summary import Summary
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STOPPING_SECONDS = 10.0


def ingest_apart(arguments: Sequence[str], hear: Callable[[str], None]) -> Summary:
    """Run `threadbot ingest --json` with arguments, its standard error heard line by line.

    Whatever interrupts this ends the process before it goes on.

    :raises RetrievalError: If the run failed, with its own sentence.
    """
    last = ""
    with TemporaryFile("w+", encoding="utf-8") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", "bot", "ingest", "--json", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        try:
            for line in process.stderr or ():
                hear(line)
                last = line.strip() or last
            code = process.wait()
        except BaseException:
            _stop(process)
            raise
        out.seek(0)
        told = out.read()
    try:
        if code == 0:
            return Summary.from_json(json.loads(told))
    except (ValueError, KeyError, TypeError):
        pass
    if last and code > 0:
        raise RetrievalError(last)
    raise RetrievalError(*messages.RUN_ENDED.both(code=code))


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
