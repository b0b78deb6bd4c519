from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size as cells

from bot.wrapping import breaks


def wrap(text, width):
    """Return the lines of a text."""
    offsets = [0, *breaks(text, width, cells), len(text)]
    return [text[start:end] for start, end in pairwise(offsets)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("short", 10, ["short"]),
        ("", 10, [""]),
        ("one two three", 8, ["one two ", "three"]),
        ("日本的 IT 业界生态", 10, ["日本的 IT ", "业界生态"]),
        ("一二三四五六", 8, ["一二三四", "五六"]),
        ("一二三四。五六", 8, ["一二三", "四。五六"]),
        ("一二三（四五）", 8, ["一二三", "（四五）"]),
        ("unbreakable", 4, ["unbr", "eaka", "ble"]),
        ("用chatgpt写", 8, ["用", "chatgpt", "写"]),
        ("aaaa一 —", 3, ["aaa", "a", "一 ", "—"]),
    ],
)
def test_lines_break_where_readers_expect(text, width, lines):
    """Between Han characters and at spaces, never before a closing mark or after an opening one."""
    assert wrap(text, width) == lines


@given(st.text(alphabet="一二，。（）“”ab c—🙂"), st.integers(2, 12))
def test_no_line_is_too_wide_and_nothing_is_lost(text, width):
    """Whatever the text, its lines together are the text, and each fits but for spaces at its end."""
    lines = wrap(text, width)
    assert "".join(lines) == text
    assert all(sum(map(cells, line.rstrip(" "))) <= width for line in lines)
