"""What an index depends on besides the files and the model: the code that read and wrote it.

A digest of that code's source stands in the manifest. When threadbot reads files otherwise than it
did, they are read again; when it writes its indexes otherwise, they are written anew, with vectors
from the embedding cache.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from retrieval import model

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@cache
def reading() -> str:
    """Return a digest of what decides which comments, passages and thread ids a file's bytes become."""
    ingest, retrieval = files("ingest"), files("retrieval")
    formats = sorted(ingest.joinpath("formats").iterdir(), key=lambda file: file.name)
    others = (ingest / "decoding.py", ingest / "identity.py", ingest / "web" / "indexes.py")
    return _digest(*formats, *others, retrieval / "text.py")


@cache
def indexing() -> str:
    """Return a digest of what decides how comments are kept and which terms are indexed."""
    retrieval = files("retrieval")
    names = (
        "alignment.py",
        "dictionary.py",
        "dictionary.tsv.gz",
        "documents.py",
        "equivalents.tsv",
        "lexical.py",
        "model/vocabulary.py",
        "records.py",
        "stopwords.txt",
        "terms.py",
        "vectors.py",
        "wholes.py",
    )
    # The tokens that are kept are the built-in model's, whichever model gives the vectors; how they are
    # packed stands in a file of its own.
    return f"{_digest(*(retrieval / name for name in names))}-{model.fingerprint()}"


def _digest(*parts: Traversable) -> str:
    hasher = hashlib.sha256()
    for part in parts:
        if part.is_file():
            hasher.update(f"{part.name}\0".encode() + part.read_bytes())
    return hasher.hexdigest()[:16]
