"""The page: comments in the order of how they meet a question's words."""

from dataclasses import replace

import numpy as np
import pytest

from retrieval.fusion import Candidate
from retrieval.maxsim import Asked, Texts
from retrieval.page import met
from retrieval.types import Bilingual, Comment, Kind, Record

ONE, OTHER, NEITHER = np.eye(3, dtype=np.float32)
#: What stands for tokens here: a letter for each vector.
LETTERS = {b"o": ONE, b"t": OTHER, b"n": NEITHER}
ASKED = Asked(
    np.stack([ONE, OTHER]), np.array([0.25, 0.75], np.float32), np.array([0, 1]), np.array([False, True])
)


def vectors(packed):
    """Return the vectors of passages, each written as letters."""
    if not packed:
        return None
    passages = [own for comment in packed for own in comment]
    rows = [LETTERS[own[place : place + 1]] for own in passages for place in range(len(own))]
    starts = np.cumsum([0, *map(len, passages[:-1])])
    return Texts(np.stack(rows), starts, np.cumsum([0, *map(len, packed[:-1])]))


def nowhere(record):
    """Tell that a comment stands alone."""
    del record
    return []


def records(**tokens):
    """Return comments by id, with the tokens of their passages."""
    return {
        name: Record(
            Comment(name, "t", 1, Kind.ANSWER, "a", None, None, Bilingual(en="?"), (1, 2), 0),
            "",
            (),
            {},
            tokens=own,
        )
        for name, own in tokens.items()
    }


def test_comments_come_in_the_order_of_how_they_meet_the_words():
    """What the first misses most counts against all; equals keep their order, those without a record go."""
    known = records(rare=(b"nn", b"nt"), none=(b"n",), same=(b"n",), common=(b"o",))
    found = met(
        ASKED,
        [Candidate("gone"), *map(Candidate, ("none", "same", "common", "rare"))],
        known,
        vectors,
        nowhere,
    )
    assert [candidate.comment_id for candidate in found] == ["rare", "common", "none", "same"]
    assert {candidate.doubt for candidate in found} == {found[0].beyond}
    assert [c.meeting.missed for c in found] == [pytest.approx(share) for share in (0.25, 0.75, 0.75, 0.75)]


def test_a_comment_without_tokens_meets_nothing():
    """Whether one of its passages has none, or none has any; what others have is still theirs."""
    found = met(
        ASKED,
        [Candidate("empty"), Candidate("half")],
        records(empty=(b"",), half=(b"", b"ot")),
        vectors,
        nowhere,
    )
    assert [candidate.comment_id for candidate in found] == ["half", "empty"]
    assert [candidate.meeting.missed for candidate in found] == [0.0, 1.0]
    (alone,) = met(ASKED, [Candidate("empty")], records(empty=()), vectors, nowhere)
    assert (alone.meeting.score, alone.meeting.missed) == (0.0, 1.0)


def test_what_answers_its_thread_s_question_alone_comes_later():
    """Of comments that meet the words as well as each other, whichever was found first."""
    known = records(alone=(b"o",), too=(b"o",))
    known["alone"], known["too"] = replace(known["alone"], common=0.9), replace(known["too"], common=0.2)
    found = met(ASKED, [Candidate("alone", whole=0.3), Candidate("too", whole=0.3)], known, vectors, nowhere)
    assert [candidate.comment_id for candidate in found] == ["too", "alone"]


def test_no_candidate_makes_no_page():
    """Nothing found is nothing to order."""
    assert met(ASKED, [], {}, vectors, nowhere) == []


@pytest.mark.parametrize(("whole", "first"), [(0.30, "lacks"), (0.40, "lacks"), (0.45, "has")])
def test_of_two_as_good_the_one_with_the_name_comes_first(whole, first):
    """It makes the answer no doubtful one then; a better one that lacks the name stays, and is doubtful."""
    known = records(lacks=(b"oo",), has=(b"t",), neither=(b"n",))
    candidates = [
        Candidate("lacks", whole=1.5),
        Candidate("neither", whole=0.1),
        Candidate("has", whole=whole),
    ]
    found = met(ASKED, candidates, known, vectors, nowhere)
    names = [candidate.comment_id for candidate in found]
    assert names == [first, "lacks" if first == "has" else "has", "neither"]
    assert (found[0].unnamed > 0.5) == (first == "lacks")
    assert found[0].thread == 0.0
    assert {candidate.doubt for candidate in found} == {found[0].beyond}


def test_a_name_makes_doubtful_what_does_not_have_it():
    """That the first comment lacks it counts against all, unless what it replies to or its thread has it."""
    known = records(one=(b"o",), none=(b"n",))
    candidates = [Candidate("one"), Candidate("none")]
    found = met(ASKED, candidates, known, vectors, nowhere)
    assert [candidate.unnamed for candidate in found] == [pytest.approx(0.75), 0.0]
    doubtful = [candidate.likelihood for candidate in found]
    found = met(ASKED, candidates, known, vectors, lambda record: [b"t"] if record is known["one"] else [])
    assert found[0].unnamed == pytest.approx(0.0)
    assert all(candidate.likelihood > before for candidate, before in zip(found, doubtful, strict=True))
