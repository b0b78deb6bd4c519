"""What a reader sees of Markdown with HTML in it; the cases are in tests/data/formats/visible.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it.utils import read_fixture_file

from ingest.formats.visible import visible

CASES = read_fixture_file(Path(__file__).parents[2] / "data" / "formats" / "visible.md")


@pytest.mark.parametrize(
    ("source", "expected"), [case[2:] for case in CASES], ids=[case[1] for case in CASES]
)
def test_text_is_what_a_reader_sees(source: str, expected: str):
    """The case's title says what."""
    assert visible(source.split("\n")).text == expected.strip("\n")
