"""The lexical index: BM25 over the terms of comments, in tantivy; the only importer of tantivy.

A comment has one document for each language it exists in, so that a text's length counts in one
script only. Whole comments are better evidence than passages: see the README's evaluation.

Terms are made by `terms`, not by tantivy's own analysers, so that the index, the questions and the
highlights agree on what a word is. Queries are built, never parsed: no syntax in a question means
anything, and a word that stands nowhere only adds nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cachetools import LRUCache

from retrieval.errors import RetrievalError
from retrieval.terms import fold, pieces, texts
from retrieval.types import TextHit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import tantivy

    from retrieval.terms import Wanted
    from retrieval.types import Comment, Language, Record, Scope

#: Bytes tantivy may use for what is not yet written.
_HEAP = 64_000_000
#: How much a translated word counts beside one of the question's own; see the README's evaluation.
_TRANSLATED = 1.2
#: The file that names all others of an index.
_META = "meta.json"
_LONGEST_REASON = 120
#: Terms whose frequencies are remembered: a name in pinyin may be any of thousands.
_KEPT = 50_000
#: What a text has for holding all that is asked for, in units of BM25.
_WHOLE = 8.0


class Writing:
    """Changes to an index, by one thread at a time; those never committed never were."""

    def __init__(self, index: LexicalIndex, writer: tantivy.IndexWriter, days: Mapping[str, int]) -> None:
        self._index = index
        self._writer = writer
        self._days = days

    def remove(self, comment_ids: Iterable[str]) -> None:
        """Remove comments; ids that are not there are ignored."""
        for comment_id in comment_ids:
            self._writer.delete_documents_by_term("comment", comment_id)

    def add(self, items: Iterable[Record]) -> None:
        """Write comments, in the place of those of the same ids."""
        for record in items:
            comment = record.comment
            self._writer.delete_documents_by_term("comment", comment.id)
            for language, text in comment.text.items():
                self._writer.add_document(_document(comment, language, text, self._days[comment.thread_id]))

    def commit(self) -> None:
        """Make all of it seen."""
        self._writer.commit()
        self._writer.wait_merging_threads()
        self._index.reload()


class LexicalIndex:
    """One open index in a folder."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._searcher = index.searcher()
        self._frequencies: LRUCache[str, int] = LRUCache(_KEPT)

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open the index in a folder.

        :raises RetrievalError: If there is none, or it is damaged.
        """
        if not (folder / _META).is_file():
            raise _damaged(folder, f"{_META} is missing")
        try:
            return cls.create(folder)
        except (OSError, ValueError) as error:
            raise _damaged(folder, str(error)) from error

    @classmethod
    def create(cls, folder: Path) -> LexicalIndex:
        """Open the index in a folder, or make an empty one there."""
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
        writing = self.writing(days)
        writing.remove(removed)
        writing.add(added)
        writing.commit()

    def writing(self, days: Mapping[str, int]) -> Writing:
        """Begin to change what it holds, which nobody sees before all of it is committed; see `update`."""
        return Writing(self, self._index.writer(_HEAP, 1), days)

    def reload(self) -> None:
        """See what was committed."""
        self._index.reload()
        self._searcher = self._index.searcher()
        self._frequencies.clear()

    def best(self, wanted: Wanted, count: int, scope: Scope) -> list[TextHit]:
        """Return the texts in scope that hold what is wanted, best BM25 first."""
        import tantivy

        if not wanted:
            return []
        query, must = tantivy.Query, tantivy.Occur.Must
        limits = [(must, query.const_score_query(limit, 0.0)) for limit in _limits(self._index.schema, scope)]
        asked = query.boolean_query([(must, self._any_of(wanted)), *limits])
        found = self._searcher.search(asked, count, count=False).hits
        return [self._hit(score, address) for score, address in found]

    def _hit(self, score: float, address: tantivy.DocAddress) -> TextHit:
        comment_id, _, language = str(self._searcher.doc(address).get_first("id")).rpartition(":")
        return TextHit(comment_id, "zh" if language == "zh" else "en", float(score))

    def _any_of(self, wanted: Wanted) -> tantivy.Query:
        """Return the sum over the question's terms, each the best of itself and its translations.

        A text that holds every one of them, in whichever language, has a bonus: a long comment about
        all of a short question would otherwise lose to a short one about some of it.
        """
        import tantivy

        query = tantivy.Query
        either = {term: self._either(term, wanted) for term in wanted.own}
        parts = [(tantivy.Occur.Should, one) for one in either.values()]
        strong = [term for term, weight in wanted.own.items() if weight >= 1.0] or list(wanted.own)
        whole = query.boolean_query([(tantivy.Occur.Must, either[term]) for term in strong])
        parts.append((tantivy.Occur.Should, query.const_score_query(whole, _WHOLE)))
        return query.boolean_query(parts)

    def _either(self, term: str, wanted: Wanted) -> tantivy.Query:
        """Return one of the question's terms or, where a text has them instead, its translations."""
        import tantivy

        query = tantivy.Query
        own = query.boost_query(self._term(term), wanted.own[term])
        others = [
            query.boost_query(self._word(word), _TRANSLATED * share / len(pieces(word)))
            for word, share in wanted.translated.get(term, {}).items()
            if self.has(word)
        ]
        return query.disjunction_max_query([own, *others]) if others else own

    def _term(self, term: str) -> tantivy.Query:
        import tantivy

        return tantivy.Query.term_query(self._index.schema, "terms", term, "freq")

    def _word(self, word: str) -> tantivy.Query:
        """Return a word as the index has it: all of its pairs, if it is Chinese."""
        import tantivy

        parts = [(tantivy.Occur.Must, self._term(piece)) for piece in pieces(word)]
        return parts[0][1] if len(parts) == 1 else tantivy.Query.boolean_query(parts)

    def frequency(self, term: str) -> int:
        """Return how many texts hold a term."""
        if term not in self._frequencies:
            self._frequencies[term] = int(self._searcher.doc_freq("terms", term))
        return self._frequencies[term]

    def has(self, word: str) -> bool:
        """Tell whether there are texts with each term of a word."""
        return all(map(self.frequency, pieces(word)))

    def rarity(self, term: str, translations: Iterable[str] = ()) -> float:
        """Return BM25's inverse document frequency of a term, as tantivy reckons it.

        A term is as common as the most common of its translations, where that is in more texts: what
        everybody writes about in one language is not rare for being asked about in the other.
        """
        translated = (min(map(self.frequency, pieces(word))) for word in translations)
        holding = max([self.frequency(term), *translated])
        return math.log(1 + (self.count() - holding + 0.5) / (holding + 0.5))

    def holds(self, comment_id: str, language: Language) -> bool:
        """Tell whether a comment's text in a language is there."""
        import tantivy

        name = f"{comment_id}:{language}"
        query = tantivy.Query.term_query(self._index.schema, "id", name, "basic")
        return bool(self._searcher.search(query, 1).hits)

    def count(self) -> int:
        """Return how many texts there are: one for each language of each comment."""
        return int(self._searcher.num_docs)


def _damaged(folder: Path, reason: str) -> RetrievalError:
    reason = " ".join(reason.split())[:_LONGEST_REASON]
    return RetrievalError(
        f"The lexical index in {folder} is damaged ({reason}); run `threadbot rollback` to answer from the "
        "generation before, or remove the data folder's CURRENT and ingest your sources again: vectors are "
        "kept.",
        f"{folder} 中的词语索引已损坏（{reason}）；请运行 `threadbot rollback` 退回上一个世代，"
        "或删除数据文件夹中的 CURRENT 后重新导入：向量会保留。",
    )


def _document(comment: Comment, language: Language, text: str, day: int) -> tantivy.Document:
    import tantivy

    document = tantivy.Document()
    document.add_text("id", f"{comment.id}:{language}")
    document.add_text("comment", comment.id)
    document.add_text("thread", comment.thread_id)
    document.add_text("author", fold(comment.author))
    document.add_text("kind", comment.kind.value)
    document.add_unsigned("day", day)
    document.add_text("terms", " ".join(texts(text)))
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
