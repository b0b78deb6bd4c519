"""Pure text work: which language, where sentences end, how a text is cut into passages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from retrieval.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retrieval.types import Language

#: A run of Han ideographs: the unified block, extension A, the compatibility block and the planes above.
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")

_CLOSERS = "\"'”’」』）)】》〉]"
#: Where a sentence may end: a full stop of either script with the quotes and brackets it closes, or a
#: line break.
_END = re.compile(
    rf"(?P<break>\n+)|(?:[。！？!?…]+|\.+(?=[\s{re.escape(_CLOSERS)}]|$))[{re.escape(_CLOSERS)}]*"
)
#: What follows a question or an exclamation that is only quoted in a sentence.
_GOES_ON = re.compile(r"\s*[a-z，、,；]")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"'])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|vs|cf|etc|al|Inc|Ltd|Co|No|Fig|approx|e\.g|i\.e|a\.m|p\.m|U\.S)\.$"
)
_CLAUSE = re.compile(r"[；;，,、：:]\s*")

#: A sentence longer than this is cut at its clauses (code points).
_LONGEST_SENTENCE = 400
#: A Han character carries about as much as this many characters of English.
_HAN_WEIGHT = 3


def language_of(text: str) -> Language | None:
    """Tell whether a text is Chinese or English, None where it has no letters of either.

    One Han character carries about as much as one English word, so those are what is counted; a
    Chinese sentence may be full of product names, an English one quotes a Chinese word now and then.
    """
    han = _han(text)
    words = len(_LATIN_WORD.findall(text))
    if not han and not words:
        return "zh" if _KANA.search(text) else None
    return "zh" if han * 2 >= words else "en"


def weight(text: str) -> int:
    """Return how much a text says, in characters of English."""
    return len(text) + (_HAN_WEIGHT - 1) * _han(text)


def _han(text: str) -> int:
    """Count the Han characters of a text."""
    return sum(map(len, HAN.findall(text)))


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text in order, trimmed; together they hold every visible character.

    A line break ends a sentence unless it only wraps one: a lower-case letter follows it and no stop
    comes before it.
    """
    return list(each_sentence(text))


def each_sentence(text: str) -> Iterator[Span]:
    """Yield what `sentences` returns, without reading further than asked."""
    start = 0
    for end in _boundaries(text):
        span = _trim(text, start, end)
        if span.end - span.start > _LONGEST_SENTENCE:
            yield from (part for part in _clauses(text, span) if part.start < part.end)
        elif span.start < span.end:
            yield span
        start = end


def _boundaries(text: str) -> Iterator[int]:
    """Yield the ends of sentences, ascending, the end of the text last."""
    for match in _END.finditer(text):
        if match.lastgroup == "break":
            if not _is_wrap(text, match):
                yield match.start()
        elif _is_stop(text, match):
            yield match.end()
    yield len(text)


def _is_stop(text: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    if text[start] != ".":
        # «“真的吗？”他问» goes on after the quotation, as does "Really?" he asked.
        return not _GOES_ON.match(text, end, end + 8)
    following = text[end : end + 8].lstrip()
    if following and following[0].islower():
        return False
    return end - start > 1 or not _ABBREVIATION.search(text[max(0, start - 8) : start + 1])


def _is_wrap(text: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    if end - start > 1 or not text[end : end + 1].islower():
        return False
    while start and text[start - 1].isspace():
        start -= 1
    before = text[start - 1 : start]
    return before.isalnum() or before in {",", "，"}


def _trim(text: str, start: int, end: int) -> Span:
    inner = text[start:end]
    return Span(start + len(inner) - len(inner.lstrip()), end - len(inner) + len(inner.rstrip()))


def _clauses(text: str, span: Span) -> Iterator[Span]:
    """Yield the sentence whole, or cut at clauses into parts of at most the longest sentence's length."""
    start = span.start
    while span.end - start > _LONGEST_SENTENCE:
        limit = start + _LONGEST_SENTENCE
        cuts = [match.end() for match in _CLAUSE.finditer(text, start + _LONGEST_SENTENCE // 2, limit)]
        cut = cuts[-1] if cuts else limit
        yield _trim(text, start, cut)
        start = cut
    yield _trim(text, start, span.end)


def passages(text: str, *, most: int = 300) -> list[Span]:
    """Cut a text at sentence ends into passages that can be embedded; the passages hold every sentence once.

    `most` is a weight (characters of English, see `weight`): sentences are joined as long as a passage
    has no more, or is one sentence. 300 was best of 30 to 600; see the README's evaluation.
    """
    if weight(text) <= most:  # as most comments are: one passage, wherever its sentences end
        whole = _trim(text, 0, len(text))
        return [whole] if whole.start < whole.end else []
    groups: list[list[Span]] = []
    size = 0
    for sentence in sentences(text):
        heavy = weight(sentence.of(text))
        if groups and size + heavy <= most:
            groups[-1].append(sentence)
            size += heavy
        else:
            groups.append([sentence])
            size = heavy
    return [Span(group[0].start, group[-1].end) for group in groups]
