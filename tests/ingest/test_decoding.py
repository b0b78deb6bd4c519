"""From bytes to text."""

from __future__ import annotations

import pytest

from ingest.decoding import decode
from ingest.types import ParseError

TEXT = "### 知乎用户 甲 发表\n\n“引用”——正文，OK 😂\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_encodings_of_archives_are_read(encoding, newline):
    """UTF-8 with or without a mark, UTF-16 with one, GB18030; any line ends."""
    assert decode(TEXT.replace("\n", newline).encode(encoding)) == TEXT


def test_a_long_gb18030_file_is_read():
    """GB18030 is told by what the characters are, also where ASCII prevails."""
    text = "plain words " * 10_000 + "末尾的中文"
    assert decode(text.encode("gb18030")) == text


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary", None),
        (bytes(range(1, 32)) * 20, "binary", None),
        ("zwei\nZeilen, schön".encode("latin-1"), "neither UTF-8 nor", 2),
        ("Привет, это обычный русский текст".encode("koi8-r"), "neither UTF-8 nor", 1),
        (b"\xff\xfe\x00\xd8\x00", "UTF-16", None),
        (("好" * 100).encode()[:-1] + b"\n", "neither UTF-8 nor", 1),
    ],
)
def test_anything_else_is_refused(data, reason, line):
    """A binary file or another encoding is refused with a reason, not read as gibberish."""
    with pytest.raises(ParseError, match=reason) as caught:
        decode(data)
    assert caught.value.line == line


def test_nothing_is_nothing():
    """An empty file is empty text; that it holds no thread is for the parser to say."""
    assert decode(b"") == ""
