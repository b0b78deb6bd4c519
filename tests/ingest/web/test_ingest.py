"""Threads from addresses in the real indexes: published, kept, taken down, and never half."""

import pytest

from ingest import exclude, health
from ingest.compact import compact
from ingest.rollback import roll_back
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.probe import in_process
from tests.ingest import bench as benches
from tests.ingest.pages import page

BICYCLES, TOMATOES = benches.BICYCLES, benches.TOMATOES


@pytest.fixture
def index(site):
    """Let a list name two threads; return its address."""
    site.put("/tomatoes.md", page(*TOMATOES))
    site.put("/bicycles.md", page(*BICYCLES, title="冬天怎么骑车？"))
    return site.put("/list.txt", f"{site.url('/tomatoes.md')}\n{site.url('/bicycles.md')}\n", "text/plain")


def test_an_answer_names_the_address_and_the_lines(bench, site, web, index):
    """As it names a file's path."""
    summary = bench.ingest(index, web=web)
    assert (summary.files_read, summary.new, summary.skipped) == (2, 5, ())
    found = bench.ask("番茄要多晒太阳。").excerpts[0]
    assert (found.path, found.comment.lines) == (site.url("/tomatoes.md"), (7, 9))


def test_unchanged_addresses_cost_nothing(bench, site, web, index):
    """No page is parsed, no model is asked, and nothing is written."""
    bench.ingest(index, web=web)
    before = bench.bytes()
    summary = bench.ingest(index, web=web)
    assert (summary.published, summary.files_read, bench.embedder.batches) == (False, 0, [])
    assert {name for name, data in bench.bytes().items() if before.get(name) != data} <= {"ingest.lock"}


def test_addresses_that_fail_lose_nothing(bench, site, web, index):
    """The run is no failure as long as something could be read, and says what was not."""
    bench.ingest(index, web=web)
    whole = bench.texts()
    site.script("/tomatoes.md", 503)
    site.put("/bicycles.md", page(*BICYCLES[:1], title="冬天怎么骑车？"))
    summary = bench.ingest(index, web=web)
    assert (summary.removed, summary.unchanged) == (1, 4)
    assert summary.skipped == ((site.url("/tomatoes.md"), "was answered with 503 (Service Unavailable)"),)
    site.script("/list.txt", 500)
    with pytest.raises(RetrievalError, match="was answered with 500"):
        bench.ingest(index, web=web)
    assert len(bench.texts()) == len(whole) - 1
    assert bench.ask("番茄要多晒太阳。").excerpts[0].path == site.url("/tomatoes.md")


def test_a_dry_run_over_addresses_changes_nothing(bench, site, web, index):
    """It fetches, says what would become of which comment, and the next run does it."""
    bench.ingest(index, web=web)
    before = bench.manifest
    site.put("/list.txt", site.url("/tomatoes.md"), "text/plain")
    summary = bench.ingest(index, web=web, dry_run=True)
    assert [line.split()[0] for line in summary.plan] == ["removed"] * 2
    assert (bench.manifest, generations.existing(bench.data)) == (before, [1])
    assert bench.ingest(index, web=web).removed == 2


def test_addresses_that_are_not_named_are_dropped_by_pruning_only(bench, site, web, index):
    """Without asking their servers."""
    path = bench.write("other.txt", ("老王", "浇水要在早上。"))
    bench.ingest(index, web=web)
    site.forget()
    assert bench.ingest(path, web=web).unchanged == 5
    assert bench.ingest(path, web=web, prune=True).removed == 5
    assert (site.asked(), bench.manifest.remotes) == (0, ())


@pytest.mark.parametrize("stage", ["fetch", "embed", "write"])
def test_a_killed_run_leaves_nothing_to_be_believed(bench, site, web, index, stage):
    """What was fetched and not published is fetched again, whatever its server says of changes."""
    bench.ingest(site.url("/bicycles.md"), web=web)
    with pytest.raises(benches.Killed):
        bench.ingest(index, web=web, progress=benches.Deadly(stage))
    assert len(bench.texts()) == 2
    assert bench.ingest(index, web=web).new == 3
    assert len(bench.texts()) == 5


def test_after_a_rollback_pages_are_compared_with_what_answers(bench, site, web, index):
    """What the later generation knew of them is gone with it."""
    bench.ingest(index, web=web)
    site.put("/tomatoes.md", page(*TOMATOES[:1]))
    bench.ingest(index, web=web)
    roll_back(bench.data, in_process)
    assert len(bench.texts()) == 5
    assert bench.ingest(index, web=web).removed == 2
    assert len(bench.texts()) == 3


def test_what_was_excluded_comes_back_when_it_may(bench, site, web, index):
    """Although its page did not change."""
    bench.ingest(index, web=web)
    exclude.exclude(bench.data, [], ["小风"], in_process)
    assert len(bench.texts()) == 4
    exclude.undo(bench.data, [], ["小风"])
    assert bench.ingest(index, web=web).new == 1
    assert len(bench.texts()) == 5


def test_taken_down_words_are_nowhere(bench, site, web, index):
    """Pages are not kept; after compacting no file holds a word of a comment that left."""
    bench.ingest(index, web=web)
    site.put("/bicycles.md", page(*BICYCLES[:1], title="冬天怎么骑车？"))
    bench.ingest(index, web=web)
    compact(bench.data, probe=in_process)
    gone = "耳朵最冷"
    assert gone in BICYCLES[1][1]
    assert [name for name, data in bench.bytes().items() if gone.encode() in data] == []


def test_the_doctor_asks_no_server(bench, site, web, index):
    """Whether a page changed is not to be seen from here."""
    bench.ingest(index, web=web)
    site.forget()
    findings = {
        one.name: one for one in health.examine(bench.data, lambda: bench.embedder.fingerprint, in_process)
    }
    assert findings["freshness"].ok
    assert site.asked() == 0


def test_what_is_known_of_addresses_survives_the_manifest(bench, site, web, index):
    """Word for word."""
    bench.ingest(index, web=web)
    remotes = {remote.address: remote for remote in generations.read_manifest(bench.data).remotes}
    assert remotes[index].names == (site.url("/tomatoes.md"), site.url("/bicycles.md"))
    assert (remotes[index].kind, remotes[site.url("/tomatoes.md")].kind) == ("list", None)
