"""What may be wrong with an index on a Chroma server, each with what to do about it."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

from ingest.health import Finding, excluded, freshness, model
from ingest.lease import holding
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.lexical import LexicalIndex
from retrieval.probe import problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from retrieval.generations import Manifest
    from retrieval.server.home import ServerHome
    from retrieval.server.publication import Envelope


def examine_server(home: ServerHome, fingerprint: Callable[[], str]) -> Iterator[Finding]:
    """Yield what there is to say about a server and the copy of its index on this machine."""
    try:
        number = home.follow()
    except RetrievalError as error:
        yield Finding("server", ok=False, sentence=str(error))
        return
    yield Finding("server", ok=True, sentence=f"{home.name} answers")
    if number is None:
        sentence = "nothing is published; run `threadbot ingest YOUR_FOLDER`"
        yield Finding("generation", ok=False, sentence=sentence)
        return
    envelope = home.mirror.envelope(number)
    manifest = envelope.manifest
    yield _index(home, manifest)
    yield model(manifest, fingerprint)
    if envelope.host == socket.gethostname():
        yield freshness(manifest)
    else:
        said = f"made {manifest.created} on {envelope.host}, where its files are"
        yield Finding("freshness", ok=True, sentence=said)
    yield excluded(home.folder, manifest)
    yield _turn(home)
    yield _leftovers(home, envelope)


def _index(home: ServerHome, manifest: Manifest) -> Finding:
    number = manifest.generation
    lexical = LexicalIndex.open(generations.folder_of(home.folder, number) / "lexical")
    with closing(home.store(number)) as store:
        wrong = list(problems(manifest, store, lexical))
    if wrong:
        return Finding(
            "index", ok=False, sentence=f"generation {number}: {'; '.join(wrong)}; run `threadbot compact`"
        )
    comments = sum(entry.comments for entry in manifest.threads)
    counted = f"{comments} comments, {manifest.passages} passages, the server and this machine agree"
    return Finding("index", ok=True, sentence=f"generation {number}: {counted}")


def _turn(home: ServerHome) -> Finding:
    last = holding(home.server.listing())
    if last is None or last.over:
        return Finding("lock", ok=True, sentence="nobody is writing")
    who = f"process {last.pid} on {last.host} took the turn to write at {last.since}"
    return Finding("lock", ok=True, sentence=f"{who}; if it died, the next ingest takes over")


def _leftovers(home: ServerHome, envelope: Envelope) -> Finding:
    found = home.server.listing().get(f"comments-{envelope.epoch}")
    rows = home.server.count(found) if found is not None else 0
    left = rows - sum(entry.comments for entry in envelope.manifest.threads)
    if left < 0:
        sentence = f"the server lacks {-left} comments; run `threadbot compact` to write all anew"
        return Finding("leftovers", ok=False, sentence=sentence)
    if left > 0:
        sentence = f"{left} comments on the server belong to no generation; what publishes next removes them"
        return Finding("leftovers", ok=True, sentence=sentence)
    return Finding("leftovers", ok=True, sentence="there are none on the server")
