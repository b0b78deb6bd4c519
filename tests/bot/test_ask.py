import io
import json

import pytest

from bot import messages
from bot.__main__ import main
from bot.commands.ask import exit_code, looks_unquoted
from bot.parts import Parts
from bot.streams import Streams
from retrieval.types import Filters, Kind
from tests.fakes import FakeArchive, streams, written


def ask(*argv, stdin=b"", archive=None, terminal=False):
    archive = archive or FakeArchive()
    own = streams(stdin, terminal=terminal)
    code = main(["ask", *argv], own, Parts(open_archive=lambda _: archive))
    assert archive.closed
    return code, written(own.stdout), written(own.stderr)


def test_an_answer_is_quoted_in_plain_lines():
    """One question, one answer, exit code 0."""
    code, out, err = ask("no bees up here?", "-n", "2")
    assert (code, err) == (0, "")
    assert out.startswith("[1]\n   …Use a toothbrush.…\n")
    assert out.count("— 芋头不甜") == 2
    assert "\x1b" not in out


def test_nothing_relevant_is_said_plainly_with_exit_code_3():
    """The nearest comments are not passed off as an answer."""
    code, out, _ = ask("no bees?", archive=FakeArchive(answered=False))
    assert code == 3
    assert out.startswith("Nothing in the threads speaks to this.\n")
    assert "toothbrush" not in out


def test_options_and_settings_reach_the_question(monkeypatch):
    """Options go before settings; filters are handed on."""
    monkeypatch.setenv("THREADBOT_COUNT", "3")
    monkeypatch.setenv("THREADBOT_LANGUAGE", "zh")
    archive = FakeArchive()
    ask("no bees?", archive=archive)
    ask(
        *("no bees?", "-n", "4", "--lang", "en", "--thread", "balcony", "--author", "Null"),
        *("--since", "2025-01-01", "--until", "2025-12-31", "--kind", "reply"),
        archive=archive,
    )
    first, second = archive.asked
    assert (first.count, first.language, bool(first.filters)) == (3, "zh", False)
    assert (second.count, second.language) == (4, "en")
    assert second.filters == Filters("balcony", "Null", "2025-01-01", "2025-12-31", Kind.REPLY)


def test_several_questions_stand_over_their_answers():
    """Each argument is one question; a bad one does not stop the others."""
    code, out, err = ask("no bees?", "???", "没有蜜蜂怎么办", "-n", "1")
    assert code == 0
    assert out.index("› no bees?") < out.index("› 没有蜜蜂怎么办")
    assert err == "The question has no word in it; write what you want to know in English or Chinese.\n"


def test_json_is_one_object_for_one_question_and_an_array_for_several():
    """Bad questions keep their place in the array."""
    code, out, _ = ask("no bees?", "--json", "--explain")
    assert code == 0
    assert json.loads(out)["excerpts"][0]["explain"] == {"dense": 0.7, "passages": ["a", "b"]}
    assert out.startswith('{\n  "question": "no bees?"')
    code, out, _ = ask("no bees?", "", "--json")
    assert code == 0
    assert [sorted(found)[:2] for found in json.loads(out)] == [
        ["answered", "archive_date"],
        ["error", "question"],
    ]


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("question", ["", "???", "x" * 3000, "a\udcffb", "\x00"])
def test_one_bad_question_is_one_sentence_and_exit_code_2(form, question):
    """Empty, wordless, endless, not UTF-8: no traceback, nothing on standard output."""
    code, out, err = ask(question, *form)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_jsonl_has_a_line_for_every_line_read():
    """Empty lines and broken bytes have theirs too, so that a caller can count."""
    stdin = b"\xef\xbb\xbfno bees?\r\n\n\xff\xfe\n???\nnul \x00 inside\n" + "没有蜜蜂\u2028怎么办".encode()
    code, out, err = ask("--jsonl", stdin=stdin)
    lines = [json.loads(line) for line in out.split("\n")[:-1]]
    assert (code, err) == (0, "")
    assert [("error" in line) for line in lines] == [False, True, True, True, False, False]
    assert lines[0]["question"] == "no bees?"
    assert list(lines[1]) == ["question", "error"]


def test_empty_lines_are_passed_over_where_nobody_counts():
    """A trailing empty line is not a question."""
    code, out, err = ask("-n", "1", stdin=b"\nno bees?\n\n")
    assert (code, err) == (0, "")
    assert out.count("[1]") == 1


@pytest.mark.parametrize("stdin", [b"", b"\n \n"])
def test_no_question_at_all_is_a_usage_error(stdin):
    """The sentence shows how a question is written."""
    code, out, err = ask(stdin=stdin)
    assert (code, out) == (2, "")
    assert 'threadbot ask "' in err


def test_a_filter_that_names_nothing_is_part_of_the_reply():
    """The sentence of the search is the error of that question."""
    code, out, _ = ask("no bees?", "--thread", "nowhere", "--jsonl")
    assert code == 2
    assert json.loads(out) == {"question": "no bees?", "error": "No thread is called “nowhere”."}


def test_each_question_is_answered_and_flushed_before_the_next_is_read():
    """A program may hold a dialogue through the pipe."""
    log = []

    lines = iter([b"one bee?\n", b"two bees?\n"])

    class Source(io.RawIOBase):
        def readline(self, _=-1):
            log.append("read")
            return next(lines, b"")

    class Target(io.StringIO):
        def flush(self):
            log.append(f"flushed {self.getvalue().count(chr(10))}")

    class Stdin(io.StringIO):
        buffer = Source()

    own = Streams(Stdin(), Target(), io.StringIO())
    assert main(["ask", "--jsonl"], own, Parts(open_archive=lambda _: FakeArchive())) == 0
    assert log[:4] == ["read", "flushed 1", "read", "flushed 2"]


def test_on_a_terminal_answers_are_drawn():
    """Panels and bold matches, and a word on how to end when questions are typed."""
    code, out, err = ask(stdin=b"no bees?\n", terminal=True)
    assert code == 0
    assert "\x1b[1mtoothbrush" in out
    assert "╰──" in out
    assert err == "Write one question a line; Ctrl-D ends.\n"


def test_forgotten_quotation_marks_are_pointed_out():
    """Three words are three questions, which is hardly ever meant."""
    _, out, err = ask("no", "bees", "here?")
    assert out.count("› ") == 3
    assert err == messages.ONE_ARGUMENT.en + "\n"
    assert not looks_unquoted(["没有蜜蜂？", "没有风？"])
    assert not looks_unquoted(["bees?"])


@pytest.mark.parametrize(
    ("codes", "expected"), [([0], 0), ([3, 0, 2], 0), ([3, 2], 3), ([2, 2], 2), ([3], 3)]
)
def test_the_exit_code_of_several_questions_is_that_of_the_best(codes, expected):
    """0 if any was answered, else 3 if any was understood."""
    assert exit_code(codes) == expected
