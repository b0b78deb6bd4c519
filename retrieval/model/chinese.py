"""Chinese text as the model reads it: folded to one script and cut into words it has rows for."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Part of the fingerprint: raise it whenever the same text would be cut otherwise than before.
REVISION = 2

HAN_RUN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff]+")
#: Emoji codes such as [捂脸]; a Markdown link's text, [日本](https://…), is part of its sentence.
_EMOJI_CODE = re.compile(r"\[[\u4e00-\u9fff]{1,4}\](?!\()")
#: Pictures would all become one unknown token, which says nothing and shifts everything else.
_PICTURE = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u200d\ufe0e\ufe0f]+")
#: Forms of Taiwan and Hong Kong that CC-CEDICT has as words of their own or not at all.
_VARIANTS = dict(zip("衞夥藉閲鋭藴絃蔘痠犛枱醖皁迳捱牴", "卫伙借阅锐蕴弦参酸牦台酝皂径挨抵", strict=True))
#: What an unknown character costs beyond the dearest word, in nats.
_UNKNOWN = 3.0


def _punctuation() -> dict[str, str]:
    """Return what full-width punctuation, letters and digits become: the base model knows ASCII best."""
    table = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table.update(
        zip("。、；“”‘’【】《》〈〉「」『』…—～·\u3000", ".,;\"\"''[]" + '"' * 8 + ".-~- ", strict=True)
    )
    return table


def _compatibility() -> dict[str, str]:
    """Return the unified ideographs that the compatibility block's characters stand for."""
    pairs = ((chr(code), unicodedata.normalize("NFC", chr(code))) for code in range(0xF900, 0xFB00))
    return {old: new for old, new in pairs if old != new}


@dataclass(frozen=True, slots=True)
class Words:
    """The model's Chinese words and how to find them in a text.

    `costs` maps each word, in folded form, to its cost in nats (the negative logarithm of its share of
    running text); `fold` maps traditional and variant characters to the ones the words are written in.
    """

    costs: Mapping[str, float]
    fold: Mapping[str, str]
    _table: dict[int, str] = field(init=False, repr=False, compare=False)
    #: Costs of the words, and infinity for what is none but the beginning of one.
    _known: Mapping[str, float] = field(init=False, repr=False, compare=False)
    _unknown: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        letters = {**_compatibility(), **_punctuation(), **self.fold, **_VARIANTS}
        table = str.maketrans({old: _VARIANTS.get(new, new) for old, new in letters.items()})
        beginnings = {word[:end]: math.inf for word in self.costs for end in range(1, len(word))}
        object.__setattr__(self, "_table", table)
        object.__setattr__(self, "_known", {**beginnings, **self.costs})
        object.__setattr__(self, "_unknown", max(self.costs.values(), default=0.0) + _UNKNOWN)

    def spaced(self, text: str) -> str:
        """Return the text with a space around every Chinese word; a text without Han comes back unchanged."""
        if not HAN_RUN.search(text):
            return text
        plain = _PICTURE.sub(" ", _EMOJI_CODE.sub(" ", text))
        if not HAN_RUN.search(plain):
            plain = text  # nothing but an emoji code: then it is the message
        return HAN_RUN.sub(lambda run: f" {' '.join(self.cut(run.group()))} ", self.folded(plain))

    def folded(self, text: str) -> str:
        """Return the text in the script and the punctuation the words are written in."""
        return text.translate(self._table)

    def cut(self, run: str) -> list[str]:
        """Cut a run of folded Han characters into the words whose costs have the least sum."""
        size = len(run)
        known, unknown = self._known, self._unknown
        least = [0.0] + [math.inf] * size
        start = [0] * (size + 1)
        for here in range(size):
            before = least[here]
            cost = known.get(run[here], math.inf)
            end = here + 1
            # A character alone always is a word; longer ones are looked for as long as one may begin so.
            total = before + (unknown if cost == math.inf else cost)
            while True:
                if total < least[end]:
                    least[end], start[end] = total, here
                end += 1
                if end > size:
                    break
                longer = known.get(run[here:end])
                if longer is None:
                    break
                total = before + longer
        words = []
        end = size
        while end:
            words.append(run[start[end] : end])
            end = start[end]
        return words[::-1]


def han_runs(texts: Iterable[str]) -> Iterator[str]:
    """Yield every run of Han characters in the texts."""
    for text in texts:
        yield from HAN_RUN.findall(text)
