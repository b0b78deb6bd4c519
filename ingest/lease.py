"""One writer at a time on a Chroma server: a lease that a dead writer loses.

The n-th turn is a collection, `threadbot-lease-N`: whoever creates it has the turn, and a name can be
created once. Its metadata says who that is, and a counter in it, which a thread of the writer moves on,
that they live. The clocks of two machines need not agree: somebody else watches the counter by their own
clock, and if it stands still for as long as a lease lasts, takes the next turn.

A writer that was only slow finds the next turn's collection when it checks its own, and stops. Nothing
it wrote until then is seen by anybody, and nothing that is seen was removed (see `retrieval.server`).
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from retrieval.errors import RetrievalError, SupersededError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from retrieval.server.connection import Server
    from retrieval.vectors import Collection

_LEASE = "lease-"
#: How often a lease is renewed, and watched by others, in the time it lasts.
_BEATS = 6


@dataclass(frozen=True, slots=True)
class Holding:
    """What a lease's metadata says."""

    #: The turn's number.
    token: int
    #: What tells this try to take it from any other.
    nonce: str
    host: str
    pid: int
    #: ISO 8601 in UTC, by the writer's clock; for people only.
    since: str
    beat: int = 0
    #: Whether the turn is over.
    over: bool = False
    #: Turns that may have left rows nobody sees, this one among them once it failed.
    untidy: tuple[int, ...] = ()

    def metadata(self) -> dict[str, Any]:
        """Return it as Chroma keeps it."""
        return {
            "nonce": self.nonce,
            "host": self.host,
            "pid": self.pid,
            "since": self.since,
            "beat": self.beat,
            "over": self.over,
            "untidy": " ".join(map(str, self.untidy)),
        }


def holding(listing: Mapping[str, Collection]) -> Holding | None:
    """Return the last turn that was taken, None where there was none yet."""
    found = {int(name.removeprefix(_LEASE)): one for name, one in listing.items() if name.startswith(_LEASE)}
    if not found:
        return None
    token = max(found)
    data = found[token].metadata or {}
    return Holding(
        token=token,
        nonce=str(data.get("nonce", "")),
        host=str(data.get("host", "?")),
        pid=int(data.get("pid", 0)),
        since=str(data.get("since", "?")),
        beat=int(data.get("beat", 0)),
        over=bool(data.get("over", False)),
        untidy=tuple(map(int, str(data.get("untidy", "")).split())),
    )


@dataclass(slots=True)
class Lease:
    """A turn that was taken."""

    server: Server
    collection: Collection
    held: Holding
    #: Whether the turn before ended properly, so that it cleaned up after what it published.
    tidy: bool
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def token(self) -> int:
        """Return the turn's number."""
        return self.held.token

    def check(self) -> None:
        """Make sure that nobody else took a turn since.

        :raises RetrievalError: If somebody did.
        """
        newest = holding(self.server.listing())
        if newest is None or newest.nonce != self.held.nonce:
            raise overtaken(newest)

    def start(self, duration: float) -> None:
        """Renew the lease from now on, until it is over."""

        def beat() -> None:
            count = 0
            while not self._stop.wait(duration / _BEATS):
                count += 1
                try:
                    self.server.amend(self.collection, {**self.held.metadata(), "beat": count})
                except SupersededError:
                    return  # somebody else's turn; `check` says so
                except RetrievalError:
                    continue  # the server may be back in time

        self._thread = threading.Thread(target=beat, name="lease", daemon=True)
        self._thread.start()

    def finish(self, untidy: tuple[int, ...]) -> None:
        """End the turn; `untidy` are turns whose rows nobody removed."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        said = {**self.held.metadata(), "over": True, "untidy": " ".join(map(str, untidy))}
        try:
            self.server.amend(self.collection, said)
        except RetrievalError:
            return  # it runs out, then


def take(
    server: Server,
    duration: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] = time.sleep,
) -> Lease:
    """Take the next turn; where a writer seems to be at work, watch for `duration` seconds whether it lives.

    :raises RetrievalError: If it does.
    """
    seen: tuple[str, int] | None = None
    since = clock()
    while True:
        last = holding(server.listing())
        if last is None or last.over:
            lease = _taken(server, last)
        elif seen is None:
            seen, since, lease = (last.nonce, last.beat), clock(), None
        elif seen != (last.nonce, last.beat):
            raise _occupied(last)
        else:
            lease = _taken(server, last) if clock() - since >= duration else None
        if lease is not None:
            lease.start(duration)
            return lease
        wait(duration / _BEATS)


def _taken(server: Server, last: Holding | None) -> Lease | None:
    """Try to take the turn after the last one, None where somebody else did."""
    token = last.token + 1 if last else 1
    untidy = last.untidy if last else ()
    if last is not None and not last.over:
        untidy = (*untidy, last.token)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    held = Holding(token, uuid.uuid4().hex, socket.gethostname(), os.getpid(), now, untidy=untidy)
    collection = server.create(f"{_LEASE}{token:06d}", held.metadata())
    if collection is None:
        return None
    for name in [name for name in server.listing() if name.startswith(_LEASE)]:
        if int(name.removeprefix(_LEASE)) < token:
            server.drop(name)
    return Lease(server, collection, held, tidy=last is None or last.over)


def _occupied(last: Holding) -> RetrievalError:
    return RetrievalError(
        f"Another ingest (process {last.pid} on {last.host}, since {last.since}) is writing to the Chroma "
        "server; try again when it is done.",
        f"另一个导入（{last.host} 上的进程 {last.pid}，自 {last.since}）正在写入 Chroma 服务器；"
        "请等它结束后再试。",
    )


def overtaken(newest: Holding | None) -> RetrievalError:
    """Return what to say to a writer that lost its turn."""
    who = f" (process {newest.pid} on {newest.host})" if newest else ""
    whom = f"（{newest.host} 上的进程 {newest.pid}）" if newest else ""
    return RetrievalError(
        f"Another ingest{who} took over, because the Chroma server had not heard of this one for too long; "
        "nothing was published by this one, ingest again.",
        f"Chroma 服务器太久没有收到本次导入的消息，另一个导入{whom}已接管；"
        "本次没有发布任何内容，请重新导入。",
    )
