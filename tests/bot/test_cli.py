from importlib import import_module

import pytest

from bot import cli
from bot.__main__ import main
from retrieval.errors import ConfigError, NoIndexError, RetrievalError, UsageError
from tests.fakes import streams, written

COMMANDS = ["demo", "ingest", "ask", "chat", "parse", "status", "show"]


def outcome(*argv, parts=None, stdin=b""):
    own = streams(stdin)
    code = main(argv, own, parts)
    return code, written(own.stdout), written(own.stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_takes_a_data_folder(command, capsys):
    """`threadbot COMMAND --help` works, and names --data."""
    assert main([command, "--help"]) == 0
    assert "--data DIR" in capsys.readouterr().out
    assert callable(import_module(f"bot.commands.{command}").run)


def test_help_lists_the_commands_and_shows_examples(capsys):
    """A newcomer sees what to type first."""
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"    {command}" in text for command in COMMANDS)
    assert "threadbot ingest ~/threads" in text


def test_the_version_is_told(capsys):
    """`--version` is for bug reports."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("threadbot ")


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["aks"],
        ["ask", "--nearly"],
        ["ask", "-n", "0", "x"],
        ["ask", "-n", "many", "x"],
        ["ask", "-n", "٣", "x"],
        ["ask", "-n", "9" * 5000, "x"],
        ["ask", "--json", "--jsonl", "x"],
        ["ask", "--lang", "fr", "x"],
        ["ask", "--since", "yesterday", "x"],
        ["ask", "--kind", "joke", "x"],
        ["ingest"],
        ["show"],
        ["parse"],
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_exit_code_2(argv):
    """No usage dump: what is wrong, and where help is."""
    code, out, err = outcome(*argv)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "--help` says what can be written." in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RetrievalError("a"), 1),
        (UsageError("b"), 2),
        (NoIndexError("c"), 4),
        (ConfigError("d"), 5),
        (FileNotFoundError(2, "No such file or directory", "x.md"), 1),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(32, "Broken pipe"), 0),
        (SystemExit(143), 143),
    ],
)
def test_what_a_command_raises_becomes_an_exit_code_and_at_most_a_sentence(monkeypatch, error, code):
    """Users see a sentence, and scripts a code; nobody sees a traceback."""

    def fail(*_):
        raise error

    monkeypatch.setattr("bot.commands.status.run", fail)
    exit_code, out, err = outcome("status")
    assert (exit_code, out) == (code, "")
    assert err.count("\n") == (
        0 if isinstance(error, KeyboardInterrupt | BrokenPipeError | SystemExit) else 1
    )


def test_a_wrong_setting_is_exit_code_5(monkeypatch):
    """The sentence names the variable."""
    monkeypatch.setenv("THREADBOT_COUNT", "x")
    code, _, err = outcome("status")
    assert code == 5
    assert "THREADBOT_COUNT" in err


def test_days_are_checked_before_anything_is_opened():
    """`--since 2025-09-02` arrives as it was written."""
    arguments = cli.parse(["ask", "--since", "2025-09-02", "-n", "3", "a question"])
    assert (arguments.since, arguments.count, arguments.questions) == ("2025-09-02", 3, ["a question"])
