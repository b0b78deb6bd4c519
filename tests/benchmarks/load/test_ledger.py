from tests.benchmarks.load.figures import Figure, growth
from tests.benchmarks.load.ledger import Ledger


def test_an_answer_of_several_messages_is_one():
    """It ends with the last one, and takes as long as that."""
    ledger = Ledger()
    ledger.ask(1, "why?", 10.0)
    assert not ledger.hear(1, "because", 11.0, last=False)
    assert ledger.hear(1, "so", 12.5, last=True)
    assert ledger.answers == [(2.5, "why?", "because\nso")]
    assert not ledger.lost()


def test_what_comes_unasked_is_stray():
    """A second answer to one question, say."""
    ledger = Ledger()
    ledger.ask(1, "why?", 0.0)
    ledger.hear(1, "so", 1.0, last=True)
    assert not ledger.hear(1, "so", 1.0, last=True)
    assert not ledger.hear(2, "and so", 1.0, last=True)
    assert ledger.strays == ["so", "and so"]


def test_a_question_without_the_end_of_an_answer_is_lost():
    """An apology is no answer; it is told with the question."""
    ledger = Ledger()
    ledger.ask(1, "why?", 0.0)
    ledger.hear(1, "Sorry", 1.0, last=False)
    assert ledger.lost() == ["why? / Sorry"]


def test_a_figure_that_could_not_be_measured_meets_no_bar():
    """Not even a generous one."""
    assert Figure("p95", 1.0, at_most=1.0).met
    assert not Figure("p95", float("nan"), at_most=1e9).met
    assert Figure("p95", float("nan")).met


def test_growth_leaves_out_the_start():
    """The first sixth warms up; then the second one stands for early, the last for late."""
    assert growth([*[1.0] * 10, *[5.0] * 10, *[6.0] * 30, *[7.0] * 10]) == (5.0, 7.0)
