"""What makes a page of the comments found."""

from retrieval.fusion import Candidate
from retrieval.records import make_record
from retrieval.selection import select
from retrieval.types import Bilingual, Comment, Kind


def page(*comments, count=5, per_author=3):
    """Return (id, similar) of the page of comments given as (id, author, text), best first."""
    records = {
        name: make_record(
            Comment(name, "t", 1, Kind.ANSWER, author, None, None, Bilingual(zh=text), (1, 2), 0), ()
        )
        for name, author, text in comments
    }
    candidates = [Candidate(name) for name, _, _ in comments]
    chosen = select([*candidates, Candidate("gone")], records, count, per_author=per_author)
    return [(one.record.comment.id, one.similar) for one in chosen]


LONG = "他们到现在还在用软盘和传真机，公司里什么都要盖章。"


def test_near_duplicates_fold_into_the_better_one():
    """With their ids, whatever the punctuation, and only if nearly all is the same."""
    copied = LONG.replace("，", "！") + "哈"
    found = page(("a", "x", LONG), ("b", "y", copied), ("c", "z", "他们到现在还在用软盘，我不相信。"))
    assert found == [("a", ["b"]), ("c", [])]


def test_short_texts_fold_only_when_equal():
    """Two short jokes are two jokes."""
    assert page(("a", "x", "软盘。"), ("b", "y", "软盘"), ("c", "z", "光盘。")) == [("a", ["b"]), ("c", [])]


def test_one_author_comes_after_others_beyond_a_share():
    """But before nobody."""
    comments = [(name, "x", f"{name}说的第{name}件事情，都不一样。" + name * 9) for name in "abc"]
    other = ("d", "y", "完全不同的一句话。")
    assert [name for name, _ in page(*comments, other, count=4, per_author=2)] == ["a", "b", "d", "c"]
    assert [name for name, _ in page(*comments, count=3, per_author=1)] == ["a", "b", "c"]


def test_a_comment_without_text_is_no_one_s_twin_by_accident():
    """Comments of images alone fold together, not with others."""
    assert page(("a", "x", "软盘。"), ("b", "y", " ")) == [("a", []), ("b", [])]


def test_only_the_beginning_is_compared():
    """Of long texts; punctuation does not count, however much there is, nor how a character is stored."""
    opening = "".join(chr(0x4E00 + number) for number in range(400))
    spaced = "。\n".join(opening)
    found = page(("a", "x", opening + "完"), ("b", "y", spaced + "再见"), ("c", "z", opening[200:] * 3))
    assert found == [("a", ["b"]), ("c", [])]
    rare = "𠮷野家的牛丼很好吃𠮷"
    assert page(("a", "x", rare), ("b", "y", rare + "。"), ("c", "z", "𠮷")) == [("a", ["b"]), ("c", [])]
