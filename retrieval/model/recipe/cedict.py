"""CC-CEDICT: entries, what they say a word means, and which characters are forms of which."""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.model.chinese import HAN_RUN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LINE = re.compile(r"(\S+) (\S+) \[.*?\] /(.*)/\s*$")
#: Glosses that say something about the entry and not what it means.
_ABOUT = re.compile(
    r"(?:CL:|(?:\w+ )?variant of|see\b|also written|also pr|surname |used in|abbr\. (?:for|to)|same as|"
    r"Taiwan pr|pr\. )"
)
#: A gloss that sends the reader to another entry, as 杭州 "see 杭州市[…]" does.
_REFERENCE = re.compile(
    r"^(?:see|abbr\. (?:for|to)|same as|(?:\w+ )?variant of)\s+(?:[^\s|\[]+\|)?([^\s|\[,;]+)\["
)
#: How often more a character must be written as a form than stand for itself, and what always counts.
_OFTEN, _SHARE = 20, 3
#: Forms that the dictionary lists as words of their own though readers take them for one.
_FORMS = {"妳": "你", "祇": "只", "牠": "它"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One dictionary line: the word in both scripts and its glosses as written."""

    traditional: str
    simplified: str
    glosses: tuple[str, ...]


def read(path: Path) -> list[Entry]:
    """Return the entries of a gzipped CC-CEDICT file, in its order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = (_LINE.match(line) for line in lines if not line.startswith("#"))
        return [Entry(line[1], line[2], tuple(line[3].split("/"))) for line in found if line]


def fold(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the character that each traditional or variant character is read as.

    A character is folded where the dictionary writes it as a form of another at least as often as it
    stands for itself in simplified words, or often enough to matter (乾 is 干 but for 乾隆). Folding twice
    changes nothing, so both scripts of a text meet.
    """
    own: Counter[str] = Counter()
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        if len(entry.traditional) != len(entry.simplified):
            continue
        for old, new in zip(entry.traditional, entry.simplified, strict=True):
            if HAN_RUN.match(old) and HAN_RUN.match(new):
                own[new] += 1
                if old != new:
                    forms[old][new] += 1
    folds = dict(_FORMS)
    for old, news in forms.items():
        new, times = news.most_common(1)[0]
        if times >= own[old] or (times >= _OFTEN and times * _SHARE >= own[old]):
            folds.setdefault(old, new)
    return {old: end for old in folds if (end := _end(folds, old)) != old}


def _end(folds: dict[str, str], letter: str) -> str:
    seen = {letter}
    while letter in folds and folds[letter] not in seen:
        letter = folds[letter]
        seen.add(letter)
    return letter


def meanings(entries: Iterable[Entry], folds: dict[str, str]) -> dict[str, list[str]]:
    """Return every Han word's senses in English, first senses first, the word in folded form.

    Words that only refer to another entry get that entry's senses.
    """
    table = str.maketrans(folds)
    senses: dict[str, list[str]] = {}
    references: defaultdict[str, list[str]] = defaultdict(list)
    for entry in entries:
        word = entry.simplified.translate(table)
        if not HAN_RUN.fullmatch(word):
            continue
        said = senses.setdefault(word, [])
        said.extend(sense for sense in _senses(entry.glosses) if sense not in said)
        references[word].extend(
            other[1].translate(table) for gloss in entry.glosses if (other := _REFERENCE.match(gloss))
        )
    for word, others in references.items():
        if not senses[word]:
            senses[word] = [sense for other in others for sense in senses.get(other, ())]
    return senses


def _senses(glosses: Iterable[str]) -> Iterator[str]:
    for gloss in glosses:
        if _ABOUT.match(gloss):
            continue
        plain = re.sub(r"\s*\(.*?\)|\s*\[.*?\]", "", gloss)
        plain = re.sub(r"\S*[\u3400-\u9fff]\S*", "", plain)
        yield from (part for piece in plain.split(";") if (part := piece.strip(" ,")))
