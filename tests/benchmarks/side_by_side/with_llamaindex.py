"""LlamaIndex and Chroma, with an ingestion pipeline whose document store leaves out what has not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import chromadb
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.vector_stores.chroma import ChromaVectorStore

from tests.benchmarks.side_by_side.model import lists

if TYPE_CHECKING:
    from pathlib import Path

#: Documents at a time: it hands all of them to Chroma at once, which takes 5,461 and refuses more.
_PART = 5000


class BuiltIn(BaseEmbedding):
    """threadbot's model."""

    def _get_text_embedding(self, text):
        return lists([text])[0]

    def _get_text_embeddings(self, texts):
        return lists(texts)

    def _get_query_embedding(self, query):
        return lists([query])[0]

    async def _aget_query_embedding(self, query):
        return self._get_query_embedding(query)


def _model() -> BuiltIn:
    return BuiltIn(model_name="built-in", embed_batch_size=100)


def _store(folder: Path) -> ChromaVectorStore:
    client = chromadb.PersistentClient(str(folder / "chroma"))
    return ChromaVectorStore(chroma_collection=client.get_or_create_collection("comments"))


def ingest(documents, folder: Path) -> None:
    """Bring the store in step with the documents."""
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), _model()],
        vector_store=_store(folder),
        docstore=SimpleDocumentStore(),
    )
    kept = folder / "pipeline"
    if kept.exists():
        pipeline.load(str(kept))
    # What is embedded is the text alone, as with the others; by default it would be the metadata as well.
    whole = [
        Document(
            text=each["text"],
            id_=each["id"],
            metadata=each["metadata"],
            excluded_embed_metadata_keys=list(each["metadata"]),
        )
        for each in documents
    ]
    for start in range(0, len(whole), _PART):
        pipeline.run(documents=whole[start : start + _PART])
    pipeline.persist(str(kept))


def asking(folder: Path):
    """Return what finds the documents for a question."""
    index = VectorStoreIndex.from_vector_store(_store(folder), embed_model=_model())
    retrievers = {}

    def found(question, count):
        if count not in retrievers:
            retrievers[count] = index.as_retriever(similarity_top_k=count)
        return [each.node.metadata for each in retrievers[count].retrieve(question)]

    return found
