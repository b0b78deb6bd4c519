"""Comments that no answer may quote: out at once, out for good, and back when that is taken back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import exclude, exclusions
from ingest.exclude import undo
from retrieval.errors import RetrievalError, UsageError
from retrieval.probe import in_process
from tests.ingest import pages
from tests.ingest.bench import BICYCLES, TOMATOES, anywhere


def out(bench, *ids, authors=()):
    """Exclude comments, their generation tried out in this process."""
    return exclude.exclude(bench.home, ids, authors, in_process)


@anywhere
def test_an_excluded_comment_leaves_every_answer_at_once(bench):
    """A generation without it is published, with right counts, and nothing is embedded."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    name = bench.id_of("每天早上浇水。")
    done = out(bench, name)
    assert (done.withdrawn, done.generation, bench.manifest.generation) == ((name,), 2, 2)
    assert sorted(bench.texts().values()) == ["番茄要多晒太阳。", "盆要大，至少二十升。"]
    assert name not in {excerpt.comment.id for excerpt in bench.ask("早上浇水").excerpts}
    # A server has a thread written whole, so that all the passages it had are dead.
    assert (bench.manifest.dead, bench.manifest.passages) == (3 if bench.on_server else 1, 2)


def test_excluding_loads_no_model(bench):
    """Neither torch nor sentence-transformers is imported."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    code = (
        "import sys; from pathlib import Path; from ingest.exclude import exclude;"
        "done = exclude(Path(sys.argv[1]), [], ['小李']); assert len(done.withdrawn) == 2;"
        "print(*sys.modules.keys() & {'torch', 'sentence_transformers', 'transformers'})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, bench.data],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert run.stdout.strip() == ""
    assert list(bench.texts().values()) == ["每天早上浇水。"]


@anywhere
def test_an_exclusion_survives_ingest(bench):
    """Unchanged, edited and moved files do not bring it back, nor does reading all of them again."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    name = bench.id_of("番茄要多晒太阳。")
    out(bench, name)
    assert not bench.ingest().published
    bench.write("tomatoes.txt", ("路人", "好。"), ("小李", "番茄要多晒太阳呀。"), *TOMATOES[1:])
    summary = bench.ingest()
    assert (summary.excluded, summary.embedded) == (1, 1)
    assert sorted(bench.texts().values()) == sorted(["好。", "每天早上浇水。", "盆要大，至少二十升。"])
    assert [one.id for one in bench.manifest.hidden] == [name]


@anywhere
def test_edits_at_once_do_not_swap_ids(bench):
    """The excluded comment stays excluded where the other one of its author is edited in the same run."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    excluded, other = bench.id_of("番茄要多晒太阳。"), bench.id_of("盆要大，至少二十升。")
    out(bench, excluded)
    bench.write("tomatoes.txt", ("小李", "番茄要晒。"), TOMATOES[1], ("小李", "盆要很大。"))
    bench.ingest()
    assert bench.texts()[other] == "盆要很大。"
    assert excluded not in bench.texts()


@anywhere
def test_an_author_is_excluded_in_any_characters_and_for_the_future(bench):
    """A name in traditional characters excludes the one in simplified, old comments and new ones."""
    bench.write("tomatoes.txt", ("马老师", "番茄。"), TOMATOES[1])
    bench.ingest()
    assert len(out(bench, authors=["馬老師"]).withdrawn) == 1
    bench.write("bicycles.txt", ("马老师", "自行车。"), BICYCLES[0], title="冬天骑车")
    bench.ingest()
    assert sorted(bench.texts().values()) == sorted(["每天早上浇水。", "冬天骑车要戴手套。"])


@anywhere
def test_undone_exclusions_come_back_with_the_next_ingest(bench):
    """Although no file changed, with the ids they had, and from the cache."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest()
    before = bench.texts()
    name = bench.id_of("每天早上浇水。")
    out(bench, name, authors=["小风"])
    undo(bench.home, [name], ["小风"])
    summary = bench.ingest()
    assert (summary.new, summary.embedded, summary.excluded) == (2, 0, 0)
    assert bench.texts() == before
    assert not bench.ingest().published


@anywhere
def test_replies_stay_and_lose_the_excluded_comment_from_their_chain(bench):
    """Who answered it is still quoted, without its words."""
    source = Path(__file__).parents[2] / "ingest" / "samples" / "balcony-tomatoes.md"
    bench.archive.joinpath("balcony.md").write_bytes(source.read_bytes())
    bench.ingest()
    found = next(e for e in bench.ask("tomatoes", 20).excerpts if e.chain)
    above = found.chain[-1].id
    out(bench, above)
    chains = {e.comment.id: [link.id for link in e.chain] for e in bench.ask("tomatoes", 20).excerpts}
    assert found.comment.id in chains
    assert all(above not in chain for chain in chains.values())
    assert not bench.ingest().published


@anywhere
def test_exclusions_of_an_interrupted_run_are_made_up_for(bench):
    """Written down but not published, they are carried out by the next ingest, in files not read as well."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    exclusions.save(bench.home.folder, exclusions.Exclusions(authors=("阿明",)))
    summary = bench.ingest()
    assert (summary.removed, summary.excluded, summary.files_read) == (1, 1, 0)
    assert "每天早上浇水。" not in bench.texts().values()


@anywhere
def test_unknown_ids_are_refused(bench):
    """A mistyped id is one sentence, and nothing is written down; an excluded one may be excluded again."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    name = bench.id_of("每天早上浇水。")
    with pytest.raises(UsageError, match="No comment has the id “nowhere”"):
        out(bench, name, "nowhere")
    assert not exclusions.load(bench.home.folder)
    out(bench, name)
    assert out(bench, name).withdrawn == ()
    assert bench.manifest.generation == 2


@anywhere
def test_only_what_is_excluded_can_be_undone(bench):
    """Anything else is one sentence."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    with pytest.raises(UsageError, match="“阿明” is not excluded"):
        undo(bench.home, [], ["阿明"])


@anywhere
def test_authors_can_be_excluded_before_there_is_an_index(bench):
    """What they wrote never comes in."""
    assert out(bench, authors=["小李"]).generation is None
    bench.write("tomatoes.txt", *TOMATOES)
    assert bench.ingest().excluded == 2
    assert list(bench.texts().values()) == ["每天早上浇水。"]


@anywhere
def test_another_model_does_not_bring_them_back(bench):
    """Rebuilding everything leaves them out, of sources that are not named as well."""
    bench.write("tomatoes.txt", *TOMATOES)
    other = pages.write(bench.archive.parent / "other" / "b.txt", *BICYCLES, title="冬天骑车")
    bench.ingest(bench.archive, other)
    out(bench, bench.id_of("耳朵最冷。"))
    exclusions.save(bench.home.folder, exclusions.load(bench.home.folder).adding([], ["阿明"]))
    bench.embedder.fingerprint = "another"
    bench.ingest(other)
    assert sorted(bench.texts().values()) == sorted(
        ["冬天骑车要戴手套。", "番茄要多晒太阳。", "盆要大，至少二十升。"]
    )


@anywhere
@pytest.mark.parametrize("content", ["", "[]", '{"version": 2}', '{"version": 1, "ids": 3, "authors": []}'])
def test_a_damaged_list_stops_an_ingest(bench, content):
    """Rather than forgetting what is excluded, an ingest says what to do."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    (bench.home.folder / "exclusions.json").write_text(content)
    bench.write("tomatoes.txt", *TOMATOES[:1])
    with pytest.raises(RetrievalError, match=r"exclusions\.json (cannot be read|was written by a newer)"):
        bench.ingest()
    assert bench.home.follow() == 1


def test_the_list_is_plain_json(bench):
    """Whoever runs the bot can read it."""
    exclusions.save(_made(bench.data), exclusions.Exclusions(("a",), ("小李",)))
    assert json.loads((bench.data / "exclusions.json").read_text()) == {
        "version": 1,
        "ids": ["a"],
        "authors": ["小李"],
    }


def _made(folder):
    folder.mkdir()
    return folder
