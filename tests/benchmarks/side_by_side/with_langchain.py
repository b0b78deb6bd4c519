"""LangChain and Chroma, with its indexing API, which leaves out what has not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_chroma import Chroma
from langchain_classic.indexes import SQLRecordManager
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.indexing import index
from langchain_text_splitters import RecursiveCharacterTextSplitter

from tests.benchmarks.side_by_side.model import lists

if TYPE_CHECKING:
    from pathlib import Path


class BuiltIn(Embeddings):
    """threadbot's model."""

    def embed_documents(self, texts):
        """Return a vector per text."""
        return lists(texts)

    def embed_query(self, text):
        """Return a question's vector."""
        return lists([text])[0]


def _store(folder: Path) -> Chroma:
    return Chroma("comments", embedding_function=BuiltIn(), persist_directory=str(folder / "chroma"))


def ingest(documents, folder: Path) -> None:
    """Bring the store in step with the documents."""
    manager = SQLRecordManager("chroma/comments", db_url=f"sqlite:///{folder / 'records.sqlite'}")
    manager.create_schema()
    made = [Document(each["text"], metadata=each["metadata"]) for each in documents]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    index(
        splitter.split_documents(made),
        manager,
        _store(folder),
        cleanup="full",
        source_id_key="source",
        key_encoder="sha256",
    )


def asking(folder: Path):
    """Return what finds the documents for a question."""
    store = _store(folder)
    return lambda question, count: [each.metadata for each in store.similarity_search(question, k=count)]
