"""Chinese people's names as English questions spell them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.pinyin import in_characters


def archive(*texts):
    """Return how many texts hold a word, or two characters beside each other."""
    return lambda term: sum(term in text for text in texts)


HELD = archive("沈若溪说过这个", "我见过欧阳峻岭", "后来姚明走了", "由于华为的缘故", "ask tangsen")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What did Shen Ruoxi say about rent?", "What did 沈若溪 say about rent?"),
        ("Did Ruoxi Shen say so?", "Did 沈若溪 say so?"),  # given name first
        ("Ouyang Junling's opinion", "欧阳峻岭's opinion"),  # a family name of two characters
        ("Shen Ruoxi or Ouyang Junling", "沈若溪 or 欧阳峻岭"),
        ("Is Yao Ming tall?", "Is 姚明 tall?"),
        ("Who is Yu Hua?", "Who is Yu Hua?"),  # 于华 stands there by chance, and is nobody known
        ("Where is Shen Ruolan?", "Where is Shen Ruolan?"),  # not in the archive
        ("what did shen ruoxi say", "what did shen ruoxi say"),  # no capitals, no name
        ("Did Tang Tangsen call?", "Did Tang Tangsen call?"),  # the archive spells it as well
        ("San Francisco, Long Beach", "San Francisco, Long Beach"),
        ("沈若溪怎么说", "沈若溪怎么说"),
        ("", ""),
    ],
)
def test_a_name_becomes_what_the_archive_has(question, expected):
    """Where it has the characters, and not the spelling; all else stays."""
    assert in_characters(question, HELD) == expected


def test_the_ways_of_writing_that_most_texts_have_are_taken():
    """若溪 and 若熙 sound the same; two ways are enough."""
    held = archive("沈若溪", "沈若溪", "沈若熙", "沈若熙", "沈若熙", "沈若西")
    assert in_characters("Who is Shen Ruoxi?", held) == "Who is 沈若熙 沈若溪?"


@given(st.text(max_size=60) | st.from_regex(r"([A-Z][a-z]{1,7} ){1,4}", fullmatch=True))
def test_nothing_changes_where_nothing_is_held(question):
    """Whatever is asked, and whatever an archive holds, nothing raises."""
    assert in_characters(question, lambda term: 0) == question
    in_characters(question, lambda term: len(term) == 2)
