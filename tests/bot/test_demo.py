import pytest

from bot import messages
from bot.__main__ import main
from bot.commands.demo import QUESTIONS
from bot.parts import Parts
from retrieval.text import language_of
from tests.fakes import SUMMARY, FakeArchive, streams, written


def demo(*, terminal=False, archive=None):
    seen = []

    def ingest(sources, settings, **_):
        seen.append((sources, settings.data_dir))
        assert settings.data_dir.is_dir()
        return SUMMARY

    own = streams(terminal=terminal)
    parts = Parts(open_archive=lambda _: archive or FakeArchive(), ingest=ingest)
    return main(["demo"], own, parts), written(own.stdout), written(own.stderr), seen


def test_the_demo_answers_a_question_in_each_language_and_says_what_to_do_next():
    """In a pipe it ends there, with plain lines."""
    code, out, err, seen = demo()
    assert code == 0
    assert {language_of(text) for text in QUESTIONS} == {"en", "zh"}
    english, chinese = QUESTIONS
    assert out.index(f"› {chinese}\n") < out.index(f"› {english}\n")
    assert out.endswith(messages.DEMO_NEXT.en + "\n\n")
    assert err == messages.DEMO_READING.en + "\n"
    assert "\x1b" not in out
    [([samples], folder)] = seen
    assert samples.name == "samples"
    assert not folder.exists()


def test_on_a_terminal_the_demo_goes_on_as_a_chat(monkeypatch):
    """Until the person leaves; then the temporary folder is gone."""

    def reader(history):
        assert history.parent.is_dir()
        lines = iter(["/sources"])
        return lambda: next(lines, None) or (_ for _ in ()).throw(EOFError())

    monkeypatch.setattr("bot.chat.prompt", reader)
    archive = FakeArchive()
    code, out, _, seen = demo(terminal=True, archive=archive)
    assert code == 0
    assert archive.closed
    assert out.index(messages.DEMO_CHAT.en) < out.index("1. Tomatoes on a balcony") < out.index("Next, index")
    assert not seen[0][1].exists()


def test_the_temporary_folder_is_removed_when_the_demo_is_interrupted():
    """Ctrl-C leaves nothing behind."""
    folders = []

    def ingest(sources, settings, **_):
        folders.append(settings.data_dir)
        raise KeyboardInterrupt

    assert main(["demo"], streams(), Parts(ingest=ingest)) == 130
    assert not folders[0].exists()


@pytest.mark.slow
def test_the_real_demo_quotes_the_samples_in_both_languages():
    """With the real model: each question is answered in its language, with a place in a sample file."""
    own = streams()
    assert main(["demo"], own) == 0
    out = written(own.stdout)
    english, chinese = QUESTIONS
    first, second = out.split(f"› {english}\n")
    assert "winter-cycling.txt:" in first
    assert "balcony-tomatoes.md:" in second
    assert messages.NOTHING_RELEVANT.en not in out
    assert messages.NOTHING_RELEVANT.zh not in out
    assert chinese in first
