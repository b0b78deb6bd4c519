"""How a comment is written into the store and read back: one JSON document per comment."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from retrieval.types import Bilingual, Comment, Kind, Language, Record, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Part of every digest: what is digested, and how, may change; then everything counts as changed.
_DIGEST_VERSION = b"1"


def digest(*parts: str | None, length: int = 20) -> bytes:
    """Return a stable digest of texts; None differs from "", and ("ab", "c") from ("a", "bc")."""
    hasher = hashlib.blake2b(_DIGEST_VERSION, digest_size=length)
    for part in parts:
        data = b"" if part is None else part.encode("utf-8", "surrogatepass")
        hasher.update(b"-" if part is None else str(len(data)).encode() + b":")
        hasher.update(data)
    return hasher.digest()


def short_id(*parts: str | None, length: int = 12) -> str:
    """Return a digest as `length` lower-case letters and digits 2-7, five bits each."""
    return base64.b32encode(digest(*parts)).decode().lower()[:length]


def content_digest(comment_text: Bilingual) -> str:
    """Return what tells whether a comment's text changed."""
    return digest(comment_text.zh, comment_text.en).hex()


def make_record(comment: Comment, ancestors: Iterable[str]) -> Record:
    """Cut a comment into passages and add what the store keeps beside it, but for their tokens."""
    # The dictionaries behind these are not worth loading where nothing changed.
    from retrieval import text
    from retrieval.alignment import align

    passages: dict[Language, tuple[Span, ...]] = {
        language: tuple(text.passages(body)) for language, body in comment.text.items()
    }
    zh, en = comment.text.zh, comment.text.en
    aligned = align(zh, en) if zh and en else ()
    return Record(comment, content_digest(comment.text), tuple(ancestors), passages, aligned)


def asking(title: Bilingual, question: Bilingual) -> list[str]:
    """Return the texts that say what a thread asks: its title, and how the text under that begins."""
    from retrieval import text

    begins = (next(iter(text.passages(body)), Span(0, 0)).of(body) for _, body in question.items())
    return [*(said for _, said in title.items()), *filter(None, begins)]


def tokenized(items: Iterable[Record]) -> list[Record]:
    """Add the tokens of their passages to comments that lack them; many take half the time together."""
    found = list(items)
    lacking = {
        place: texts
        for place, record in enumerate(found)
        if not record.tokens and (texts := record.passage_texts())
    }
    if not lacking:
        return found  # the vocabulary is not worth loading
    from retrieval.model.vocabulary import vocabulary

    packed = iter(vocabulary().packed(chain.from_iterable(lacking.values())))
    for place, texts in lacking.items():
        found[place] = replace(found[place], tokens=tuple(islice(packed, len(texts))))
    return found


def dumps(record: Record) -> str:
    """Write a record as JSON."""
    comment = record.comment
    return json.dumps(
        {
            "id": comment.id,
            "thread": comment.thread_id,
            "position": comment.position,
            "kind": comment.kind.value,
            "author": comment.author,
            "reply_to": comment.reply_to,
            "parent": comment.parent,
            "text": dict(comment.text.items()),
            "lines": comment.lines,
            "images": comment.images,
            "digest": record.digest,
            "ancestors": record.ancestors,
            "passages": {
                language: [[span.start, span.end] for span in spans]
                for language, spans in record.passages.items()
            },
            "aligned": [[zh.start, zh.end, en.start, en.end] for zh, en in record.aligned],
            "tokens": [base64.b64encode(own).decode() for own in record.tokens],
            **({"whole": base64.b64encode(record.whole).decode()} if record.whole else {}),
            **({"common": record.common} if record.common is not None else {}),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def loads(document: str, whole: bytes | None = None) -> Record:
    """Read what `dumps` wrote; `whole` is where the comment points, where that is kept beside it."""
    data: dict[str, Any] = json.loads(document)
    first, last = data["lines"]
    comment = Comment(
        id=data["id"],
        thread_id=data["thread"],
        position=data["position"],
        kind=Kind(data["kind"]),
        author=data["author"],
        reply_to=data["reply_to"],
        parent=data["parent"],
        text=Bilingual(**data["text"]),
        lines=(first, last),
        images=data["images"],
    )
    passages: dict[Language, tuple[Span, ...]] = {
        language: tuple(Span(start, end) for start, end in spans)
        for language, spans in data["passages"].items()
    }
    aligned = tuple((Span(*ends[:2]), Span(*ends[2:])) for ends in data.get("aligned", ()))
    tokens = tuple(map(base64.b64decode, data.get("tokens", ())))
    return Record(
        comment,
        digest=data["digest"],
        ancestors=tuple(data["ancestors"]),
        passages=passages,
        aligned=aligned,
        tokens=tokens,
        whole=base64.b64decode(data.get("whole", "")) if whole is None else whole,
        common=data.get("common"),
    )
