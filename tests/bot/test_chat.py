import io
import re
from dataclasses import replace

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from bot import messages
from bot.__main__ import main
from bot.chat import converse, private, prompt
from bot.conversation import COMMANDS, Choices, Conversation, Leave
from bot.parts import Parts
from bot.render_terminal import plain
from bot.screen import PlainScreen
from retrieval.errors import UsageError
from tests.fakes import FakeArchive, excerpt, streams, written


@pytest.fixture
def archive():
    return FakeArchive()


@pytest.fixture
def say(archive):
    """Say a line in a conversation and return what it shows."""
    conversation = Conversation(archive, Choices(count=3))
    return lambda line: "\n".join(map(plain, conversation.reply(line)))


def labels(text):
    return [line for line in text.split("\n") if line.startswith("[")]


def test_a_question_is_answered_and_the_first_time_followed_by_what_can_be_done_next(say):
    """The hint is for newcomers; it is not repeated."""
    first, second = say("no bees?"), say("no wind?")
    assert labels(first) == labels(second) == ["[1]", "[2]", "[3]"]
    assert messages.MORE_HINT.en in first
    assert messages.MORE_HINT.en not in second


def test_more_goes_on_where_the_answer_ended(say):
    """Seven comments in pages of three, and then a sentence."""
    say("no bees?")
    assert labels(say("/more")) == ["[4]", "[5]", "[6]"]
    assert labels(say("/MORE")) == ["[7]"]
    assert say("/more") == messages.NO_MORE.en
    assert labels(say("/original 2")) == ["[2]"]


def test_more_leaves_nothing_out_and_shows_nothing_twice(archive, say, monkeypatch):
    """Of more comments some may come before those already shown; they have the next numbers then."""

    def reordered(question):
        found = FakeArchive.answer(archive, question)
        return replace(found, excerpts=found.excerpts[::-1])

    monkeypatch.setattr(archive, "answer", reordered)
    first = say("no bees?")
    pages = [say("/more"), say("/more")]
    assert [labels(text) for text in pages] == [["[4]", "[5]", "[6]"], ["[7]"]]
    ids = re.findall(r"\bcomment\d+", "\n".join([first, *pages]))
    assert sorted(set(ids)) == [f"comment{n:05}" for n in range(1, 8)]


def test_more_shows_the_nearest_comments_where_nothing_answered(archive, say):
    """They are one step away, and introduced as what they are."""
    archive.answered = False
    assert messages.NEAREST_BY_MORE.en in say("no bees?")
    text = say("/more")
    assert text.startswith(messages.NEAREST.en)
    assert labels(text) == ["[1]", "[2]", "[3]"]
    assert labels(say("/more")) == ["[4]", "[5]", "[6]"]


def test_original_turns_quotes_into_the_other_language_and_back(say):
    """All that was shown last, or one by its number."""
    say("no bees?")
    turned = say("/original")
    assert turned.count("用电动牙刷。") == 3
    assert "Use a toothbrush." in say("/original 1")


def test_original_says_so_where_there_is_no_other_language(archive, say):
    """An archive in one language has nothing to turn to."""
    archive.answer = lambda question: (
        FakeArchive().answer(question).__class__(question, True, 1, None, (excerpt(1, other=None),))
    )
    say("no bees?")
    assert say("/original") == messages.NO_OTHER_LANGUAGE.en


def test_like_shows_comments_like_one_and_counts_anew(archive, say):
    """Its numbers then mean the new comments, and /more goes on with them."""
    say("no bees?")
    assert labels(say("/like 2")) == ["[1]", "[2]", "[3]"]
    assert archive.asked[-1].text == "comment00002"
    assert labels(say("/more")) == ["[4]", "[5]", "[6]"]
    assert archive.asked[-1].text == "comment00002"


def test_show_takes_a_number_or_an_id(say):
    """The whole comment, in both languages."""
    assert "No bees come up." in say("/show comment00009")
    say("no bees?")
    assert "没有蜜蜂。" in say("/show 1")
    with pytest.raises(UsageError, match="No comment has the id"):
        say("/show someone")


@pytest.mark.parametrize(
    "command", ["/more", "/original", "/original 1", "/like 1", "/show 1", "/show", "/like"]
)
def test_commands_about_an_answer_need_one(say, command):
    """Before the first question they say what to do."""
    assert say(command) == messages.ASK_FIRST.en


@pytest.mark.parametrize("command", ["/original", "/like", "/show"])
def test_a_number_that_was_not_shown_is_answered_with_the_range(say, command):
    """Zero, too large, not a number."""
    say("no bees?")
    for number in ("0", "4", "99999999999"):
        assert say(f"{command} {number}") == messages.WHICH_NUMBER("en", last=3, command=command)


def test_lang_fixes_the_language_of_quotes_and_sentences(archive, say):
    """`auto` follows the question again."""
    assert say("/lang ZH") == messages.LANG_SET.zh
    say("no bees?")
    assert archive.asked[-1].language == "zh"
    assert say("/lang auto") == messages.LANG_AUTO.zh
    say("no bees?")
    assert archive.asked[-1].language == "en"
    assert say("/lang fr") == say("/lang") == messages.LANG_USAGE.en


def test_sentences_follow_the_language_of_the_last_question(say):
    """Whoever asks in Chinese is spoken to in Chinese."""
    say("没有蜜蜂怎么办？")
    assert say("/more extra words are ignored").startswith("[4]")
    assert say("/unknowable").startswith("没有 /unknowable")


def test_thread_narrows_the_questions_to_one_thread(archive, say):
    """By number, by part of its title or file name; `off` widens again."""
    assert say("/thread") == messages.THREAD_OFF.en
    for name in ("2", "冬天", "WINTER"):
        assert say(f"/thread {name}") == "Answers now come only from: 冬天骑车"
    assert say("/thread").endswith("冬天骑车")
    say("no bees?")
    assert archive.asked[-1].filters.thread == "WINTER"
    assert say("/thread potatoes") == messages.THREAD_UNKNOWN("en", name="potatoes")
    say("no bees?")
    assert archive.asked[-1].filters.thread == "WINTER"
    assert say("/thread off") == messages.THREAD_OFF.en
    say("no bees?")
    assert not archive.asked[-1].filters


def test_sources_lists_the_threads(say):
    """With the numbers that /thread takes."""
    assert say("/sources") == (
        "1. Tomatoes on a balcony (2025-06-18, balcony.md): 17 comments\n"
        "2. 冬天骑车 (no date, winter.txt): 17 comments"
    )


def test_help_lists_every_command(say):
    """Nothing works that is not in the list."""
    text = say("/help")
    assert all(
        f"\n{command.usage}  " in text or f"\n{command.usage} " in text for command in COMMANDS.values()
    )


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("/hlep", "/help"), ("/sorces", "/sources"), ("/Quti", "/quit"), ("/orig", "/original")],
)
def test_a_mistyped_command_is_answered_with_the_nearest(say, typed, nearest):
    """One sentence, and nothing is done."""
    assert say(typed) == messages.UNKNOWN_COMMAND("en", command=typed, nearest=nearest)


def test_an_unknown_command_points_to_help(say):
    """Nor does it repeat endless or dangerous input."""
    assert say("/\x1b[2J" + "x" * 10_000) == messages.UNKNOWN_COMMAND_HELP("en", command="/[2J" + "x" * 36)


def test_quit_leaves(say):
    """The loop ends, whatever follows."""
    with pytest.raises(Leave):
        say("/quit now")


# The loop


def chat(stdin, archive=None, *argv):
    own = streams(stdin)
    archive = archive or FakeArchive()
    code = main(["chat", *argv], own, Parts(open_archive=lambda _: archive))
    assert archive.closed
    return code, written(own.stdout), written(own.stderr)


def test_piped_lines_are_answered_in_plain_lines_without_prompt_or_greeting():
    """One question a line; errors are sentences and the conversation goes on."""
    code, out, err = chat(b"no bees?\n\n???\n/quit\nnever asked\n", None, "-n", "1")
    assert (code, err) == (0, "")
    assert out.startswith("[1]\n")
    assert "The question has no word in it" in out
    assert "\x1b" not in out
    assert "›" not in out


def test_broken_bytes_in_a_pipe_are_one_sentence():
    """The next line is answered."""
    code, out, _ = chat(b"\xff\n/sources\n")
    assert code == 0
    assert "not UTF-8" in out
    assert "1. Tomatoes" in out


def lines(*given):
    """Return a reader of lines; an exception among them is raised."""
    rest = iter(given)

    def read():
        line = next(rest, EOFError())
        if isinstance(line, BaseException):
            raise line
        return line

    return read


def test_ctrl_c_stops_the_answer_and_not_the_conversation(archive):
    """The next question is answered."""
    real, own = archive.answer, streams()

    def slow(question):
        if "slow" in question.text:
            raise KeyboardInterrupt
        return real(question)

    archive.answer = slow
    conversation = Conversation(archive, Choices())
    converse(conversation, PlainScreen(own), lines("slow?", "no bees?"), stoppable=True)
    assert written(own.stdout).startswith("Stopped.\n\n[1]\n")
    with pytest.raises(KeyboardInterrupt):
        converse(conversation, PlainScreen(own), lines("slow?"), stoppable=False)


def test_what_leads_nowhere_is_said_in_one_sentence(archive):
    """An error of the archive neither ends the conversation nor brings escapes to the terminal."""

    def fail(question):
        raise UsageError("No \x1b[31mway.")

    archive.answer = fail
    own = streams()
    converse(Conversation(archive, Choices()), PlainScreen(own), lines("no bees?"), stoppable=True)
    assert written(own.stdout) == "No [31mway.\n\n"


# The prompt


def typed(keys, history):
    with create_pipe_input() as source:
        source.send_text(keys)
        read = prompt(history, source, DummyOutput())
        found = []
        try:
            while True:
                found.append(read())
        except EOFError:
            return found


def test_enter_asks_alt_enter_starts_a_line_ctrl_c_clears_and_ctrl_d_leaves(tmp_path):
    """The keys people expect."""
    keys = "one\rtwo\x1b\rlines\rnever\x03four\r\x04"
    assert typed(keys, tmp_path / "history") == ["one", "two\nlines", "four"]


def test_the_arrow_up_brings_back_what_was_asked_before(tmp_path):
    """Also in the next chat; the file is for its owner only."""
    history = tmp_path / "history"
    assert typed("没有蜜蜂？\r\x04", history) == ["没有蜜蜂？"]
    assert typed("\x1b[A\r\x04", history) == ["没有蜜蜂？"]
    assert history.stat().st_mode & 0o777 == 0o600


def test_an_older_history_file_is_made_private(tmp_path):
    """Whatever mode it had before."""
    history = tmp_path / "history"
    history.write_text("", encoding="utf-8")
    history.chmod(0o644)
    assert private(history).stat().st_mode & 0o777 == 0o600


def test_a_person_is_greeted_once_the_model_is_loaded(monkeypatch):
    """On a terminal: loading, greeting, prompt; Ctrl-D leaves with exit code 0."""
    archive, own = FakeArchive(), streams(terminal=True)
    monkeypatch.setattr("bot.chat.prompt", lambda history: lines("no bees?"))
    assert main(["chat"], own, Parts(open_archive=lambda _: archive)) == 0
    out = written(own.stdout)
    assert archive.warmed
    assert out.index("34 comments from 2 threads.") < out.index("toothbrush")


def test_a_dumb_terminal_gets_plain_lines(monkeypatch):
    """TERM=dumb means: no panels, no prompt."""
    monkeypatch.setenv("TERM", "dumb")
    own = streams(b"no bees?\n", terminal=True)
    assert main(["chat"], own, Parts(open_archive=lambda _: FakeArchive())) == 0
    assert written(own.stdout).startswith("[1]\n")
    assert isinstance(own.stdout, io.TextIOWrapper)
