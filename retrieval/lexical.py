"""The lexical index: BM25 over the terms of passages, in tantivy; the only importer of tantivy.

Terms are made by `terms`, not by tantivy's own analysers, so that the index, the questions and the
highlights agree on what a word is. Queries are built, never parsed: no syntax in a question means
anything, and a word that stands nowhere only adds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrieval.terms import terms
from retrieval.types import Hit, PassageId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import tantivy

    from retrieval.types import Record

#: Bytes tantivy may use for what is not yet written.
_HEAP = 64_000_000


class LexicalIndex:
    """One open index in a folder."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._searcher = index.searcher()

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open, or create, the index in a folder."""
        import tantivy

        folder.mkdir(parents=True, exist_ok=True)
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        schema.add_text_field("comment", tokenizer_name="raw", index_option="basic")
        schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        return cls(tantivy.Index(schema.build(), path=str(folder), reuse=True))

    def update(self, removed: Iterable[str], added: Iterable[Record]) -> None:
        """Remove comments by id and write comments anew, at once or not at all."""
        import tantivy

        writer = self._index.writer(_HEAP, 1)
        for comment_id in removed:
            writer.delete_documents("comment", comment_id)
        for record in added:
            writer.delete_documents("comment", record.comment.id)
            for passage in record.passage_ids():
                document = tantivy.Document()
                document.add_text("id", str(passage))
                document.add_text("comment", record.comment.id)
                document.add_text(
                    "terms", " ".join(term.text for term in terms(record.passage_text(passage)))
                )
                writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def best(self, weights: Mapping[str, float], count: int) -> list[Hit]:
        """Return the passages that hold the weighted terms, best BM25 first."""
        import tantivy

        if not weights:
            return []
        query = tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.boost_query(
                        tantivy.Query.term_query(self._index.schema, "terms", term, "freq"), weight
                    ),
                )
                for term, weight in weights.items()
            ]
        )
        found = self._searcher.search(query, count, count=False).hits
        return [
            Hit(PassageId.parse(str(self._searcher.doc(address)["id"][0])), float(score))
            for score, address in found
        ]

    def rarity(self, term: str) -> float:
        """Return the share of passages that do not hold a term: 1 for an absent one, 0 for one in all."""
        total = self._searcher.num_docs
        return 1.0 - self._searcher.doc_freq("terms", term) / total if total else 1.0

    def count(self) -> int:
        """Return how many passages there are."""
        return int(self._searcher.num_docs)
