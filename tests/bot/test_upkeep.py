"""Looking after an index on the command line: exclude, compact, rollback, doctor."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

from bot.__main__ import main
from bot.housekeeping import drop_pages
from bot.parts import Parts
from retrieval import probe
from tests.fakes import streams, written
from tests.ingest.bench import TOMATOES, Bench, anywhere, made, on_server


@pytest.fixture
def bench(request, tmp_path, monkeypatch):
    """Ingest into what the settings name; generations are tried out in this process."""
    monkeypatch.setattr(probe, "in_child", probe.in_process)
    bench = made(Bench, request, tmp_path)
    for name, value in bench.environment.items():
        monkeypatch.setenv(name, value)
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    return bench


def outcome(*argv, fingerprint="fake"):
    own = streams()
    code = main(argv, own, Parts(fingerprint=lambda _: fingerprint))
    return code, written(own.stdout), written(own.stderr)


@anywhere
def test_exclude_says_what_left_and_what_is_next(bench):
    """It works at once; --list names it, --undo takes it back."""
    name = bench.id_of("每天早上浇水。")
    code, out, err = outcome("exclude", name)
    assert (code, err) == (0, "")
    assert "1 comments left the answers; generation 2 is published." in out
    assert outcome("exclude", "--list")[1] == f"comment {name}\n"
    code, out, _ = outcome("exclude", "--undo", name)
    assert (code, "next `threadbot ingest`" in out) == (0, True)
    assert outcome("exclude", "--list")[1] == "Nothing is excluded.\n"
    assert len(bench.texts()) == 2


@anywhere
def test_exclude_an_author(bench):
    """Chinese users read Chinese."""
    assert outcome("exclude", "--author", "小李")[0] == 0
    assert list(bench.texts().values()) == ["每天早上浇水。"]
    assert outcome("exclude", "--author", "谁也不是")[1].startswith("Noted")


@anywhere
@pytest.mark.parametrize("argv", [["exclude"], ["exclude", "--list", "x"], ["exclude", "nowhere"]])
def test_exclude_wants_something_it_knows(bench, argv):
    """Anything else is one sentence and exit code 2."""
    code, out, err = outcome(*argv)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_rollback_goes_back_one_step(bench):
    """The second time there is nothing to go back to."""
    bench.write("tomatoes.txt", *TOMATOES[:1])
    bench.ingest()
    code, out, _ = outcome("rollback")
    assert (code, out.startswith("Generation 1 of ")) == (0, True)
    code, out, err = outcome("rollback")
    assert (code, out, err.count("\n")) == (1, "", 1)


@on_server
@pytest.mark.parametrize(
    ("locale", "reason"), [("en_GB", "keeps one generation only"), ("zh_CN", "无法退回")]
)
def test_rollback_on_a_server_says_why_not(bench, monkeypatch, locale, reason):
    """One sentence in the user's language and exit code 1; what answers stays."""
    monkeypatch.setenv("LANG", f"{locale}.UTF-8")
    code, out, err = outcome("rollback")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert reason in err
    assert len(bench.texts()) == 3


@on_server
def test_compact_on_a_server_says_what_is_left_to_do(bench):
    """Chroma's database gives its bytes up only when it is told to."""
    code, out, err = outcome("compact")
    assert (code, err) == (0, "")
    assert out.startswith("Generation 2 was written anew; ")
    assert "chroma vacuum" in out


@anywhere
def test_status_tells_where_the_index_is(bench):
    """In words and in JSON."""
    code, out, err = outcome("status")
    assert (code, err) == (0, "")
    assert out.startswith("Chroma server http" if bench.on_server else "Data folder ")
    assert "1, with 3 comments" in out
    told = json.loads(outcome("status", "--json")[1])
    assert (told["generation"], told["comments"], "server" in told) == (1, 3, bench.on_server)


def test_compact_says_what_it_saved(bench):
    """And a folder without an index is exit code 4."""
    code, out, err = outcome("compact")
    assert (code, err) == (0, "")
    assert out.startswith("Generation 2 was written anew; ")
    assert outcome("compact", "--data", str(bench.data / "nowhere"))[0] == 4


@anywhere
def test_doctor_finds_a_sound_index_sound(bench):
    """Every line says ok, and the JSON has the same."""
    code, out, err = outcome("doctor")
    assert (code, err) == (0, "")
    assert all(line.startswith("ok ") for line in out.splitlines()), out
    code, out, _ = outcome("doctor", "--json")
    findings = json.loads(out)
    assert (code, {finding["ok"] for finding in findings}) == (0, {True})
    names = {finding["name"] for finding in findings}
    assert names >= {"data folder", "index", "model", "freshness", "cache", "exclusions", "lock", "leftovers"}
    assert ("server" if bench.on_server else "disk") in names


def bad(*argv, **options):
    """Return the names of what the doctor finds amiss."""
    code, out, _ = outcome("doctor", "--json", *argv, **options)
    assert code == 1
    return [finding["name"] for finding in json.loads(out) if not finding["ok"]]


def test_doctor_sees_what_is_amiss(bench):
    """Another model, changed files, a damaged cache, exclusions not carried out, damaged counts."""
    assert bad(fingerprint="another") == ["model"]
    bench.write("tomatoes.txt", *TOMATOES[:1])
    assert bad() == ["freshness"]
    for path in bench.data.glob("embeddings.sqlite*"):
        path.write_bytes(b"not a database, and long enough to be looked at as one" * 100)
    (bench.data / "exclusions.json").write_text('{"version": 1, "ids": ["a"], "authors": []}')
    assert bad() == ["freshness", "cache", "exclusions"]
    manifest = bench.data / "generations" / "000001" / "manifest.json"
    manifest.write_text("{}")
    assert bad() == ["generation", "cache"]


@anywhere
def test_doctor_speaks_chinese(bench, monkeypatch):
    """Each finding, its name as well, be it in order or not; JSON keeps its keys and its English."""
    monkeypatch.setenv("THREADBOT_LANGUAGE", "zh")
    findings = json.loads(outcome("doctor", "--json")[1])
    assert {tuple(finding) for finding in findings} == {("name", "ok", "sentence")}
    for path in bench.data.glob("embeddings.sqlite*"):
        path.write_bytes(b"not a database, and long enough to be looked at as one" * 100)
    lines = outcome("doctor", fingerprint="another")[1].splitlines()
    said = [re.fullmatch(r"(ok|!!)  ?([\u4e00-\u9fff]+)：(.*[\u4e00-\u9fff].*)", line) for line in lines]
    assert all(said), lines
    assert len(said) == len(findings)
    assert {one[2] for one in said if one[1] == "!!"} == {"模型", "缓存"}
    missing = outcome("doctor", "--data", str(bench.data / "nowhere"))[1]
    assert "还没有发布任何索引" in missing or bench.on_server


def test_doctor_without_an_index(bench):
    """It says to ingest."""
    assert bad("--data", str(bench.data / "nowhere")) == ["data folder", "generation"]


@anywhere
def test_pages_with_comments_that_are_gone_go(bench):
    """The others stay; a file without pages, or none at all, is no problem."""
    assert drop_pages(bench.home) == 0
    kept = bench.id_of("每天早上浇水。")
    with closing(sqlite3.connect(bench.data / "bot.sqlite")) as database, database:
        database.execute("CREATE TABLE other (x)")
    assert drop_pages(bench.home) == 0
    with closing(sqlite3.connect(bench.data / "bot.sqlite")) as database, database:
        database.execute("CREATE TABLE pages (id TEXT, content TEXT)")
        database.execute("CREATE TABLE sent (page TEXT)")
        for page, name in (("a", kept), ("b", "gone")):
            content = json.dumps({"items": [{"id": name, "similar": []}], "seen": [], "like": None})
            database.execute("INSERT INTO pages VALUES (?, ?)", (page, content))
            database.execute("INSERT INTO sent VALUES (?)", (page,))
    assert drop_pages(bench.home) == 1
    with closing(sqlite3.connect(bench.data / "bot.sqlite")) as database:
        assert database.execute("SELECT page FROM sent").fetchall() == [("a",)]
