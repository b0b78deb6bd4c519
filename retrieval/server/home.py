"""A Chroma server as the home of an index; see `retrieval.homes.Home`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrieval.errors import NoIndexError, RetrievalError, SupersededError
from retrieval.records import short_id
from retrieval.server import publication
from retrieval.server.connection import Server
from retrieval.server.mirror import Mirror, fetched
from retrieval.server.store import ServerStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retrieval.homes import Store
    from retrieval.server.connection import Address
    from retrieval.server.publication import Marker
    from retrieval.vectors import Collection

#: How often a copy is tried while the server changes.
_TRIES = 5


class ServerHome:
    """An index on a server, and the copies of its generations on this machine."""

    def __init__(self, data_dir: Path, address: Address, lease: float = 30.0) -> None:
        self.data_dir = data_dir
        #: How long (seconds) a writer may be silent before another one takes over.
        self.lease = lease
        self.server = Server(address)
        self._mirror: Mirror | None = None
        #: What is known to be here as it is on the server.
        self._here: Marker | None = None

    @property
    def name(self) -> str:
        """See `Home.name`."""
        return self.server.address.name

    @property
    def folder(self) -> Path:
        """See `Home.folder`; where there is nothing on the server, there is nothing in it."""
        if self._mirror is None:
            self._found(self.server.listing())
        return self._mirror.folder if self._mirror else self.data_dir / "servers" / "none"

    @property
    def mirror(self) -> Mirror:
        """Return the copies on this machine.

        :raises NoIndexError: If there is nothing on the server.
        """
        if self._mirror is None:
            self._found(self.server.listing())
        if self._mirror is None:
            raise NoIndexError(
                f"There is no index on {self.name}; run `threadbot ingest YOUR_FOLDER` first.",
                f"{self.name} 上还没有索引；请先运行 `threadbot ingest 你的文件夹`。",
            )
        return self._mirror

    def store(self, generation: int) -> Store:
        """See `Home.store`."""
        return self.opened(generation, self.folder)

    def opened(self, generation: int, place: Path) -> ServerStore:
        """Open a generation that lies below a folder."""
        epoch = self.mirror.envelope(generation, place).epoch
        return ServerStore(self.server, epoch, self.mirror.documents(generation, place))

    def newest(self) -> Marker | None:
        """Ask the server what is published."""
        listing = self.server.listing()
        self._found(listing)
        return max(publication.markers(listing), key=lambda one: one.number, default=None)

    def is_current(self, generation: int) -> bool:
        """See `Home.is_current`."""
        newest = self.newest()
        return newest is not None and newest.number == generation

    def follow(self) -> int | None:
        """See `Home.follow`.

        :raises UnreachableError: If the server does not answer.
        """
        for _ in range(_TRIES):
            newest = self.newest()
            if newest is None or newest == self._here:
                return newest.number if newest else None
            try:
                return self._copy(newest)
            except SupersededError:
                continue
        raise RetrievalError(
            f"The index on {self.name} cannot be copied, comments of it are missing; try again, and if that "
            "does not help delete its collections on the server and ingest your sources anew.",
            f"无法复制 {self.name} 上的索引，缺少其中的评论；请重试，"
            "如果仍不行请删除服务器上的集合并重新导入所有来源。",
        )

    def _copy(self, newest: Marker) -> int:
        """Bring the folder up to a publication, or to a newer one that somebody else brought."""
        with self.mirror.alone():
            here = self.mirror.sound()
            if here is None or here < newest.number:
                self._make(newest, here)
            elif here == newest.number and self.mirror.envelope(here).key != newest.key:
                self._note(newest)
            elif here > newest.number:
                return here
        self._here = newest
        return newest.number

    def _make(self, newest: Marker, base: int | None) -> None:
        listing = self.server.listing()
        envelope = publication.get_envelope(self.server, listing[publication.ENVELOPES], newest)
        comments = listing.get(f"comments-{envelope.epoch}")
        if comments is None:
            raise SupersededError
        have: Mapping[str, int] = {}
        if base is not None:
            before = self.mirror.envelope(base)
            have = before.tags if before.epoch == envelope.epoch else {}
        missing = {thread: tag for thread, tag in envelope.tags.items() if have.get(thread) != tag}
        mirror = self.mirror
        mirror.build(mirror.folder, envelope, base if have else None, fetched(self.server, comments, missing))
        mirror.finish(mirror.folder, envelope)
        mirror.adopt(mirror.folder, envelope)

    def _note(self, newest: Marker) -> None:
        """Take over what a manifest says that was written again for the same generation."""
        shelf = self.server.listing()[publication.ENVELOPES]
        self.mirror.note(publication.get_envelope(self.server, shelf, newest))

    def _found(self, listing: Mapping[str, Collection]) -> None:
        """Choose the folder for what is on the server: another index has another one."""
        shelf = listing.get(publication.ENVELOPES)
        if shelf is None:
            self._mirror = self._here = None
            return
        there = self.server.address
        folder = self.data_dir / "servers" / short_id(there.url, there.tenant, there.database, str(shelf.id))
        if self._mirror is None or self._mirror.folder != folder:
            self._mirror, self._here = Mirror(folder), None
