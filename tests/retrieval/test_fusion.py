"""Fusion: one order from two kinds of evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusion import ANSWERING, FOUND, MET, Candidate, fuse, in_order, in_pieces, ranks
from retrieval.maxsim import Meeting
from retrieval.types import Hit, PassageId, TextHit

names = st.sampled_from("abcdef")
scores = st.integers(-8, 8).map(lambda eighths: eighths / 8)
dense = st.lists(
    st.builds(
        Hit,
        st.builds(PassageId, names, st.sampled_from(["zh", "en"]), st.integers(0, 3), st.booleans()),
        scores,
    ),
    unique_by=lambda hit: hit.passage,
)
lexical = st.lists(
    st.builds(TextHit, names, st.sampled_from(["zh", "en"]), st.integers(0, 40).map(float)),
    unique_by=lambda hit: (hit.comment_id, hit.language),
)


@given(dense, lexical, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_input_s(similar, texts, shuffler):
    """Ties are broken by id, never by which index answered first."""
    first = [(c.comment_id, c.evidence) for c in fuse(similar, texts)]
    mixed = [shuffler.sample(hits, len(hits)) for hits in (similar, texts)]
    assert [(c.comment_id, c.evidence) for c in fuse(*mixed)] == first
    assert first == sorted(first, key=lambda pair: (-pair[1], pair[0]))


@given(dense, lexical, st.integers(0, 8))
def test_only_the_best_are_kept(similar, texts, count):
    """As many as are asked for, and no others than the first of all."""
    assert fuse(similar, texts, count=count) == fuse(similar, texts)[:count]


@given(dense, lexical)
def test_each_comment_found_stands_once(similar, texts):
    """Whatever found it."""
    found = [candidate.comment_id for candidate in fuse(similar, texts, dict.fromkeys("xyz", 0.5))]
    assert sorted(found) == sorted(ranks(similar, texts))
    assert sorted(found) == sorted({h.passage.comment_id for h in similar} | {t.comment_id for t in texts})


def test_a_comment_counts_by_its_best_passage_its_whole_and_its_best_text():
    """What an index of an older version has beside passages is passed over."""
    found = fuse(
        [
            Hit(PassageId("a", "zh", 0), 0.1),
            Hit(PassageId("a", "en", 1), 0.5),
            Hit(PassageId("a", "zh", -1), 0.9),
        ],
        [TextHit("a", "zh", 10.0), TextHit("a", "en", 5.0)],
        {"a": 0.3, "b": 0.9},
    )[0]
    assert found.evidence == pytest.approx(FOUND.passage * 0.5 + FOUND.whole * 0.3 + FOUND.lexical * 10)
    assert [str(passage) for passage in found.passages()] == ["a:en:1", "a:zh:0"]


def test_a_comment_s_only_passage_is_the_whole():
    """No mean is kept for it, and it loses nothing by that."""
    (sole,) = fuse([Hit(PassageId("a", "zh", 0, sole=True), 0.4)], [])
    (several,) = fuse([Hit(PassageId("a", "zh", 0), 0.4)], [], {"a": 0.4})
    assert sole.evidence == several.evidence == pytest.approx(0.4)


def test_what_the_dense_index_left_out_is_no_better_than_its_last():
    """The lexical index alone may still bring it to the top."""
    found = fuse(
        [Hit(PassageId("a", "zh", 0), 0.9), Hit(PassageId("b", "zh", 0), 0.2)], [TextHit("c", "zh", 60.0)]
    )
    assert [(c.comment_id, c.best_dense) for c in found] == [("c", 0.2), ("a", 0.9), ("b", 0.2)]


def test_meeting_the_question_s_words_counts():
    """All weighs otherwise then; a doubt makes an answer less likely and keeps its place."""
    (found,) = fuse([Hit(PassageId("a", "zh", 0, sole=True), 0.5)], [TextHit("a", "zh", 10.0)])
    found.meeting = Meeting(0.6, 0.1)
    dense = (MET.passage + MET.whole) * 0.5
    assert found.evidence == pytest.approx(dense + MET.lexical * 10 + MET.meeting * 0.6)
    likely, evidence = found.likelihood, found.evidence
    found.doubt = 0.3
    assert found.evidence == evidence
    assert found.likelihood < likely


@pytest.mark.parametrize(
    ("best", "trust", "order"), [(0.9, 1.0, "ab"), (0.7, 1.0, "ab"), (0.65, 0.85, "ba"), (0.4, 0.7, "ba")]
)
def test_words_count_for_less_where_no_comment_meets_them_well(best, trust, order):
    """Who asks in words that nobody writes is asked by meaning; whether it is answered is told as before."""
    near, worded = candidates = _similar(b=0.55, a=0.5)
    near.meeting, worded.meeting = Meeting(best - 0.055, 0.1), Meeting(best, 0.1)
    before = [candidate.evidence - candidate.beyond for candidate in candidates]
    found = in_order(candidates, {"a": "all", "b": "all"})
    assert [candidate.trust for candidate in candidates] == pytest.approx([trust] * 2)
    assert [candidate.evidence - candidate.beyond for candidate in candidates] == pytest.approx(before)
    assert "".join(candidate.comment_id for candidate in found) == order


def test_what_is_more_like_its_thread_s_question_loses():
    """By how much more, as a whole, than like what is asked; where that is less, or not known, nothing."""
    plain, aside, like, unread = _similar(a=0.5, b=0.5, c=0.5, d=0.5)
    for candidate in (plain, aside, like):
        candidate.meeting = Meeting(0.6, 0.1)
    aside.common, like.common, unread.common = 0.8, 0.4, 0.8
    assert [one.aside for one in (plain, aside, like)] == [0.0, pytest.approx(0.3), 0.0]
    assert like.evidence == plain.evidence == pytest.approx(aside.evidence + 0.14 * 0.3)
    assert unread.evidence == pytest.approx(0.5)
    # As the first of all it is told by itself whether it answers.
    assert aside.evidence - aside.beyond == pytest.approx(plain.evidence - plain.beyond)


def test_whether_the_first_answers_is_weighed_otherwise():
    """Likeness counts for more than where it ranks, and what the comment lacks of the question against it."""
    found = Candidate("a", {PassageId("a", "zh", 0): 0.6}, 0.5, {"zh": 20.0}, meeting=Meeting(0.7, 0.2))
    found.unnamed = 0.1
    expected = ANSWERING.of(0.6, 0.5, 20.0, 0.7) - 0.25 * 0.2 - 1.2 * 0.1
    assert found.evidence - found.beyond == pytest.approx(expected)
    found.meeting = None
    assert found.beyond == 0.0


def test_no_lexical_evidence_leaves_the_dense_order():
    """A script in which nothing is shared adds nothing, and takes nothing away."""
    hits = [Hit(PassageId(name, "zh", 0), score) for name, score in (("a", 0.3), ("b", 0.8), ("c", 0.5))]
    assert [c.comment_id for c in fuse(hits, [])] == ["b", "c", "a"]


@given(dense, lexical)
def test_likelihood_rises_with_evidence(similar, texts):
    """It is a probability, and orders as the evidence does."""
    likely = [candidate.likelihood for candidate in fuse(similar, texts)]
    assert all(0 <= value <= 1 for value in likely)
    assert likely == sorted(likely, reverse=True)


def _similar(**scores):
    return fuse([Hit(PassageId(name, "zh", 0, sole=True), score) for name, score in scores.items()], [])


def test_a_thread_that_has_more_comes_before_one_that_has_less():
    """Of comments as good as each other; one that is better by more than that stays before."""
    candidates = _similar(a=0.42, b=0.41, c=0.40, d=0.39, last=0.1)
    threads = {"a": "once", "b": "often", "c": "often", "d": "often", "last": "else"}
    assert [c.comment_id for c in in_order(candidates, threads)] == ["b", "c", "d", "a", "last"]
    better = _similar(a=0.6, b=0.41, c=0.40, d=0.39, last=0.1)
    assert [c.comment_id for c in in_order(better, threads)] == ["a", "b", "c", "d", "last"]


def test_a_reply_comes_with_what_it_answers():
    """As far as that one speaks to the question; a comment that says more itself stays before."""
    candidates = _similar(answer=0.6, other=0.42, reply=0.4, far=0.38, last=0.1)
    threads = dict.fromkeys(("answer", "other", "reply", "far", "last"), "one")
    parents = {"reply": "answer", "far": "last", "other": "not found"}
    found = in_order(candidates, threads, parents)
    assert [c.comment_id for c in found] == ["answer", "reply", "other", "far", "last"]
    assert [c.comment_id for c in in_order(candidates, threads)] == [
        "answer",
        "other",
        "reply",
        "far",
        "last",
    ]
    closer = _similar(answer=0.6, other=0.58, reply=0.4, last=0.1)
    assert [c.comment_id for c in in_order(closer, threads, parents)][:2] == ["answer", "other"]


def test_one_thread_changes_nothing():
    """Neither the order nor what is said of any of them; nor does nothing at all."""
    candidates = _similar(a=0.5, b=0.4, c=0.3)
    before = [candidate.likelihood for candidate in candidates]
    assert in_order(candidates, dict.fromkeys("abc", "all")) == candidates
    assert [candidate.likelihood for candidate in candidates] == before
    assert in_order([], {}) == []


@given(dense, lexical, st.randoms())
def test_likelihood_orders_as_threads_do(similar, texts, dice):
    """Whatever the threads and replies; and what is said of the first is said of it alone."""
    candidates = fuse(similar, texts)
    alone = {candidate.comment_id: candidate.likelihood for candidate in candidates}
    threads = {candidate.comment_id: dice.choice("xyz") for candidate in candidates}
    parents = {name: dice.choice([*alone, "none"]) for name in alone if dice.random() < 0.5}
    found = in_order(candidates, threads, parents)
    # Sums of the same numbers in another order differ in their last digit.
    likely = [round(candidate.likelihood, 12) for candidate in found]
    assert likely == sorted(likely, reverse=True)
    assert likely[:1] == [round(alone[candidate.comment_id], 12) for candidate in found[:1]]
    assert {candidate.comment_id for candidate in found} == set(alone)


def test_ranks_tell_the_legs_apart():
    """Ranks count from 1; None says that an index did not find it."""
    similar = [("a", 0), ("a", 1), ("b", 0), ("d", -1)]
    found = [Hit(PassageId(name, "zh", number), 0.9) for name, number in similar]
    texts = [TextHit("c", "zh", 9.0), TextHit("c", "en", 2.0), TextHit("b", "en", 1.0)]
    assert ranks(found, texts) == {"a": (1, None), "b": (2, 2), "c": (None, 1)}


def test_only_comments_in_pieces_have_means_to_look_up():
    """A comment found by its only passage is whole already; one found by its words may be in pieces."""
    found = [Hit(PassageId("a", "zh", 0, sole=True), 0.9), Hit(PassageId("b", "zh", 1), 0.5)]
    assert in_pieces(found, ["a", "b", "c"]) == ["b", "c"]


def test_nothing_found_is_no_candidate():
    """And a candidate without evidence is possible: a comment shown by id."""
    assert fuse([], []) == []
    assert Candidate("a").evidence == 0.0
