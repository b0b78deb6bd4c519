"""The lexical index, a real one in a folder."""

import pytest

from retrieval.errors import RetrievalError
from retrieval.lexical import LexicalIndex
from retrieval.records import make_record
from retrieval.terms import NOTHING, wanted
from retrieval.types import Bilingual, Comment, Kind, Scope

DAYS = {"old": 20240105, "new": 20250820, "undated": 0}
EVERYTHING = Scope()


def record(name, zh=None, en=None, thread="new", **fields):
    """Return a comment as the store keeps it."""
    values = {"position": 1, "kind": Kind.ANSWER, "author": "小李", "reply_to": None, "parent": None}
    text = Bilingual(zh, en)
    return make_record(
        Comment(id=name, thread_id=thread, text=text, lines=(1, 2), images=0, **values | fields), ()
    )


RECORDS = [
    record("disk", "他们还在用软盘，真是难以置信。", "They still use floppy disks."),
    record("phone", "翻盖手机很好用。", author="阿明", kind=Kind.REPLY),
    record("cobol", "我靠写 COBOL 挣钱。", thread="old"),
    record("cat", "猫。", thread="undated"),
    record("litho", "光刻机还没有突破。"),
    record("other", "光在镜子里，刻度在机器上。"),
]


@pytest.fixture
def index(tmp_path):
    """Return an index of RECORDS."""
    made = LexicalIndex.create(tmp_path / "lexical")
    made.update([], RECORDS, DAYS)
    return made


def found(index, question, scope=EVERYTHING, count=10):
    """Return the comments found, each once, best first."""
    return list(dict.fromkeys(hit.comment_id for hit in index.best(wanted(question), count, scope)))


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("猫", "cat"),
        ("软盘", "disk"),
        ("軟盤", "disk"),
        ("光刻机", "litho"),
        ("翻盖手机好用吗", "phone"),
        ("cobol", "cobol"),
        ("写COBOL的人", "cobol"),
        ("floppy disk", "disk"),
        ("still using?", "disk"),
        ("cell phone", "phone"),
    ],
)
def test_words_of_any_length_and_script_are_found(index, question, first):
    """One character, two, more; traditional; stemmed; code-switched; by translation."""
    assert found(index, question)[0] == first


def test_an_absent_word_voids_nothing(index):
    """It only adds nothing."""
    assert found(index, "floppy xyzzyx 鼗鼗")[0] == "disk"
    assert found(index, "xyzzyx") == []


@pytest.mark.parametrize(
    "question",
    ['"floppy', "floppy AND", "disk OR NOT (", "terms:floppy", "flop* disk~2", "+disk -disk", "[a TO disk]"],
)
def test_query_syntax_means_nothing(index, question):
    """Questions are never parsed."""
    assert "disk" in found(index, question)


def test_nothing_wanted_finds_nothing(index):
    """Stop words alone ask for nothing."""
    assert index.best(NOTHING, 10, EVERYTHING) == []
    assert index.best(wanted("what is it"), 10, EVERYTHING) == []


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(threads=("old",)), {"cobol"}),
        (Scope(author="阿明"), {"phone"}),
        (Scope(kind="reply"), {"phone"}),
        (Scope(until=20241231), {"cobol"}),
        (Scope(since=20250101), {"phone"}),
        (Scope(threads=("old",), kind="reply"), set()),
    ],
)
def test_a_scope_limits_what_is_found(index, scope, expected):
    """Threads without a date are in no range."""
    assert set(found(index, "手机 COBOL 猫", scope)) & {"phone", "cobol", "cat"} == expected


def test_a_filter_adds_nothing_to_the_score(index):
    """Or scores were not comparable between questions."""
    free, limited = (
        index.best(wanted("手机"), 1, scope)[0].score for scope in (EVERYTHING, Scope(kind="reply"))
    )
    assert free == pytest.approx(limited)


def test_a_text_that_holds_all_that_is_asked_for_comes_first(tmp_path):
    """Though it is long, and a short one holds some of it often."""
    index = LexicalIndex.create(tmp_path)
    long = "很久以前，" + "有人说过别的事情。" * 40 + "光刻机。"
    index.update([], [record("long", long), record("short", "光刻，光刻。"), *RECORDS[:4]], DAYS)
    assert found(index, "光刻机")[0] == "long"


def test_a_name_is_found_in_either_script(tmp_path):
    """As it is called there, though no word of the question stands in the text."""
    index = LexicalIndex.create(tmp_path)
    named = [
        record("latin", "靠 NVIDIA 的卡。"),
        record("han", "腾讯也在做。"),
        record("none", "别的公司也在做卡。"),
    ]
    index.update([], named, DAYS)
    assert found(index, "英伟达")[0] == "latin"
    assert found(index, "Tencent") == ["han"]
    assert index.has("nvidia")
    assert index.has("腾讯")
    assert not index.has("华为")


def test_updates_replace_and_remove(index, tmp_path):
    """At once, and for whoever opens the folder next."""
    index.update(["cat"], [record("disk", "硬盘。")], DAYS)
    again = LexicalIndex.open(tmp_path / "lexical")
    for one in (index, again):
        assert found(one, "floppy") == []
        assert found(one, "硬盘")[0] == "disk"
        assert not one.holds("cat", "zh")
        assert one.count() == len(RECORDS) - 1


def test_rare_terms_are_worth_more(index):
    """By BM25's inverse document frequency; a term that stands nowhere is worth most."""
    assert index.rarity("鼗") > index.rarity("软盘") > 0
    assert index.frequency("鼗") == 0


def test_a_word_is_as_common_as_its_translations(index):
    """Asked for in the other language, a word is as rare as what says the same; never rarer for that."""
    assert index.frequency("diskett") == 0
    assert index.rarity("diskett", ["软盘", "鼗鼓"]) == index.rarity("软盘") < index.rarity("diskett")
    assert index.rarity("软盘", ["鼗鼓"]) == index.rarity("软盘")
    assert index.rarity("软盘", ()) == index.rarity("软盘")


@pytest.mark.parametrize("damage", ["gone", "no JSON", "cut short"])
def test_a_damaged_index_is_a_sentence(index, tmp_path, damage):
    """It is never taken for an empty one, which would say that nothing speaks to a question."""
    assert index.count()
    folder = tmp_path / "lexical"
    for path in folder.glob("meta.json" if damage != "cut short" else "*.store"):
        path.unlink() if damage == "gone" else path.write_text("{")
    with pytest.raises(RetrievalError, match=r"^The lexical index in .* is damaged \(.*ingest your sources"):
        LexicalIndex.open(folder)
