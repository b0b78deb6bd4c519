"""What is published on a server: the newest generation's marker, and the envelope that it names."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval import generations
from retrieval.errors import RetrievalError, SupersededError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retrieval.generations import Manifest
    from retrieval.server.connection import Server
    from retrieval.vectors import Collection

#: The collection of the envelopes; its id tells one index from another that was begun anew.
ENVELOPES = "envelopes"
_GENERATION = "generation-"
#: Characters of an envelope in one document; Chroma Cloud allows 16 KiB.
_PIECE = 12_000


@dataclass(frozen=True, slots=True)
class Marker:
    """A publication."""

    number: int
    #: What the rows of its envelope are called, and how many they are.
    key: str
    pieces: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything about a generation that is not a comment or a vector."""

    manifest: Manifest
    #: What the names of its collections of comments and passages end with.
    epoch: str
    #: The tag of the rows that are alive, by thread.
    tags: Mapping[str, int]
    #: (thread, tag) of rows that the generation before had, and that may go.
    superseded: tuple[tuple[str, int], ...] = ()
    #: What `exclusions.json` holds; empty where there is none.
    exclusions: str = ""
    #: The machine whose files it was made from.
    host: str = ""
    #: See `Marker.key`; not part of the text.
    key: str = field(default="", compare=False)

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps(
            {
                "manifest": generations.manifest_text(self.manifest),
                "epoch": self.epoch,
                "tags": dict(self.tags),
                "superseded": self.superseded,
                "exclusions": self.exclusions,
                "host": self.host,
            },
            ensure_ascii=False,
        )

    @classmethod
    def parse(cls, text: str, name: str, key: str) -> Envelope:
        """Read what `text` returned; `name` is what to call the index."""
        data = json.loads(text)
        return cls(
            manifest=generations.parse_manifest(data["manifest"], name),
            epoch=data["epoch"],
            tags=data["tags"],
            superseded=tuple((thread, tag) for thread, tag in data["superseded"]),
            exclusions=data["exclusions"],
            host=data["host"],
            key=key,
        )


def generation_name(number: int) -> str:
    """Return the name of a generation's collection."""
    return f"{_GENERATION}{number:06d}"


def markers(listing: Mapping[str, Collection]) -> list[Marker]:
    """Return all publications that are still there, oldest first."""
    found = ((name.removeprefix(_GENERATION), one) for name, one in listing.items() if _numbered(name))
    return sorted(
        (_marker(int(number), one.metadata or {}) for number, one in found), key=lambda one: one.number
    )


def _numbered(name: str) -> bool:
    return name.startswith(_GENERATION) and name.removeprefix(_GENERATION).isdigit()


def _marker(number: int, metadata: Mapping[str, Any]) -> Marker:
    return Marker(number, str(metadata.get("key", "")), int(metadata.get("pieces", 0)))


def described(marker: Marker) -> dict[str, Any]:
    """Return a marker as the metadata of its collection."""
    return {"key": marker.key, "pieces": marker.pieces}


def put_envelope(server: Server, shelf: Collection, envelope: Envelope, key: str) -> Marker:
    """Write an envelope, which nobody reads before its marker is there; return that marker."""
    packed = base64.b85encode(zlib.compress(envelope.text().encode("utf-8", "surrogatepass"))).decode("ascii")
    pieces = [packed[start : start + _PIECE] for start in range(0, len(packed), _PIECE)]
    ids = [f"{key}:{number:05d}" for number in range(len(pieces))]
    server.put(
        shelf,
        {
            "ids": ids,
            "embeddings": np.zeros((len(pieces), 1), dtype=np.float32),
            "metadatas": [{"key": key}] * len(pieces),
            "documents": pieces,
        },
    )
    return Marker(envelope.manifest.generation, key, len(pieces))


def get_envelope(server: Server, shelf: Collection, marker: Marker) -> Envelope:
    """Read the envelope that a marker names.

    :raises SupersededError: If it was removed because something newer is published.
    :raises RetrievalError: If it cannot be read.
    """
    ids = [f"{marker.key}:{number:05d}" for number in range(marker.pieces)]
    found = server.rows(shelf, ids, "documents")
    if len(found) < len(ids):
        raise SupersededError
    try:
        packed = base64.b85decode("".join(found[name] for name in ids))
        text = zlib.decompress(packed).decode("utf-8", "surrogatepass")
        return Envelope.parse(text, server.address.name, marker.key)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise RetrievalError(
            f"Generation {marker.number} on {server.address.name} cannot be read ({type(error).__name__}); "
            f"delete the collection threadbot-{generation_name(marker.number)} there and ingest again.",
            f"无法读取 {server.address.name} 上的第 {marker.number} 代（{type(error).__name__}）；"
            f"请删除其中的集合 threadbot-{generation_name(marker.number)} 并重新导入。",
        ) from error
