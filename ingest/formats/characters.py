"""Which characters a reader can see.

Taken out, because nobody sees them and they split words for every search: control characters,
zero-width spaces and word joiners, byte order marks inside the text, soft hyphens, bidirectional
controls, lone surrogates. Kept, because they change what is drawn: variation selectors, the tag
characters of flags, and zero-width joiners inside an emoji or a word of a script that joins its letters.
Unusual spaces become plain ones; the ideographic space stays, it is as wide as a character.
"""

from __future__ import annotations

import re

#: Next to these a joiner joins nothing: ASCII, space, CJK punctuation, kana, Han.
_UNJOINED = r"\x00-\x7f\s\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef"
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]"
)
_JOINER = re.compile(f"(?<![^{_UNJOINED}])[\u200c\u200d]|[\u200c\u200d](?![^{_UNJOINED}])")
_SPACE = re.compile(r"[\x0b\x0c\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f]")
_ANY = re.compile(f"{_INVISIBLE.pattern}|[\u200c\u200d]|{_SPACE.pattern}")


def clean(text: str) -> str:
    """Return the text without invisible characters, odd spaces made plain; line feeds and tabs stay."""
    if not _ANY.search(text):
        return text
    return _SPACE.sub(" ", _JOINER.sub("", _INVISIBLE.sub("", text)))
