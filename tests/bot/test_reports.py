"""`status`, `show` and `ingest`: commands that report."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import messages
from bot.__main__ import main
from bot.commands.status import ago, human_size
from bot.parts import Parts
from bot.progress import Bar, Lines, progress, rate
from ingest import last_runs
from retrieval import generations
from retrieval.generations import size_of
from tests.fakes import COMMENT, MANIFEST, SUMMARY, FakeArchive, streams, written


def run(*argv, parts=None, terminal=False):
    own = streams(terminal=terminal)
    code = main(argv, own, parts)
    return code, written(own.stdout), written(own.stderr)


# status


@pytest.fixture
def published(tmp_path):
    """Publish MANIFEST in the data folder."""
    folder = generations.folder_of(tmp_path / "data", 12)
    folder.mkdir(parents=True)
    generations.write_manifest(tmp_path / "data", MANIFEST)
    generations.publish(tmp_path / "data", 12)
    return tmp_path / "data"


def test_status_without_an_index_says_how_to_make_one():
    """Exit code 4, as for a question."""
    code, out, err = run("status")
    assert (code, out) == (4, "")
    assert "threadbot ingest YOUR_FOLDER" in err


@pytest.mark.usefixtures("published")
def test_status_tells_what_is_indexed():
    """Generation, model, counts by language, threads, and what was skipped and why."""
    code, out, err = run("status")
    assert (code, err) == (0, "")
    assert "Generation    12, written " in out
    assert "Model         built-in (384 dimensions)" in out
    assert "Threads       2, with 34 comments: 34 in Chinese, 16 in English" in out
    assert "Newest        2025-06-18" in out
    assert "Last change   34 new, 0 changed, 0 removed, 0 unchanged; 2.5 s" in out
    assert "阳台上的番茄 / Tomatoes on a balcony\n  balcony.md · 2025-06-18 · 17 comments" in out
    assert "Skipped 1:\n  broken.md: line 3: unclosed front matter" in out
    assert "Last run" not in out


@pytest.mark.usefixtures("published")
def test_status_in_chinese(monkeypatch):
    """Where the settings, or else the locale, say so; what names something stays as it is."""
    monkeypatch.setenv("THREADBOT_LANGUAGE", "zh")
    out = run("status")[1]
    assert re.search(r"^索引        第 12 代，\d+ 天前写成（.*）$", out, re.MULTILINE)
    assert "讨论        2 个，共 34 条评论：中文 34 条，英文 16 条" in out
    assert "上次改动    新增 34 条，改动 0 条，删除 0 条，未变 0 条；2.5 秒" in out
    assert "  balcony.md · 2025-06-18 · 17 条评论，其中回答 " in out
    assert "跳过 1 个：\n  broken.md：line 3: unclosed front matter" in out


def test_status_tells_when_a_run_last_looked(published):
    """Also where it found nothing new, and so published nothing."""
    began = datetime(2025, 9, 2, 6, tzinfo=UTC)
    last_runs.remember(published, ["/archive"], began)
    last_runs.remember(published, ["/elsewhere"], began - timedelta(days=1))
    _, out, _ = run("status")
    assert re.search(r"^Last run      .* ago \(2025-09-02T06:00:00\+00:00\); 1 skipped$", out, re.MULTILINE)
    assert json.loads(run("status", "--json")[1])["last_looked"] == "2025-09-02T06:00:00+00:00"


def test_status_as_json_has_stable_keys(published):
    """For monitoring."""
    code, out, _ = run("status", "--json")
    found = json.loads(out)
    assert code == 0
    assert " ".join(found) == (
        "data_dir generation created archive_date model fingerprint dimensions bytes comments "
        "threads skipped last_run last_looked"
    )
    assert found["data_dir"] == str(published)
    assert found["bytes"] == size_of(published) > 0
    assert " ".join(found["threads"][0]) == "id title date path comments answers zh en"
    assert found["skipped"] == [{"path": "broken.md", "reason": "line 3: unclosed front matter"}]


@pytest.mark.usefixtures("published")
def test_data_names_another_folder(tmp_path):
    """`--data` on every command."""
    assert run("status", "--data", str(tmp_path / "elsewhere"))[0] == 4


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2025-09-03T06:00:00+00:00", "just now"),
        ("2025-09-03T05:59:00+00:00", "1 minute ago"),
        ("2025-09-03T03:00:00+00:00", "3 hours ago"),
        ("2025-09-01T06:00:00", "2 days ago"),
        ("2025-09-04T06:00:00+00:00", "just now"),
    ],
)
def test_freshness_is_told_in_the_largest_unit_that_fits(moment, expected):
    """A clock that went back is no reason to speak of negative days."""
    assert ago(moment, datetime(2025, 9, 3, 6, tzinfo=UTC), "en") == expected


def test_sizes_are_written_as_people_do():
    """Decimal units, one digit."""
    assert [human_size(n) for n in (0, 999, 1000, 11_280_216, 5e15)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "11.3 MB",
        "5000.0 TB",
    ]


# show


def show(*argv):
    return run("show", *argv, parts=Parts(open_archive=lambda _: FakeArchive()))


def test_show_writes_the_whole_comment_in_both_languages():
    """And who wrote it, whom it answers, and where it stands."""
    code, out, _ = show("comment00001")
    assert code == 0
    assert COMMENT.text.en in out
    assert COMMENT.text.zh in out
    assert "balcony.md:133-139" in out
    assert "Choose the variety first." in out


def test_show_as_json_is_an_excerpt_whose_quote_is_the_whole_text(monkeypatch):
    """The language setting decides which text is quoted."""
    monkeypatch.setenv("THREADBOT_LANGUAGE", "zh")
    found = json.loads(show("comment00001", "--json")[1])
    assert found["quote"] == found["text"]["zh"] == COMMENT.text.zh


def test_an_unknown_id_is_one_sentence():
    """Exit code 2: the argument is wrong."""
    code, out, err = show("x")
    assert (code, out) == (2, "")
    assert err == "No comment has the id “x”.\n"


# ingest


def ingest(*argv, summary=SUMMARY, terminal=False):
    calls = []

    def fake(sources, settings, **options):
        calls.append((sources, settings.data_dir, options))
        if options["progress"]:
            options["progress"].stage("embed", 3)
            options["progress"].advance(3)
            options["progress"].done()
        return summary

    return *run("ingest", *argv, parts=Parts(ingest=fake), terminal=terminal), calls


def test_the_summary_goes_to_standard_output_and_what_was_skipped_to_standard_error():
    """So that a scheduled ingest can be watched by either."""
    code, out, err, calls = ingest("a", "b", "--prune", "--data", "d")
    assert code == 0
    assert err == "skipped broken.md: line 3: unclosed front matter\n"
    assert out == (
        "Files      2 read, 1 skipped\n"
        "Comments   34 new, 1 changed, 2 moved, 3 removed, 4 unchanged\n"
        "Passages   50 embedded, 6 from the cache\n"
        "Seconds    2.5, of which encoding 2.0\n"
        "Generation 1 published\n"
    )
    assert calls == [
        (["a", "b"], Path("d"), {"prune": True, "dry_run": False, "progress": None, "vectors": None})
    ]


def test_the_summary_in_chinese(monkeypatch):
    """Where the settings, or else the locale, say so."""
    monkeypatch.setenv("THREADBOT_LANGUAGE", "zh")
    _, out, err, _ = ingest("a")
    assert err == "跳过 broken.md：line 3: unclosed front matter\n"
    assert out == (
        "文件  读取 2 个，跳过 1 个\n"
        "评论  新增 34 条，改动 1 条，移动 2 条，删除 3 条，未变 4 条\n"
        "段落  计算向量 50 个，取自缓存 6 个\n"
        "用时  2.5 秒，其中计算向量 2.0 秒\n"
        "索引  第 1 代已发布\n"
    )
    full = replace(SUMMARY, excluded=2, rebuilt=("lost",), compacted=True, published=False)
    lines = ingest("a", summary=full)[1].splitlines()
    assert [line.split()[0] for line in lines] == [
        "文件",
        "评论",
        "排除",
        "重写",
        "压缩",
        "段落",
        "用时",
        "索引",
    ]
    assert lines[-1] == "索引  仍是第 1 代：没有变化"
    assert ingest("a", "--dry-run")[1].endswith("没有做任何改动（--dry-run）。\n")


def test_nothing_new_is_said_as_such():
    """The generation stays."""
    assert (
        "Generation 1 still current: nothing changed"
        in ingest("a", summary=replace(SUMMARY, published=False))[1]
    )


def test_a_dry_run_shows_its_plan():
    """Each comment and why, and that nothing was done."""
    _, out, _, calls = ingest("a", "--dry-run", summary=replace(SUMMARY, plan=("new c1: not seen before",)))
    assert out.startswith("new c1: not seen before\n")
    assert out.endswith("Nothing was changed (--dry-run).\n")
    assert calls[0][2]["dry_run"] is True


def test_the_summary_as_json():
    """Every number of the run."""
    found = json.loads(ingest("a", "--json")[1])
    assert found["new"] == 34
    assert found["skipped"] == [{"path": "broken.md", "reason": "line 3: unclosed front matter"}]


def test_on_a_terminal_a_bar_shows_each_stage():
    """On standard error; standard output has the summary only."""
    _, out, err, _ = ingest("a", terminal=True)
    assert messages.STAGES["embed"].en in err
    assert "100%" in err
    assert out.startswith("Files ")


def test_an_address_with_a_password_is_a_wrong_use_and_not_shown():
    """Before anything is locked or loaded."""
    shown = streams()
    assert main(["ingest", "https://me:geheim@example.org/x.md"], shown) == 2
    assert "~/.netrc" in written(shown.stderr)
    assert "geheim" not in written(shown.stderr) + written(shown.stdout)


def test_a_stage_of_unknown_length_is_full_at_its_end():
    """Nor does a stage without name in the messages, or an empty one, break the bar."""
    from rich.progress import Progress

    drawing = Progress(disable=True)
    bar = Bar(drawing, "zh")
    for name, total in (("read", None), ("new stage", 0)):
        bar.stage(name, total)
        bar.advance(5)
    bar.done()
    bar.done()
    bar.advance(1)
    assert [(task.description, task.finished) for task in drawing.tasks] == [
        ("读取讨论", True),
        ("new stage", True),
    ]


def test_progress_as_json_is_a_line_at_most_every_quarter_of_a_second():
    """Beside those that begin and end a stage; one of unknown length has been as long as it was done."""
    stream, clock = io.StringIO(), iter([0.0, 0.0, 0.1, 0.2, 0.25, 0.25, 1.0, 1.0, 1.0])
    lines = Lines(stream, lambda: next(clock))
    lines.advance(1)
    lines.stage("embed", 5)
    for _ in range(3):
        lines.advance(1)
    lines.done()
    lines.stage("probe", None)
    lines.done()
    lines.done()
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"stage": "embed", "done": 0, "total": 5},
        {"stage": "embed", "done": 3, "total": 5},
        {"stage": "embed", "done": 5, "total": 5},
        {"stage": "probe", "done": 0, "total": None},
        {"stage": "probe", "done": 0, "total": 0},
    ]


def test_an_ingest_goes_on_when_nobody_reads_its_progress_any_more():
    """Its reader may have been ended."""

    class Broken(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    lines = Lines(Broken())
    lines.stage("read", 1)
    lines.advance(1)
    lines.done()


def test_ingest_writes_its_progress_as_json_where_a_program_asks():
    """To standard error, before what was skipped; the summary on standard output is as ever."""
    _, out, err, _ = ingest("a", "--json", "--progress", "json")
    *progressed, skipped = err.splitlines()
    assert json.loads(progressed[-1]) == {"stage": "embed", "done": 3, "total": 3}
    assert skipped.startswith("skipped broken.md")
    assert json.loads(out)["new"] == 34


def test_rates_are_in_the_unit_of_the_stage():
    """Reading counts bytes."""
    assert [rate(None, "read"), rate(2.5e6, "read"), rate(31.4, "embed")] == ["", "2.5 MB/s", "31/s"]
    with progress(streams(), "en") as shown:
        assert shown is None
