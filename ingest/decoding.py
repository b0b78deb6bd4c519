"""Bytes of an archive file to text: UTF-8, UTF-16 with a byte order mark, GB18030; nothing is guessed.

A file in any other encoding would read as gibberish, so it is refused with a reason instead.
"""

from __future__ import annotations

import codecs
import re

from ingest.types import ParseError

#: Controls that text does not hold; tab, line feed, carriage return, form feed and escape may stand in it.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
#: What Chinese text is made of: ideographs, kana, CJK and full-width punctuation, quotes and dashes.
_CHINESE = re.compile(r"[\u2010-\u2026\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
#: How many characters are looked at to tell text from noise.
_SAMPLE = 200_000


def decode(data: bytes) -> str:
    """Return the text of a file with line feeds for line ends, without byte order mark.

    :raises ParseError: If the bytes are neither UTF-8 nor GB18030 nor marked UTF-16, or not text at all.
    """
    return _decoded(data).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _utf16(data)
    if b"\x00" in data:
        raise ParseError("this is a binary file (it holds null bytes)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _gb18030(data, error.start)
    if _is_noise(text):
        raise ParseError("this is a binary file (it holds control characters)")
    return text


def _utf16(data: bytes) -> str:
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise ParseError("this starts as UTF-16 but is not") from error
    if _is_noise(text):
        raise ParseError("this is a binary file (it holds control characters)")
    return text


def _gb18030(data: bytes, not_utf8_at: int) -> str:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, not_utf8_at) + 1
        raise ParseError("this is neither UTF-8 nor GB18030 text", line) from error
    if _is_noise(text) or not _is_chinese(text):
        line = data.count(b"\n", 0, not_utf8_at) + 1
        raise ParseError("this is neither UTF-8 nor Chinese text in GB18030", line)
    return text


def _is_noise(text: str) -> bool:
    """Tell whether more than one character in a hundred is a control character."""
    sample = text[:_SAMPLE]
    return len(_CONTROL.findall(sample)) * 100 > len(sample)


def _is_chinese(text: str) -> bool:
    """Tell whether most of what is not ASCII is Chinese, and half of it common.

    Almost any bytes decode as GB18030, but only Chinese text decodes to common Chinese characters: those
    of GB2312, which traditional texts share too.
    """
    beyond = "".join(_BEYOND_ASCII.findall(text[:_SAMPLE])) or "".join(_BEYOND_ASCII.findall(text))
    chinese = len(_CHINESE.findall(beyond))
    common = len(beyond.encode("gb2312", "ignore")) // 2
    return chinese * 10 >= len(beyond) * 7 and common * 2 >= len(beyond)
