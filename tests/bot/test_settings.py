from pathlib import Path

import pytest

from bot.settings import Settings, interface_language, load
from retrieval.errors import ConfigError


def test_without_any_setting_the_defaults_hold(monkeypatch):
    """The built-in model, the question's language, five comments, the platform's data folder."""
    monkeypatch.delenv("THREADBOT_DATA_DIR")
    settings = load()
    assert (settings.model, settings.device, settings.language) == ("built-in", None, "auto")
    assert (settings.count, settings.excerpt_length) == (5, 300)
    assert settings.data_dir.name == "threadbot"


def test_every_setting_says_what_it_means():
    """The README's table is made of these descriptions."""
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_option_goes_before_the_environment_and_the_environment_before_the_file(monkeypatch):
    """--data wins; .env comes last; ~ is the home folder in each."""
    Path(".env").write_text("THREADBOT_COUNT=7\nTHREADBOT_MODEL=from-file\nOTHER=1\n", encoding="utf-8")
    monkeypatch.setenv("THREADBOT_MODEL", "from-environment")
    settings = load(Path("~/there"))
    assert (settings.count, settings.model) == (7, "from-environment")
    assert settings.data_dir == Path.home() / "there"


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    """As in `THREADBOT_COUNT= threadbot ask …`."""
    monkeypatch.setenv("THREADBOT_COUNT", "")
    assert load().count == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THREADBOT_COUNT", "many"),
        ("THREADBOT_COUNT", "0"),
        ("THREADBOT_LANGUAGE", "fr"),
        ("THREADBOT_EXCERPT_LENGTH", "1"),
        ("THREADBOT_CHROMA_URL", "chroma.example:8000"),
        ("THREADBOT_CHROMA_URL", "ftp://chroma.example"),
        ("THREADBOT_CHROMA_URL", "http://chroma.example:99999"),
        ("THREADBOT_CHROMA_URL", "http://[::1"),
        ("THREADBOT_CHROMA_URL", "https://chroma.example/?a=b"),
        ("THREADBOT_CHROMA_DATABASE", "ab"),
        ("THREADBOT_CHROMA_DATABASE", "a b/c"),
        ("THREADBOT_CHROMA_TENANT", "租户"),
        ("THREADBOT_CHROMA_LEASE", "0s"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(monkeypatch, name, value):
    """Nobody has to read a validation report."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name) as caught:
        load()
    sentence = str(caught.value)
    assert repr(value) in sentence
    assert "\n" not in sentence
    assert "pattern" not in sentence
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THREADBOT_CHROMA_URL", "https://me:geheim@chroma.example"),
        ("THREADBOT_CHROMA_HEADERS", "Authorization geheim"),
        ("THREADBOT_CHROMA_HEADERS", "Authorization: geheim\nX: y"),
        ("THREADBOT_CHROMA_HEADERS", "Authorization: geheim令牌"),
    ],
)
def test_a_wrong_value_that_may_be_secret_is_not_shown(monkeypatch, name, value):
    """The sentence says how it is written right."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name) as caught:
        load()
    assert "geheim" not in str(caught.value)
    assert "written" in str(caught.value)


def test_an_unreadable_env_file_is_one_sentence():
    """A .env in another encoding is named, not dumped."""
    Path(".env").write_bytes(b"THREADBOT_MODEL=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        load()


@pytest.mark.parametrize(
    ("language", "environment", "expected"),
    [
        ("auto", {}, "en"),
        ("auto", {"LANG": "zh_CN.UTF-8"}, "zh"),
        ("auto", {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ("auto", {"LANG": "de_DE.UTF-8"}, "en"),
        ("zh", {"LANG": "en_GB.UTF-8"}, "zh"),
    ],
)
def test_sentences_follow_the_setting_then_the_locale(language, environment, expected):
    """Somebody with a Chinese desktop is greeted in Chinese."""
    assert interface_language(language, environment) == expected


def table():
    """Return the README's table of settings, as it should be."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        value = getattr(field.default, "get_secret_value", lambda field=field: field.default)()
        shown = f"`{value}`" if field.default_factory is None and value not in {None, ""} else ""
        rows.append(f"| `THREADBOT_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows)


def test_the_readme_lists_every_setting_with_its_default_and_meaning():
    """The table is the one made here; a failure shows it, ready to be copied."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    if "| `THREADBOT_" not in readme:
        pytest.skip("the README has no table of settings yet")
    assert table() in readme
