"""Ingest from files to a published generation, on the real indexes, with an embedder that counts."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from ingest import compare, write
from ingest.progress import Silent
from retrieval import generations
from retrieval.archive import Archive
from retrieval.errors import NoIndexError, RetrievalError
from retrieval.homes import home_of
from retrieval.lexical import LexicalIndex
from retrieval.terms import wanted
from retrieval.types import Question, Scope
from tests import fakes
from tests.ingest import bench as shared
from tests.ingest import pages
from tests.ingest.bench import BICYCLES, TOMATOES, Deadly, Killed, anywhere


class Bench(shared.Bench):
    """The bench, and what only these tests look at."""

    def files(self) -> dict[str, bytes]:
        """Return every file of the data folder."""
        paths = (path for path in self.data.rglob("*") if path.is_file())
        return {path.relative_to(self.data).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def bench(request, tmp_path):
    return shared.made(Bench, request, tmp_path)


def raising(error):
    """Return a function that takes anything and raises an error."""

    def refuse(*_, **__):
        raise error

    return refuse


def counts(summary):
    return summary.new, summary.changed, summary.moved, summary.removed, summary.unchanged


@anywhere
def test_first_ingest_publishes_everything(bench):
    """A first ingest embeds every passage, writes both indexes and publishes generation 1."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.write("bicycles.md", *BICYCLES, title="冬天骑车")
    summary = bench.ingest()
    assert (summary.generation, summary.published, summary.files_read) == (1, True, 2)
    assert counts(summary) == (5, 0, 0, 0, 0)
    assert (summary.embedded, summary.cached, summary.skipped) == (5, 0, ())
    assert sorted(bench.texts().values()) == sorted(text for _, text in TOMATOES + BICYCLES)
    assert bench.nearest("早上浇水") == "每天早上浇水。"
    assert bench.manifest.dimensions == bench.embedder.dimensions
    assert bench.manifest.run["new"] == 5


def test_nothing_changed_does_nothing(bench):
    """Where nothing changed nothing is embedded and no byte of the data folder changes."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    before = bench.files()
    summary = bench.ingest()
    assert (summary.published, summary.generation, summary.files_read) == (False, 1, 0)
    assert counts(summary) == (0, 0, 0, 0, 3)
    assert bench.embedder.batches == bench.embedder.questions == []
    assert bench.files() == before


def test_nothing_changed_opens_no_store(bench):
    """Where nothing changed neither Chroma nor tantivy nor torch is imported."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    code = (
        "import sys; from pathlib import Path; from ingest import sync; from tests import fakes;"
        "summary = sync.ingest([sys.argv[1]], Path(sys.argv[2]), fakes.FakeEmbedder());"
        "assert not summary.published;"
        "print(*sys.modules.keys() & {'chromadb', 'tantivy', 'torch', 'sentence_transformers'})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, bench.archive, bench.data],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert run.stdout.strip() == ""


@anywhere
def test_touched_files_are_read_once(bench):
    """A file with a new time and the same bytes is hashed once more, and then known again."""
    path = bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    os.utime(path, ns=(1, 1))
    assert bench.manifest.files[0].mtime_ns != 1
    assert not bench.ingest().published
    assert bench.manifest.files[0].mtime_ns == 1
    assert bench.manifest.generation == 1


def test_edit_embeds_only_that_text(bench):
    """An edited comment alone is embedded, keeps its id, and its old text is found no more."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    before = bench.texts()
    bench.write("tomatoes.txt", TOMATOES[0], ("阿明", "每天傍晚\n\n\n浇水。"), TOMATOES[2])
    summary = bench.ingest()
    assert counts(summary) == (0, 1, 1, 0, 1)
    assert bench.embedder.texts == ["每天傍晚\n\n浇水。"]
    assert bench.embedder.questions == []
    after = bench.texts()
    assert after.keys() == before.keys()
    assert "每天早上浇水。" not in after.values()
    folder = generations.folder_of(bench.data, 2)
    assert LexicalIndex.open(folder / "lexical").best(wanted("早上"), 5, Scope()) == []


@anywhere
def test_reorder_embeds_nothing(bench):
    """Comments in another order keep their ids and vectors; their places change."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    before = bench.texts()
    bench.write("tomatoes.txt", *reversed(TOMATOES))
    summary = bench.ingest()
    assert counts(summary) == (0, 0, 2, 0, 1) or counts(summary) == (0, 0, 3, 0, 0)
    assert bench.embedder.batches == []
    assert bench.texts() == before
    with closing(bench.home.store(summary.generation)) as store:
        own = store.thread_records(bench.manifest.threads[0].thread.id)
    assert [record.comment.text.zh for record in own] == [text for _, text in reversed(TOMATOES)]


@anywhere
def test_move_needs_no_vectors(bench):
    """A comment that only moved is not embedded even where the embedding cache is gone."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    for path in bench.data.glob("embeddings.sqlite*"):
        path.unlink()
    bench.write("tomatoes.txt", *reversed(TOMATOES))
    assert bench.ingest().embedded == 0
    assert bench.nearest("早上浇水") == "每天早上浇水。"


@anywhere
def test_rename_keeps_ids(bench):
    """A renamed file keeps every id and embeds nothing; answers name the new path."""
    path = bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    before = bench.texts()
    path.rename(path.with_name("renamed.md"))
    summary = bench.ingest()
    assert counts(summary) == (0, 0, 0, 0, 3)
    assert (summary.published, bench.embedder.batches) == (True, [])
    assert bench.texts() == before
    assert [entry.path for entry in bench.manifest.threads] == ["renamed.md"]


@anywhere
def test_deleted_file_leaves(bench):
    """The comments of a file that is gone from a named folder leave both indexes."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车").unlink()
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest()
    (bench.archive / "tomatoes.txt").unlink()
    summary = bench.ingest()
    assert counts(summary) == (0, 0, 0, 3, 2)
    assert sorted(bench.texts().values()) == sorted(text for _, text in BICYCLES)
    assert len(bench.manifest.threads) == 1


@anywhere
def test_last_file_leaves_too(bench):
    """A named folder that has become empty empties the index; the run after that says there is nothing."""
    bench.write("tomatoes.txt", *TOMATOES).unlink()
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    (bench.archive / "tomatoes.txt").unlink()
    assert counts(bench.ingest()) == (0, 0, 0, 3, 0)
    assert bench.texts() == {}
    with pytest.raises(RetrievalError, match="There is no thread file"):
        bench.ingest()
    bench.write("tomatoes.txt", *TOMATOES)
    assert (bench.ingest().embedded, len(bench.texts())) == (0, 3)


@anywhere
def test_unparsable_file_keeps_its_comments(bench):
    """A file that can no longer be parsed keeps its comments, is named with a reason, and recovers."""
    path = bench.write("tomatoes.txt", *TOMATOES)
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest()
    before = bench.texts()
    path.write_bytes(b"\x00\x01")
    summary = bench.ingest()
    assert [(name, "binary" in reason) for name, reason in summary.skipped] == [("tomatoes.txt", True)]
    assert (summary.published, counts(summary)) == (False, (0, 0, 0, 0, 5))
    assert [entry.skipped is None for entry in bench.manifest.files] == [True, False]
    assert bench.ingest().skipped == summary.skipped
    bench.write("tomatoes.txt", *TOMATOES)
    assert bench.ingest().skipped == ()
    assert bench.texts() == before


def test_unreadable_file_keeps_its_comments(bench, monkeypatch):
    """A file that cannot be read keeps its comments and is tried again the next time."""
    path = bench.write("tomatoes.txt", *TOMATOES)
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest()
    bench.write("tomatoes.txt", *TOMATOES[:2])
    real = Path.read_bytes

    def refuse(self):
        if self == path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(self)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        summary = bench.ingest()
    assert summary.skipped == (("tomatoes.txt", "cannot be read: Permission denied"),)
    assert len(bench.texts()) == 5
    assert counts(bench.ingest()) == (0, 0, 0, 1, 4)


@anywhere
def test_missing_source_keeps_its_comments(bench, tmp_path):
    """A source that is not there keeps its comments and is named; nothing but it is an error."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.archive.rename(tmp_path / "away")
    other = pages.write(tmp_path / "other" / "bicycles.txt", *BICYCLES, title="冬天骑车")
    summary = bench.ingest(bench.archive, other.parent)
    assert counts(summary) == (2, 0, 0, 0, 3)
    assert [path for path, _ in summary.skipped] == [str(bench.archive)]
    with pytest.raises(RetrievalError, match="does not exist"):
        bench.ingest()
    assert len(bench.texts()) == 5


def test_a_source_that_is_not_there_is_named_once(bench):
    """Whoever mistypes one reads its name and what to do."""
    name = str(bench.archive / "nowhere")
    with pytest.raises(RetrievalError, match="name a file or a folder with threads in it") as caught:
        bench.ingest(name)
    assert str(caught.value).count(name) == caught.value.sentence("zh").count(name) == 1
    with pytest.raises(RetrievalError, match="1 more") as caught:
        bench.ingest(name, f"{name}-either")
    assert str(caught.value).count(f"{name}: ") == 1


@anywhere
def test_sources_not_named_stay_unless_pruned(bench, tmp_path):
    """Sources of earlier runs stay where they are not named, and leave with --prune."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    other = pages.write(tmp_path / "other" / "bicycles.txt", *BICYCLES, title="冬天骑车")
    assert counts(bench.ingest(other)) == (2, 0, 0, 0, 3)
    assert counts(bench.ingest(other, prune=True)) == (0, 0, 0, 3, 2)
    assert sorted(bench.texts().values()) == sorted(text for _, text in BICYCLES)


@anywhere
def test_same_thread_in_two_files(bench):
    """Two files with the same thread are two threads, whose ids outlive edits of either and of both."""
    bench.write("b.txt", *TOMATOES)
    bench.ingest()
    own = bench.texts()
    bench.write("a.txt", *TOMATOES)
    assert counts(bench.ingest()) == (3, 0, 0, 0, 3)
    both = bench.texts()
    assert (len(both), own.items() <= both.items()) == (6, True)
    bench.write("a.txt", *TOMATOES[:2], ("小李", "盆要小。"))
    bench.write("b.txt", *TOMATOES[:2], ("小李", "不要盆。"))
    assert counts(bench.ingest()) == (0, 2, 0, 0, 4)
    assert bench.texts().keys() == both.keys()


def test_overlapping_sources_are_read_once(bench):
    """A file under two sources belongs to the first, now and when only the other is named later."""
    path = bench.write("sub/tomatoes.txt", *TOMATOES)
    assert counts(bench.ingest(bench.archive, path.parent, path)) == (3, 0, 0, 0, 0)
    before = bench.texts()
    assert counts(bench.ingest(path)) == (0, 0, 0, 0, 3)
    assert bench.texts() == before
    assert [(entry.root, entry.path) for entry in bench.manifest.files] == [(str(path), "tomatoes.txt")]


def test_dry_run_changes_nothing(bench):
    """A dry run says what would be done and why, makes no folder, and changes nothing that is published."""
    path = bench.write("tomatoes.txt", *TOMATOES)
    summary = bench.ingest(dry_run=True)
    assert (summary.new, len(summary.plan), summary.generation) == (3, 3, None)
    assert not bench.data.exists()
    bench.ingest()
    path.unlink()
    bench.write("other.txt", TOMATOES[0], ("阿明", "换了。"))
    before = bench.manifest
    summary = bench.ingest(dry_run=True)
    assert sorted(line.split()[0] for line in summary.plan) == ["changed", "removed"]
    assert all(": " in line for line in summary.plan)
    assert bench.embedder.batches == []
    assert (bench.manifest, generations.existing(bench.data)) == (before, [1])


@anywhere
def test_identical_text_is_embedded_once(bench):
    """The same words in several comments, files and runs are embedded once."""
    bench.write("a.txt", ("小李", "加一"), ("阿明", "加一"), title="一")
    bench.write("b.txt", ("小李", "加一"), title="二")
    summary = bench.ingest()
    assert (summary.new, summary.embedded, summary.cached) == (3, 1, 2)
    bench.write("c.txt", ("路人", "加一"), title="三")
    summary = bench.ingest()
    assert (summary.new, summary.embedded, summary.cached) == (1, 0, 1)
    assert len(bench.texts()) == 4


@anywhere
def test_another_model_rebuilds_everything(bench, tmp_path):
    """With another model all is embedded anew, files that are not named included; ids stay."""
    bench.write("tomatoes.txt", *TOMATOES)
    other = pages.write(tmp_path / "other" / "bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest(bench.archive, other)
    before = bench.texts()
    bench.embedder = fakes.FakeEmbedder("another", dimensions=16)
    plan = bench.ingest(dry_run=True).plan
    assert [line.split(":")[0] for line in plan] == ["rebuilt"]
    summary = bench.ingest(other)
    assert (summary.embedded, summary.published, counts(summary)) == (5, True, (0, 0, 0, 0, 5))
    assert bench.texts() == before
    assert (bench.manifest.fingerprint, bench.manifest.dimensions) == ("another", 16)
    assert bench.nearest("耳朵") == "耳朵最冷。"


@anywhere
def test_another_version_rewrites_indexes(bench, monkeypatch):
    """Code that writes the indexes otherwise writes them anew, without embedding anything."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    before = bench.texts()
    monkeypatch.setattr("ingest.revisions.indexing", lambda: "other")
    summary = bench.ingest()
    assert (summary.published, summary.embedded, summary.cached) == (True, 0, 3)
    assert bench.texts() == before
    assert not bench.ingest().published


@anywhere
def test_another_version_reads_files_again(bench, monkeypatch):
    """Code that reads files otherwise reads those that did not change as well, once."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    monkeypatch.setattr("ingest.revisions.reading", lambda: "other")
    assert [bench.ingest().files_read, bench.ingest().files_read] == [1, 0]
    assert bench.manifest.generation == 1


def test_second_ingest_at_once_is_refused(bench):
    """While one ingest runs another one says so in one sentence."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.data.mkdir()
    with FileLock(bench.data / "ingest.lock"), pytest.raises(RetrievalError, match="Another ingest"):
        bench.ingest()
    assert bench.ingest().published


@anywhere
def test_comment_without_text_is_kept(bench):
    """A comment of images only is stored without passages and embeds nothing."""
    bench.write("tomatoes.txt", ("小李", "![](https://example.org/a.jpg)"), TOMATOES[1])
    summary = bench.ingest()
    assert (summary.new, summary.embedded) == (2, 1)
    assert sorted(bench.texts().values(), key=str) == sorted([None, "每天早上浇水。"], key=str)
    bench.write("only.txt", ("小李", "![](https://example.org/a.jpg)"), title="图")
    only = bench.ingest(bench.archive / "only.txt", prune=True)
    assert (only.new, only.removed, only.embedded) == (1, 2, 0)


@anywhere
def test_only_comments_without_text(bench):
    """An archive of images only can be ingested, and text added to it later."""
    bench.write("only.txt", ("小李", "![](https://example.org/a.jpg)"))
    assert bench.ingest().new == 1
    assert bench.manifest.dimensions == 0
    bench.write("only.txt", ("小李", "![](https://example.org/a.jpg)"), TOMATOES[1])
    bench.ingest()
    assert bench.manifest.dimensions == bench.embedder.dimensions


@anywhere
def test_empty_folder(bench):
    """A folder without threads is one sentence, and no index is made."""
    with pytest.raises(RetrievalError, match=r"no thread file \(\.md, \.txt\)"):
        bench.ingest()
    assert bench.manifest is None


@pytest.mark.parametrize("stage", ["read", "embed", "write", "probe"])
def test_killed_run_is_finished_by_the_next(bench, monkeypatch, stage):
    """A run killed before publishing loses no vector: the next embeds only what is missing, and tidies up."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    with monkeypatch.context() as patched:
        patched.setattr(generations, "remove", lambda *_: None)
        with pytest.raises(Killed):
            bench.ingest(progress=Deadly(stage))
    embedded = len([text for text in bench.embedder.texts if text != "冬天骑车"])
    assert (bench.manifest.generation, len(bench.texts())) == (1, 3)
    assert generations.leftovers(bench.data) == ([2] if stage in {"embed", "write"} else [])
    assert generations.existing(bench.data) == ([1] if stage == "read" else [1, 2])
    assert bench.ingest().embedded == 2 - embedded
    assert len(bench.texts()) == 5
    assert generations.leftovers(bench.data) == []


def test_killed_between_sealing_and_publishing(bench, monkeypatch):
    """A sealed generation that was never published is removed by the next one, and its number not reused."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    with monkeypatch.context() as patched:
        patched.setattr(generations, "publish", raising(Killed()))
        with pytest.raises(Killed):
            bench.ingest()
    assert (bench.manifest.generation, generations.existing(bench.data)) == (1, [1, 2])
    assert (bench.ingest().generation, bench.embedder.batches) == (3, [])
    assert generations.existing(bench.data) == [1, 3]


def test_old_generations_go(bench):
    """The generation before the published one stays; older ones are removed."""
    for number in range(1, 5):
        bench.write("tomatoes.txt", *TOMATOES[:2], ("小李", f"第{number}版"))
        assert bench.ingest().generation == number
        assert generations.existing(bench.data) == [n for n in (number - 1, number) if n]


def test_published_generation_is_not_written_again(bench):
    """Writing the next generation leaves every index file of the published one as it was."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    vectors = {name: data for name, data in bench.files().items() if name.startswith("generations/000001")}
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest()
    after = bench.files()
    assert {name: after[name] for name in vectors} == vectors


def test_data_folder_that_cannot_be_written(bench):
    """A data folder that cannot be made is one sentence with advice."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.data.write_text("a file in the way")
    with pytest.raises(RetrievalError, match=r"cannot be written to \(.+\); give another folder"):
        bench.ingest()


def test_read_only_data_folder(bench, monkeypatch):
    """A data folder on a read-only disk is one sentence; what is published stays."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.write("tomatoes.txt", *TOMATOES[:1])

    with monkeypatch.context() as patched:
        patched.setattr(FileLock, "acquire", raising(OSError(errno.EROFS, "Read-only file system")))
        with pytest.raises(RetrievalError, match="Read-only file system"):
            bench.ingest()
    assert len(bench.texts()) == 3


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("ingest.write.copy_generation", 2),
        ("retrieval.vectors.ChromaStore.upsert", 0),
        ("retrieval.lexical.Writing.add", 0),
        ("retrieval.generations.seal", 0),
    ],
)
def test_full_disk(bench, monkeypatch, place, left):
    """A disk that fills up while writing is one sentence; the published generation answers, nothing stays.

    What was encoded is kept, and the next run has so much `left` to encode.
    """
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")

    with monkeypatch.context() as patched:
        patched.setattr(place, raising(OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(RetrievalError, match="No space left on device"):
            bench.ingest()
    assert (len(bench.texts()), generations.existing(bench.data)) == (3, [1])
    assert (bench.ingest().embedded, len(bench.texts())) == (left, 5)


def test_too_little_space(bench, monkeypatch):
    """Too little free space is said before anything is copied."""
    bench.write("tomatoes.txt", *TOMATOES)

    monkeypatch.setattr(write.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(RetrievalError, match=r"needs up to 20 MB .* 1 MB are free"):
        bench.ingest()
    assert generations.existing(bench.data) == []


def test_damaged_cache(bench):
    """A damaged embedding cache is one sentence that says to delete it; doing so mends it."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    cache = bench.data / "embeddings.sqlite"
    for path in bench.data.glob("embeddings.sqlite-*"):
        path.unlink()
    cache.write_bytes(b"not a database, and long enough to be looked at as one" * 100)
    bench.write("tomatoes.txt", *TOMATOES[:2], ("小李", "新的"))
    with pytest.raises(RetrievalError, match=r"embeddings\.sqlite cannot be used .* delete it"):
        bench.ingest()
    assert len(bench.texts()) == 3
    cache.unlink()
    assert (bench.ingest().embedded, len(bench.texts())) == (1, 3)


def test_manifest_of_a_newer_version(bench):
    """An index of a newer threadbot is left alone, in one sentence."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    path = generations.folder_of(bench.data, 1) / "manifest.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"version": 1', '"version": 99', 1), encoding="utf-8"
    )
    with pytest.raises(NoIndexError, match=r"newer threadbot \(manifest version 99\)"):
        bench.ingest()


@pytest.mark.parametrize("stage", ["read", "model", "embed", "write", "probe"])
def test_data_folder_removed_while_running(bench, stage):
    """A data folder that vanishes during a run is one sentence, and the next run makes another one."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.write("tomatoes.txt", *TOMATOES[:1], ("小李", "新的"))

    class Remover(Silent):
        def stage(self, name: str, total: int | None) -> None:
            if name == stage:
                shutil.rmtree(bench.data)

    with pytest.raises(RetrievalError, match=r"data was removed while it was written to; [^\n]+\.$"):
        bench.ingest(progress=Remover())
    bench.ingest()
    assert sorted(bench.texts().values()) == ["新的", "番茄要多晒太阳。"]


def test_data_folder_removed_while_answering(bench):
    """Whoever asks on is told that there is no index, and is answered again once there is one."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    with closing(Archive(bench.data, bench.embedder)) as archive:
        assert len(archive.answer(Question("番茄", "zh", 3)).excerpts) == 3
        shutil.rmtree(bench.data)
        with pytest.raises(NoIndexError, match="run `threadbot ingest YOUR_FOLDER` first"):
            archive.answer(Question("番茄", "zh", 3))
        bench.ingest()
        assert len(archive.answer(Question("番茄", "zh", 3)).excerpts) == 3


def test_threads_are_read_in_order(bench):
    """Those that are asked for and no others, their comments in file order."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest()
    thread = next(entry.thread.id for entry in bench.manifest.threads if entry.comments == len(TOMATOES))
    found = compare.Published.of(home_of(bench.data)).records([thread])
    assert [record.comment.text.zh for record in found[thread]] == [text for _, text in TOMATOES]
    assert list(found) == [thread]


def test_clock_going_backwards(bench, monkeypatch):
    """Neither the clock nor the files' times decide what is newer: what follows is published, and answers."""
    path = bench.write("tomatoes.txt", *TOMATOES)
    times = iter([datetime(2031, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)])
    monkeypatch.setattr("ingest.carrying.datetime", SimpleNamespace(now=lambda _: next(times)))
    os.utime(path, (2_000_000_000, 2_000_000_000))
    bench.ingest()
    with closing(Archive(bench.data, bench.embedder)) as archive:
        assert archive.answer(Question("番茄", "zh", 3)).excerpts
        path.write_text(path.read_text(encoding="utf-8").replace("二十升", "三十升"), encoding="utf-8")
        os.utime(path, (1_000_000_000, 1_000_000_000))
        assert counts(bench.ingest()) == (0, 1, 0, 0, 2)
        quotes = [excerpt.quote.text for excerpt in archive.answer(Question("盆要大", "zh", 3)).excerpts]
        assert "盆要大，至少三十升。" in quotes
    assert (bench.manifest.generation, bench.manifest.previous) == (2, 1)
    assert bench.manifest.created == "2021-01-01T00:00:00+00:00"
    assert not bench.ingest().published


def test_stages_are_announced_in_order(bench):
    """Loading the model is one where a vector is missing; where nothing was touched, there is none.

    A thread's title is embedded beside its comments.
    """
    told = []

    class Told(Silent):
        def stage(self, name: str, total: int | None) -> None:
            told.append((name, total))

    def stages():
        told.clear()
        bench.ingest(progress=Told())
        return told

    path = bench.write("tomatoes.txt", *TOMATOES)
    size = path.stat().st_size
    assert stages() == [("read", size), ("model", None), ("embed", 4), ("write", 3), ("probe", None)]
    assert stages() == []
    bench.write("tomatoes.txt", *TOMATOES[:2])
    assert [name for name, _ in stages()] == ["read", "embed", "write", "probe"]


def test_summary_as_json(bench):
    """The summary's JSON names every skipped file with its reason."""
    bench.write("tomatoes.txt", *TOMATOES)
    (bench.archive / "empty.txt").touch()
    data = bench.ingest().to_json()
    assert data["skipped"] == [{"path": "empty.txt", "reason": "the file is empty"}]
    assert replace(bench.ingest(), seconds=0.0).to_json()["published"] is False
