"""From a question to its answer, out of whatever generation is published at that moment."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval import excerpts, generations
from retrieval.errors import NoIndexError, UsageError
from retrieval.fusion import Candidate, fuse
from retrieval.questions import scope_of
from retrieval.terms import asked
from retrieval.types import Answer, ChainLink, Excerpt, Filters, Question, Span, other

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from retrieval.embedder import Embedder
    from retrieval.generations import Manifest
    from retrieval.lexical import LexicalIndex
    from retrieval.types import Language, Quote, Record
    from retrieval.vectors import ChromaStore

#: Passages asked of each index; a comment has a handful, so this is some 30 comments at least.
_POOL = 120
#: Below this score a question counts as not answered; see the README's evaluation.
ANSWERED = 0.5


@dataclass(frozen=True, slots=True)
class _Generation:
    """One open generation."""

    number: int
    manifest: Manifest
    store: ChromaStore
    lexical: LexicalIndex

    def close(self) -> None:
        self.store.close()


class Archive:
    """The published generation, followed from question to question; safe to use from several threads."""

    def __init__(self, data_dir: Path, embedder: Embedder, *, excerpt_length: int = 300) -> None:
        self._data_dir = data_dir
        self._embedder = embedder
        self._excerpt_length = excerpt_length
        self._open: _Generation | None = None
        self._lock = threading.RLock()

    def warm(self) -> None:
        """Load the model and open the indexes, so that the first question need not.

        :raises NoIndexError: If there is no index, or it was made with another model.
        """
        with self._lock:
            self._current()
            self._embedder.question("?")

    def close(self) -> None:
        """Close the indexes."""
        with self._lock:
            if self._open is not None:
                self._open.close()
            self._open = None

    def manifest(self) -> Manifest:
        """Return the manifest of the published generation."""
        with self._lock:
            return self._current().manifest

    def answer(self, question: Question) -> Answer:
        """Return the comments that answer a question, best first.

        :raises NoIndexError: If there is no index, or it was made with another model.
        :raises UsageError: If a filter names nothing.
        """
        with self._lock:
            generation = self._current()
            scope = scope_of(question.filters, generation.manifest)
            words = asked(question.text)
            dense = generation.store.nearest(self._embedder.question(question.text), _POOL, scope)
            lexical = generation.lexical.best(words, _POOL, scope)
            candidates = fuse(dense, lexical, generation.lexical.ideal(words))
            return self._answer(generation, question, candidates, words)

    def more_like(self, comment_id: str, count: int, language: Language) -> Answer:
        """Return the comments most like one comment, itself left out.

        :raises UsageError: If no comment has that id.
        """
        with self._lock:
            generation = self._current()
            record = _one(generation.store.records([comment_id]), comment_id)
            text = record.comment.text.preferring(language)
            question = Question(text[1] if text else "?", language, count)
            scope = scope_of(Filters(), generation.manifest)
            near = generation.store.nearest(generation.store.direction(comment_id), _POOL, scope)
            candidates = fuse([hit for hit in near if hit.passage.comment_id != comment_id], [], 0.0)
            return self._answer(generation, question, candidates, {})

    def show(self, comment_id: str, language: Language) -> Excerpt:
        """Return a whole comment as an excerpt.

        :raises UsageError: If no comment has that id.
        """
        with self._lock:
            generation = self._current()
            record = _one(generation.store.records([comment_id]), comment_id)
            related = generation.store.records(record.ancestors)
            candidate = Candidate(comment_id)
            return _excerpt(generation.manifest, candidate, record, related, 1, language, {}, limit=None)

    def _current(self) -> _Generation:
        """Return the published generation, opened; the pointer is read once a question."""
        number = generations.current(self._data_dir)
        if self._open is not None and self._open.number == number:
            return self._open
        manifest = generations.read_manifest(self._data_dir, number)
        if number is None or manifest is None:
            raise NoIndexError(
                f"There is no index in {self._data_dir}; run `threadbot ingest YOUR_FOLDER` first."
            )
        if manifest.fingerprint != self._embedder.fingerprint:
            raise NoIndexError(
                f"The index in {self._data_dir} was made with another model ({manifest.model}); run "
                "`threadbot ingest YOUR_FOLDER` to make it anew, or set THREADBOT_MODEL to that one."
            )
        from retrieval.lexical import LexicalIndex
        from retrieval.vectors import ChromaStore

        folder = generations.folder_of(self._data_dir, number)
        fresh = _Generation(
            number, manifest, ChromaStore.open(folder / "chroma"), LexicalIndex.open(folder / "lexical")
        )
        self.close()
        self._open = fresh
        return fresh

    def _answer(
        self,
        generation: _Generation,
        question: Question,
        candidates: Sequence[Candidate],
        words: Mapping[str, float],
    ) -> Answer:
        chosen = candidates[: question.count]
        records = generation.store.records([candidate.comment_id for candidate in chosen])
        above = {ancestor for record in records.values() for ancestor in record.ancestors} - records.keys()
        related = records | generation.store.records(sorted(above))
        found = tuple(
            _excerpt(
                generation.manifest,
                candidate,
                records[candidate.comment_id],
                related,
                rank,
                question.language,
                words,
                limit=self._excerpt_length,
            )
            for rank, candidate in enumerate(chosen, start=1)
        )
        return Answer(
            question=question,
            answered=bool(found) and found[0].score >= ANSWERED,
            generation=generation.number,
            archive_date=generation.manifest.archive_date,
            excerpts=found,
        )


def _one(records: Mapping[str, Record], comment_id: str) -> Record:
    if comment_id not in records:
        raise UsageError(
            f"No comment has the id “{comment_id}”; it may have been removed, or belong to another archive."
        )
    return records[comment_id]


def _excerpt(
    manifest: Manifest,
    candidate: Candidate,
    record: Record,
    related: Mapping[str, Record],
    rank: int,
    language: Language,
    words: Mapping[str, float],
    *,
    limit: int | None,
) -> Excerpt:
    """Put together what is shown of one comment; without a limit the whole of it."""
    comment = record.comment
    entry = manifest.thread(comment.thread_id)
    assert entry is not None  # noqa: S101 - a generation holds the thread of each of its comments
    quote, counterpart = _quotes(candidate, record, language, words, limit)
    chain = (related[ancestor] for ancestor in record.ancestors if ancestor in related)
    return Excerpt(
        rank=rank,
        score=round(candidate.score, 4),
        comment=comment,
        thread=entry.thread,
        path=entry.path,
        quote=quote,
        other=counterpart,
        chain=tuple(_link(above, language) for above in chain),
        similar=(),
        explanation=candidate.explanation(),
    )


def _quotes(
    candidate: Candidate, record: Record, language: Language, words: Mapping[str, float], limit: int | None
) -> tuple[Quote, Quote | None]:
    """Choose what to quote in the language asked for, if the comment has it, and its counterpart."""
    texts = record.comment.text
    shown, text = texts.preferring(language) or (language, "")
    opposite = texts[other(shown)]
    if limit is None:
        whole = excerpts.quote(text, shown, Span(0, len(text)), words)
        counter = excerpts.quote(opposite, other(shown), Span(0, len(opposite)), words) if opposite else None
        return whole, counter
    found = {passage.language: passage for passage in reversed(candidate.passages())}
    best = {tongue: record.passages[tongue][passage.number] for tongue, passage in found.items()}
    quote = excerpts.choose(text, shown, best.get(shown), words, limit)
    if opposite is None:
        return quote, None
    return quote, excerpts.counterpart(opposite, other(shown), quote, text, words)


def _link(record: Record, language: Language) -> ChainLink:
    comment = record.comment
    text = comment.text.preferring(language)
    return ChainLink(comment.id, comment.author, comment.position, excerpts.opening(text[1]) if text else "")
