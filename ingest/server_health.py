"""What may be wrong with an index on a Chroma server, each with what to do about it."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

from ingest.health import Finding, excluded, freshness, idle, model, tried, unpublished
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
        yield Finding.of("server", error)
        return
    yield Finding("server", ok=True, sentence=f"{home.name} answers", chinese=f"{home.name} 可以连接")
    if number is None:
        yield unpublished()
        return
    envelope = home.mirror.envelope(number)
    manifest = envelope.manifest
    yield _index(home, manifest)
    yield model(manifest, fingerprint)
    if envelope.host == socket.gethostname():
        yield freshness(manifest)
    else:
        yield Finding(
            "freshness",
            ok=True,
            sentence=f"made {manifest.created} on {envelope.host}, where its files are",
            chinese=f"生成于 {manifest.created}，来源文件在 {envelope.host} 上",
        )
    yield excluded(home.folder, manifest)
    yield _turn(home)
    yield _leftovers(home, envelope)


def _index(home: ServerHome, manifest: Manifest) -> Finding:
    number = manifest.generation
    lexical = LexicalIndex.open(generations.folder_of(home.folder, number) / "lexical")
    with closing(home.store(number)) as store:
        wrong = list(problems(manifest, store, lexical))
    return tried(manifest, wrong, agreed=("the server and this machine agree", "服务器与本机一致"))


def _turn(home: ServerHome) -> Finding:
    last = holding(home.server.listing())
    if last is None or last.over:
        return idle()
    return Finding(
        "lock",
        ok=True,
        sentence=f"process {last.pid} on {last.host} took the turn to write at {last.since}; if it died, the "
        "next ingest takes over",
        chinese=f"{last.host} 上的进程 {last.pid} 自 {last.since} 起在写入；如果它已终止，下一次导入会接手",
    )


def _leftovers(home: ServerHome, envelope: Envelope) -> Finding:
    found = home.server.listing().get(f"comments-{envelope.epoch}")
    rows = home.server.count(found) if found is not None else 0
    left = rows - sum(entry.comments for entry in envelope.manifest.threads)
    if left < 0:
        return Finding(
            "leftovers",
            ok=False,
            sentence=f"the server lacks {-left} comments; run `threadbot compact` to write all anew",
            chinese=f"服务器上缺少 {-left} 条评论；请运行 threadbot compact 重新写入",
        )
    if left > 0:
        return Finding(
            "leftovers",
            ok=True,
            sentence=f"{left} comments on the server belong to no generation; what publishes next removes "
            "them",
            chinese=f"服务器上有 {left} 条评论不属于任何世代；下一次发布会清除",
        )
    return Finding("leftovers", ok=True, sentence="there are none on the server", chinese="服务器上没有残留")
