"""Make the files that threadbot has of CC-CEDICT: `python -m retrieval.make_dictionary cedict.txt.gz`.

CC-CEDICT is at https://www.mdbg.net/chinese/dictionary?page=cc-cedict, under CC BY-SA 4.0, and so is
what this makes of it: `dictionary.tsv.gz`, `names.txt.gz` and `pinyin.txt.gz`, each read by its module.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.terms import fold, stem, stop_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINE = re.compile(r"\S+ (\S+) \[([^\]]*)\] /(.*)/")
_HAN_WORD = re.compile(r"[\u3400-\u9fff]{2,5}")
#: A family name has one or two characters.
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{1,2}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9+#-]*")
#: Glosses that say something of the entry, not what it means.
_ABOUT = re.compile(r"variant of|CL:|surname|^see |abbr\.|pr\. |used in|old name")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
#: Words of dictionary makers that translate nothing.
_EMPTY = frozenset({"sth", "sb", "etc", "fig", "lit", "s"})
#: A gloss of more words explains, it does not translate.
_LONGEST_GLOSS = 4

_STEMS = "English stems and the Chinese words whose glosses hold them, with the gloss's other stems."
_NAMES = "Chinese names: words whose pinyin has a capital in each of their entries."
_SPELLINGS = "Pinyin without tones, the characters and the family names that are spelt so."
_HEADER = """\
# {}
# Made from CC-CEDICT (https://cc-cedict.org), copyright its contributors and MDBG;
# licence: Creative Commons Attribution-ShareAlike 4.0 (https://creativecommons.org/licenses/by-sa/4.0/).
# Changes: {}.
"""
_OF_STEMS = "simplified words of two to five characters; glosses of at most four words, stemmed"
_OF_NAMES = "simplified words of two to five characters alone"
_OF_SPELLINGS = "simplified characters by their spelling"


def glosses(lines: Iterable[str]) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield (distance from the word's main sense, word, stems of one of its glosses), entry by entry.

    工作 "to work" comes before 下班 "to get off work" where "work" is asked for.
    """
    for line in lines:
        entry = _LINE.match(line)
        if entry is None or not _HAN_WORD.fullmatch(entry[1]):
            continue
        for place, gloss in enumerate(re.split(r"[/;]", entry[3])):
            stems, left_out = _stems(gloss)
            if 0 < len(stems) <= _LONGEST_GLOSS:
                yield place + left_out + len(entry[1]), fold(entry[1]), stems


def _stems(gloss: str) -> tuple[tuple[str, ...], int]:
    """Return the stems of a gloss that mean something, and how many words do not."""
    if _ABOUT.search(gloss):
        return (), 0
    plain = re.sub(r"^(?:to be|to|an?|the) ", "", _ASIDE.sub("", gloss).strip())
    words = [stem(word.lower()) for word in _WORD.findall(plain)]
    kept = [word for word in words if word not in stop_words() | _EMPTY]
    return tuple(dict.fromkeys(kept)), len(words) - len(kept)


def table(found: Iterable[tuple[int, str, tuple[str, ...]]]) -> str:
    """Return the file's text: `stem TAB word other-stems,word…`, stems in order, main senses first."""
    entries: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for _, word, stems in sorted(found, key=lambda one: one[0]):
        for own in stems:
            rest = " ".join(sorted(set(stems) - {own}))
            entries[own][f"{word} {rest}".rstrip()] = None
    return _HEADER.format(_STEMS, _OF_STEMS) + "".join(
        f"{own}\t{','.join(words)}\n" for own, words in sorted(entries.items())
    )


def names(lines: Iterable[str]) -> str:
    """Return the text of the file of names: one a line, in order; 小米 is millet as well and is none."""
    capitals: defaultdict[str, set[bool]] = defaultdict(set)
    for line in lines:
        entry = _LINE.match(line)
        if entry is not None and _HAN_WORD.fullmatch(entry[1]):
            capitals[fold(entry[1])].add(entry[2][:1].isupper())
    found = sorted(word for word, seen in capitals.items() if seen == {True})
    return _HEADER.format(_NAMES, _OF_NAMES) + "\n".join(found)


def spellings(lines: Iterable[str]) -> str:
    """Return the text of the file of spellings: `spelling TAB characters TAB family names`, in order."""
    characters: defaultdict[str, set[str]] = defaultdict(set)
    families: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        entry = _LINE.match(line)
        if entry is None or not _HAN_NAME.fullmatch(entry[1]):
            continue
        spelling = re.sub(r"[^a-z]", "", entry[2].lower().replace("u:", "u"))
        if len(entry[1]) == 1:
            characters[spelling].add(fold(entry[1]))
        if "surname" in entry[3]:
            families[spelling].add(fold(entry[1]))
    return _HEADER.format(_SPELLINGS, _OF_SPELLINGS) + "".join(
        f"{spelling}\t{''.join(sorted(characters[spelling]))}\t{' '.join(sorted(families[spelling]))}\n"
        for spelling in sorted({*characters, *families})
    )


def main(argv: list[str]) -> int:
    """Write the files beside this module from the named dictionary file."""
    with gzip.open(argv[0], "rt", encoding="utf-8") as file:
        lines = list(file)
    made = {
        "dictionary.tsv.gz": table(glosses(lines)),
        "names.txt.gz": names(lines),
        "pinyin.txt.gz": spellings(lines),
    }
    for name, text in made.items():
        packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
        Path(__file__).with_name(name).write_bytes(packed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
