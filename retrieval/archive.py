"""From a question to its answer, out of whatever generation is published at that moment."""

from __future__ import annotations

import gc
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from cachetools import LRUCache

from retrieval import generations, page, readers, weighing, wholes
from retrieval.errors import NoIndexError, RetrievalError, SupersededError, UsageError
from retrieval.excerpts import Sought
from retrieval.fusion import Candidate, Ranks, fuse, in_pieces, ranks
from retrieval.homes import home_of
from retrieval.names import named
from retrieval.phrasing import is_small_talk, subject
from retrieval.pinyin import in_characters
from retrieval.questions import scope_of
from retrieval.selection import Chosen, select
from retrieval.terms import wanted
from retrieval.types import Answer, Filters, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from retrieval.embedder import Embedder
    from retrieval.generations import Manifest
    from retrieval.homes import Home, Store
    from retrieval.lexical import LexicalIndex
    from retrieval.maxsim import Asked
    from retrieval.rerank import Reranker
    from retrieval.types import Excerpt, Hit, Language, Record, Scope, TextHit

#: Passages, and texts, asked of each index for every comment that is read.
_POOL = 2
#: How many comments are read for each that is asked for, and how many at least, so that they can be ordered
#: by what they say, and duplicates and single voices can make room; see the README's evaluation.
_READ, _LEAST = 6, 30
#: Up to so many texts Chroma is done before words are weighed and texts sought: that begins earlier, while
#: the model reads the question.
_SOON = 3_000
#: In larger archives it begins so many seconds after Chroma: that asks its own database first, in threads
#: which would wait for who weighs words to let go of a core. On two cores an answer over 100,000 comments
#: takes 1.5 ms less.
_AFTER = 0.0008
#: Below this likelihood a question counts as not answered; see the README's evaluation.
ANSWERED = 0.5
#: Seconds after which one thread lets another have Python.
_SWITCH = 0.0005
#: How often a question is answered anew because something was published meanwhile.
_TRIES = 5
#: How much of the comments read lately is kept, in characters; one of a thousand takes some 10 kB.
_KEPT = 4_000_000
#: How many threads' titles are kept.
_TITLES = 1000

R = TypeVar("R")


class Stage(Protocol):
    """How to measure a stage of an answer."""

    def __call__(self, name: str) -> AbstractContextManager[None]:
        """Return a context that lasts as long as the stage."""


def _unmeasured(name: str) -> AbstractContextManager[None]:
    del name
    return nullcontext()


def _length(record: Record) -> int:
    return 1000 + sum(len(text) for _, text in record.comment.text.items())


@dataclass(frozen=True, slots=True)
class _Words:
    """A question by its words."""

    sought: Sought
    #: For holding them against those of comments; None where none says anything.
    asked: Asked | None


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts that have a question's words, best first."""

    hits: Sequence[TextHit] = ()
    #: Where their comments point that have several passages, as it is kept.
    wholes: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Generation:
    """One open generation."""

    #: The folder it was found in; another one may have the same numbers.
    folder: Path
    number: int
    manifest: Manifest
    store: Store
    lexical: LexicalIndex
    hold: readers.Hold
    #: Comments read lately, by id: nothing in a generation changes.
    lately: LRUCache[str, Record] = field(default_factory=lambda: LRUCache(_KEPT, _length))
    #: The packed tokens of threads' titles and questions, by the threads' ids; some 1 kB each.
    titles: LRUCache[str, list[bytes]] = field(default_factory=lambda: LRUCache(_TITLES))

    def close(self) -> None:
        self.store.close()
        self.hold.release()

    def records(self, comment_ids: Iterable[str]) -> dict[str, Record]:
        """Return comments by id; ids that are not there are left out."""
        wanted = dict.fromkeys(comment_ids)
        found = {name: self.lately[name] for name in wanted if name in self.lately}
        for name, record in self.store.records([name for name in wanted if name not in found]).items():
            found[name] = record
            with suppress(ValueError):  # it is longer than all that is kept
                self.lately[name] = record
        return found

    def joined(
        self, vector: NDArray[np.float32], dense: Sequence[Hit], texts: _Texts, count: int
    ) -> tuple[list[Candidate], dict[str, Ranks]]:
        """Return what both indexes found for a vector as comments, best first, and the ranks of each.

        They are as many as are read for a page of `count`; the ranks are those of all.
        """
        ranked = ranks(dense, texts.hits)
        known = {text.comment_id for text in texts.hits}
        others = [name for name in in_pieces(dense, ranked) if name not in known]
        whole = {**texts.wholes, **self.wholes(others)}
        return fuse(dense, texts.hits, wholes.similarities(vector, whole), read_for(count)), ranked

    def words(self, question: str, text: str) -> _Words:
        """Return a question's words; `text` is what it is about, with names as the archive has them."""
        sought = weighing.sought(text, self.lexical)
        return _Words(sought, weighing.asked(question, text, sought, self.lexical) if sought.wanted else None)

    def having(self, words: _Words, pool: int, scope: Scope) -> _Texts:
        """Return the texts that have a question's words, `pool` at most."""
        hits = self.lexical.best(words.sought.wanted, pool, scope)
        return _Texts(hits, self.wholes(dict.fromkeys(text.comment_id for text in hits)))

    def wholes(self, comment_ids: Iterable[str]) -> dict[str, bytes]:
        """Return where comments of several passages point, as it is kept, by id."""
        found: dict[str, bytes] = {}
        others: list[str] = []
        for name in comment_ids:
            if name not in self.lately:
                others.append(name)
            elif whole := self.lately[name].whole:
                found[name] = whole
        return found | self.store.wholes(others)

    def surroundings(self, record: Record) -> list[bytes]:
        """Return the packed tokens of what a comment replies to and of its thread's title and question."""
        from retrieval.model.vocabulary import vocabulary

        above = self.records(record.ancestors).values()
        thread = self.manifest.holding(record.comment).thread
        if (asked := self.titles.get(thread.id)) is None:
            texts = [text for own in (thread.title, thread.question) for _, text in own.items()]
            self.titles[thread.id] = asked = vocabulary().packed(texts)
        return [own for reply in above for own in reply.tokens] + asked


class Archive:
    """The published generation, followed from question to question; safe to use from several threads."""

    def __init__(
        self,
        place: Path | Home,
        embedder: Embedder,
        *,
        excerpt_length: int = 300,
        reranker: Reranker | None = None,
    ) -> None:
        self._home = home_of(place)
        self._embedder = embedder
        self._excerpt_length = excerpt_length
        self._reranker = reranker
        self._stage: Stage = _unmeasured
        #: Its thread ends with the archive.
        self._beside = ThreadPoolExecutor(1, "threadbot-words")
        self._open: _Generation | None = None
        self._lock = threading.RLock()

    def observe(self, stage: Stage) -> None:
        """Measure the stages of every answer from now on: embed, search and quote."""
        self._stage = stage

    def warm(self) -> None:
        """Load the model and open the indexes, so that the first question need not.

        :raises NoIndexError: If there is no index, or it was made with another model.
        """
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from retrieval.model.word_vectors import word_vectors

        with self._lock:
            self._current()
            self._embedder.question("?")
            wanted("dictionary")  # which is read with the first English word
            named("中", [])  # names are read with the first Chinese question
            in_characters("Wang Fang", lambda _: 0)
            word_vectors()
        # Words are held against words in a product so small that cores which share it wait for each other
        # longer than it takes: ten times as long while something else, such as an ingest, has one of them.
        threadpool_limits(1, user_api="blas")
        # Who has the model's or Chroma's answer waits for who weighs words to let go of Python, by default up
        # to 5 ms.
        sys.setswitchinterval(_SWITCH)
        # Model and dictionary stay as long as the process: without this, one answer in sixty would wait
        # for the garbage collector to look through all of them.
        gc.collect()
        gc.freeze()

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

        def answered(generation: _Generation) -> Answer:
            text = in_characters(subject(question.text), generation.lexical.frequency)
            known = self._searched(generation, question, text)
            with self._stage("quote"):
                found = self._page(generation, replace(question, text=text), *known)
            likely = bool(found) and found[0].score >= ANSWERED
            return self._answer(
                generation, question, found, answered=likely and not is_small_talk(question.text)
            )

        return self._settled(answered)

    def more_like(self, comment_id: str, count: int, language: Language) -> Answer:
        """Return the comments most like one comment, itself left out.

        :raises UsageError: If no comment has that id.
        """

        def like(generation: _Generation) -> Answer:
            record = _one(generation.records([comment_id]), comment_id)
            text = record.comment.text.preferring(language)
            question = Question(text[1] if text else "?", language, count)
            scope = scope_of(Filters(), generation.manifest)
            vector = wholes.direction(generation.store, comment_id)
            near = generation.store.nearest(vector, pool_of(count), scope)
            others = [hit for hit in near if hit.passage.comment_id != comment_id]
            candidates, ranked = generation.joined(vector, others, _Texts(), count)
            found = self._page(generation, question, candidates, ranked, _Words(Sought(), None))
            return self._answer(generation, question, found, answered=bool(found))

        return self._settled(like)

    def show(self, comment_id: str, language: Language) -> Excerpt:
        """Return a whole comment as an excerpt.

        :raises UsageError: If no comment has that id.
        """

        def shown(generation: _Generation) -> Excerpt:
            record = _one(generation.records([comment_id]), comment_id)
            related = generation.records(record.ancestors)
            return page.whole(generation.manifest, record, related, language)

        return self._settled(shown)

    def _searched(
        self, generation: _Generation, question: Question, text: str
    ) -> tuple[list[Candidate], dict[str, Ranks], _Words]:
        """Return the comments found for a question, with their ranks, and the question by its words.

        `text` is what it is about, with names as the archive has them.
        """
        scope = scope_of(question.filters, generation.manifest)
        pool = pool_of(question.count)
        is_small = generation.lexical.count() <= _SOON

        def look() -> tuple[_Words, _Texts]:
            if not is_small:
                time.sleep(_AFTER)
            words = generation.words(question.text, text)
            return words, generation.having(words, pool, scope)

        looking: Future[tuple[_Words, _Texts]] | None = None
        try:
            # Chroma leaves Python alone while it looks for vectors; words are weighed and texts sought
            # meanwhile. So does the model, but it wants every core.
            with self._stage("embed"):
                looking = self._beside.submit(look) if is_small else None
                vector = self._embedder.question(text)
            with self._stage("search"):
                looking = looking or self._beside.submit(look)
                dense = generation.store.nearest(vector, pool, scope)
                words, texts = looking.result()
                return *generation.joined(vector, dense, texts, question.count), words
        finally:
            wait([looking] if looking else [])  # nobody may close the generation before

    def _settled(self, work: Callable[[_Generation], R]) -> R:
        """Do something with the published generation, anew where another one was published meanwhile."""
        with self._lock:
            for _ in range(_TRIES):
                generation = self._current()
                try:
                    result = work(generation)
                except SupersededError:
                    continue
                if self._home.is_current(generation.number):
                    return result
            raise SupersededError

    def _current(self) -> _Generation:
        """Return the published generation, opened; the pointer is read once a question."""
        while True:
            number = self._home.follow()
            if (
                self._open is not None
                and self._open.number == number
                and self._open.folder == self._home.folder
            ):
                return self._open
            try:
                fresh = self._opened(number)
            except RetrievalError:
                if self._home.follow() == number:
                    self.close()  # its folder may be gone, and another one made with the same number
                    raise
                continue  # it was removed while it was being opened: another one is published
            self.close()
            self._open = fresh
            return fresh

    def _opened(self, number: int | None) -> _Generation:
        """Open a generation, and keep it from being removed."""
        from retrieval.lexical import LexicalIndex

        manifest = self._manifest_of(number)
        place, number = self._home.folder, manifest.generation
        hold = readers.hold(place, number)
        try:
            store = self._home.store(number)
            lexical = LexicalIndex.open(generations.folder_of(place, number) / "lexical")
            return _Generation(place, number, manifest, store, lexical, hold)
        except BaseException:
            hold.release()
            raise

    def _manifest_of(self, number: int | None) -> Manifest:
        """Return the manifest of a generation of this model."""
        manifest = generations.read_manifest(self._home.folder, number) if number is not None else None
        name = self._home.name
        if manifest is None:
            raise NoIndexError(
                f"There is no index in {name}; run `threadbot ingest YOUR_FOLDER` first.",
                f"{name} 中还没有索引；请先运行 `threadbot ingest 你的文件夹`。",
            )
        if manifest.fingerprint != self._embedder.fingerprint:
            raise NoIndexError(
                f"The index in {name} was made with another model, or another version or backend "
                f"of it ({manifest.model}, {manifest.fingerprint}); run `threadbot ingest YOUR_FOLDER` to "
                "make it anew, or set THREADBOT_MODEL and THREADBOT_BACKEND as they were.",
                f"{name} 中的索引由另一个模型或其另一版本、另一后端生成（{manifest.model}，"
                f"{manifest.fingerprint}）；请运行 `threadbot ingest 你的文件夹` 重新生成，"
                "或把 THREADBOT_MODEL 和 THREADBOT_BACKEND 改回原来的值。",
            )
        return manifest

    def _page(
        self,
        generation: _Generation,
        question: Question,
        candidates: Sequence[Candidate],
        ranked: Mapping[str, Ranks],
        words: _Words,
    ) -> tuple[Excerpt, ...]:
        records = generation.records([candidate.comment_id for candidate in candidates])
        sought = words.sought
        if words.asked is not None:
            from retrieval.model.word_vectors import of_comments

            candidates = page.met(words.asked, candidates, records, of_comments, generation.surroundings)
        if self._reranker is not None and sought.wanted:
            candidates = page.reranked(self._reranker, question.text, candidates, records)
        # One author may have half a page, rounded up; all of it where the author is asked for.
        most = question.count if question.filters.author else (question.count + 1) // 2
        chosen = select(candidates, records, question.count, per_author=most)
        return self._excerpts(generation, question, chosen, ranked, records, sought)

    def _excerpts(
        self,
        generation: _Generation,
        question: Question,
        chosen: Sequence[Chosen],
        ranked: Mapping[str, Ranks],
        records: Mapping[str, Record],
        sought: Sought,
    ) -> tuple[Excerpt, ...]:
        above = {ancestor for one in chosen for ancestor in one.record.ancestors} - records.keys()
        related = {**records, **generation.records(sorted(above))}
        return tuple(
            page.excerpt(
                generation.manifest,
                one,
                related,
                sought,
                rank=rank,
                ranks=ranked[one.candidate.comment_id],
                language=question.language,
                limit=self._excerpt_length,
            )
            for rank, one in enumerate(chosen, start=1)
        )

    def _answer(
        self, generation: _Generation, question: Question, found: tuple[Excerpt, ...], *, answered: bool
    ) -> Answer:
        return Answer(question, answered, generation.number, generation.manifest.archive_date, found)


def read_for(count: int) -> int:
    """Return how many comments to read for a page of so many."""
    return max(_LEAST, _READ * count)


def pool_of(count: int) -> int:
    """Return how many passages to ask of an index for a page of so many comments."""
    return _POOL * read_for(count)


def _one(records: Mapping[str, Record], comment_id: str) -> Record:
    if comment_id not in records:
        raise UsageError(
            f"No comment has the id “{comment_id}”; it may have been removed, or belong to another archive.",
            f"没有编号为“{comment_id}”的评论；它可能已被移除，或属于另一个档案。",
        )
    return records[comment_id]
