"""Pure text work: which language, which script, where sentences end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retrieval.types import Language

#: Han ideographs: the unified block, extension A, the compatibility block and the planes above.
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
HAN = re.compile(f"[{_HAN}]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")


def language_of(text: str) -> Language | None:
    """Tell whether a text is Chinese or English, None where it has no letters of either.

    One Han character carries about as much as one English word, so those are what is counted; a
    Chinese sentence may be full of product names, an English one quotes a Chinese word now and then.
    """
    han = len(HAN.findall(text))
    words = len(_LATIN_WORD.findall(text))
    if not han and not words:
        return "zh" if _KANA.search(text) else None
    return "zh" if han * 2 >= words else "en"
