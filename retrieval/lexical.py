"""The lexical index: BM25 over the terms of passages, in tantivy; the only importer of tantivy.

Terms are made by `terms`, not by tantivy's own analysers, so that the index, the questions and the
highlights agree on what a word is. Queries are built, never parsed: no syntax in a question means
anything, and a word that stands nowhere only adds nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from retrieval.terms import fold, terms
from retrieval.types import Hit, PassageId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import tantivy

    from retrieval.types import Record, Scope

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
        for name in ("thread", "author", "kind"):
            schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
        schema.add_unsigned_field("day", indexed=True)
        schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        return cls(tantivy.Index(schema.build(), path=str(folder), reuse=True))

    def update(self, removed: Iterable[str], added: Iterable[Record], days: Mapping[str, int]) -> None:
        """Remove comments by id and write comments anew, at once or not at all.

        `days` gives the day of a thread by its id, as yyyymmdd; 0 stands for unknown.
        """
        writer = self._index.writer(_HEAP, 1)
        for comment_id in removed:
            writer.delete_documents("comment", comment_id)
        for record in added:
            writer.delete_documents("comment", record.comment.id)
            for passage in record.passage_ids():
                writer.add_document(_document(record, passage, days[record.comment.thread_id]))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def best(self, weights: Mapping[str, float], count: int, scope: Scope) -> list[Hit]:
        """Return the passages in scope that hold the weighted terms, best BM25 first."""
        import tantivy

        if not weights:
            return []
        query, must, should = tantivy.Query, tantivy.Occur.Must, tantivy.Occur.Should
        schema = self._index.schema
        wanted = query.boolean_query(
            [
                (should, query.boost_query(query.term_query(schema, "terms", term, "freq"), weight))
                for term, weight in weights.items()
            ]
        )
        limits = [(must, query.const_score_query(limit, 0.0)) for limit in _limits(schema, scope)]
        found = self._searcher.search(query.boolean_query([(must, wanted), *limits]), count, count=False).hits
        return [
            Hit(PassageId.parse(str(self._searcher.doc(address)["id"][0])), float(score))
            for score, address in found
        ]

    def ideal(self, weights: Mapping[str, float]) -> float:
        """Return the score that a passage approaches which holds every term very often.

        BM25's own sum, each term's frequency part at its limit k1 + 1 (tantivy has k1 = 1.2).
        """
        total = self._searcher.num_docs
        return sum(2.2 * weight * self._rarity(term, total) for term, weight in weights.items())

    def _rarity(self, term: str, total: int) -> float:
        """Return BM25's inverse document frequency of a term, as tantivy reckons it."""
        holding = self._searcher.doc_freq("terms", term)
        return math.log(1 + (total - holding + 0.5) / (holding + 0.5))

    def count(self) -> int:
        """Return how many passages there are."""
        return int(self._searcher.num_docs)


def _document(record: Record, passage: PassageId, day: int) -> tantivy.Document:
    import tantivy

    comment = record.comment
    document = tantivy.Document()
    document.add_text("id", str(passage))
    document.add_text("comment", comment.id)
    document.add_text("thread", comment.thread_id)
    document.add_text("author", fold(comment.author))
    document.add_text("kind", comment.kind.value)
    document.add_unsigned("day", day)
    document.add_text("terms", " ".join(term.text for term in terms(record.passage_text(passage))))
    return document


def _limits(schema: tantivy.Schema, scope: Scope) -> Iterator[tantivy.Query]:
    """Yield a scope as conditions that all must hold."""
    import tantivy

    query = tantivy.Query
    if scope.threads is not None:
        yield query.term_set_query(schema, "thread", list(scope.threads))
    if scope.author is not None:
        yield query.term_query(schema, "author", scope.author)
    if scope.kind is not None:
        yield query.term_query(schema, "kind", scope.kind)
    if scope.since is not None or scope.until is not None:
        # Threads without a date have day 0 and are in no range.
        yield query.range_query(
            schema, "day", tantivy.FieldType.Unsigned, scope.since or 1, scope.until or 99_999_999
        )
