"""Measuring: the sums by hand, the intervals by their bounds."""

import json

import pytest

from retrieval import evaluate, significance
from retrieval.errors import UsageError
from retrieval.evaluate import FALSE_REFUSALS, REFUSALS, Labelled, Outcome

pytest.importorskip("ir_measures")


def outcome(gold, given, *, answered=True, pair="en → zh"):
    """Return what came of one question; comments are positions in one thread."""
    labelled = Labelled("?", "en", frozenset(("t", position) for position in gold))
    return Outcome(labelled, pair, tuple(("t", position) for position in given), answered, 0.5)


OUTCOMES = [
    outcome([1], [1, 2, 3]),
    outcome([5, 9], [3, 4, 5]),
    outcome([7], [], answered=False, pair="zh → zh"),
    outcome([], [1], answered=False, pair="en → none"),
    outcome([], [1], answered=True, pair="en → none"),
]


def test_figures_by_hand():
    """First, third, nowhere: hit@1 a third, MRR (1 + 1/3) / 3, recall (1 + 1/2) / 3; one of two refused."""
    found = {name: one.value for name, one in evaluate.report(OUTCOMES)["all"].items()}
    assert found["hit@1"] == pytest.approx(1 / 3)
    assert found["hit@5"] == pytest.approx(2 / 3)
    assert found["MRR@10"] == pytest.approx((1 + 1 / 3) / 3)
    assert found["recall@10"] == pytest.approx(0.5)
    assert found[REFUSALS] == 0.5
    assert found[FALSE_REFUSALS] == pytest.approx(1 / 3)


def test_groups_are_language_pairs():
    """With the figures that are defined for them, and how many questions each is over."""
    groups = evaluate.report(OUTCOMES)
    assert list(groups) == ["all", "en → none", "en → zh", "zh → zh"]
    assert set(groups["en → none"]) == {REFUSALS}
    assert groups["en → zh"]["MRR@10"].questions == 2


def test_every_interval_holds_its_figure():
    """And is inside 0 to 1."""
    for figures in evaluate.report(OUTCOMES * 7).values():
        for one in figures.values():
            assert 0 <= one.interval.low <= one.value + 1e-9
            assert one.value - 1e-9 <= one.interval.high <= 1


def test_two_settings_are_compared_question_by_question():
    """The same answers differ by nothing; many gains and no loss are no accident."""
    worse = [outcome([1], [2, 1]) for _ in range(12)]
    better = [outcome([1], [1, 2]) for _ in range(12)]
    same = evaluate.compare(worse, worse)
    assert {one.p for one in same.values()} == {1.0}
    gain = evaluate.compare(worse, better)
    assert (gain["MRR@10"].before, gain["MRR@10"].after) == (0.5, 1.0)
    assert gain["MRR@10"].p < 0.01
    assert gain["hit@1"].p < 0.01
    assert gain["hit@5"].p == 1.0
    with pytest.raises(ValueError, match="not the same questions"):
        evaluate.compare(worse, better[1:])


def test_reports_are_tables_and_json():
    """With every figure, in both."""
    groups = evaluate.report(OUTCOMES)
    assert "MRR@10" in evaluate.table(groups)
    assert json.loads(json.dumps(evaluate.to_json(groups)))["all"]["hit@1"]["questions"] == 3
    figures = evaluate.compare(OUTCOMES, OUTCOMES)
    assert "change" in evaluate.comparison_table(figures)
    assert json.loads(json.dumps(evaluate.comparison_to_json(figures)))["hit@1"]["p"] == 1.0


def test_labelled_questions_are_read_line_by_line():
    """Blank lines are nothing."""
    line = '{"question": "flip phones", "lang": "en", "gold": [["003", 4]]}'
    assert evaluate.read([line, "\n"]) == [Labelled("flip phones", "en", frozenset({("003", 4)}))]


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"question": "a"}', '{"question": "a", "lang": "fr", "gold": []}',
             '{"question": "a", "lang": "en", "gold": [1]}'],
)  # fmt: skip
def test_a_bad_line_is_named(line):
    """One sentence with its number."""
    with pytest.raises(UsageError, match="Line 2 "):
        evaluate.read(["", line])
    with pytest.raises(UsageError, match="no question"):
        evaluate.read([])


def test_intervals_are_the_textbooks():
    """Wilson's for 8 of 10; a constant has no width."""
    share = significance.of_share([1.0] * 8 + [0.0] * 2)
    assert (share.low, share.high) == (pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3))
    assert significance.of_mean([0.5, 0.5]) == significance.Interval(0.5, 0.5)
