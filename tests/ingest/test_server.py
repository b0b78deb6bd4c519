"""An index on a real Chroma server: who may write, what readers see meanwhile, and what a kill leaves."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from ingest import exclusions, server_turn, sync
from ingest import lease as leases
from ingest.compact import compact
from ingest.exclude import exclude, undo
from ingest.health import examine
from ingest.rollback import roll_back
from ingest.turns import writing
from retrieval.archive import Archive
from retrieval.errors import NoIndexError, RetrievalError
from retrieval.homes import published
from retrieval.server.connection import Server, UnreachableError
from retrieval.server.home import ServerHome
from retrieval.types import Question
from tests.fakes import FakeEmbedder
from tests.ingest.bench import BICYCLES, TOMATOES, Bench, Killed, made

QUESTION = Question("早上浇水", "zh", 5)


@pytest.fixture
def bench(request, tmp_path):
    """Give a bench whose index is on a server."""
    request.param = "server"
    bench = made(Bench, request, tmp_path)
    bench.write("tomatoes.txt", *TOMATOES)
    return bench


@pytest.fixture
def elsewhere(bench, chroma_run, tmp_path):
    """Give the same index as a machine with an empty data folder has it."""
    return chroma_run.home(tmp_path / "elsewhere", bench.home.server.address)


def rows(bench):
    """Return how many rows each of the server's collections has, by the first part of its name."""
    listing = bench.home.server.listing()
    return {name.partition("-")[0]: one.count() for name, one in sorted(listing.items())}


def expected(bench):
    """Return how many rows there are where none is left over."""
    comments = sum(entry.comments for entry in bench.manifest.threads)
    passages = bench.manifest.passages
    return {"comments": comments, "envelopes": 1, "generation": 0, "lease": 0, "passages": passages}


def told(answer):
    """Return what an answer says, but for its scores' last digits."""
    return answer.generation, [
        (one.comment, one.quote, one.path, round(one.score, 3)) for one in answer.excerpts
    ]


class Clock:
    """A clock that goes on when somebody waits."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        """Return the time."""
        return self.now

    def wait(self, seconds):
        """Let it pass."""
        self.now += seconds


def test_a_reader_elsewhere_answers_the_same(bench, elsewhere):
    """From an empty folder, and after every change to the archive with the very next question."""
    bench.ingest()
    with closing(Archive(elsewhere, bench.embedder)) as reader:
        for number in range(1, 4):
            bench.write("bicycles.txt", *BICYCLES[: number % 3], title="冬天骑车") if number > 1 else None
            if number > 1:
                bench.ingest()
            with closing(Archive(bench.home, bench.embedder)) as here:
                assert told(reader.answer(QUESTION)) == told(here.answer(QUESTION))
        name = bench.id_of("每天早上浇水。")
        assert reader.show(name, "zh").comment.text.zh == "每天早上浇水。"
        assert reader.more_like(name, 3, "zh").excerpts
        exclude(bench.home, [name], [])
        with pytest.raises(RetrievalError, match="No comment has the id"):
            reader.show(name, "zh")
    assert not (elsewhere.data_dir / "embeddings.sqlite").exists()


def test_a_small_graph_grows_row_by_row(bench, monkeypatch):
    """What a server adds together to a small graph it may lose; the first rows and those beyond it keeps."""
    sizes = []
    put = Server.put

    def counting(server, collection, columns):
        if "passages" in collection.name:
            sizes.append(len(columns["ids"]))
        put(server, collection, columns)

    monkeypatch.setattr(Server, "put", counting)
    monkeypatch.setattr(server_turn, "_SMALL", 6)
    bench.ingest()
    bench.write("bicycles.txt", *BICYCLES, *TOMATOES, title="冬天骑车")
    assert bench.ingest().rebuilt == ()
    assert sizes == [3, 1, 1, 1, 2]
    bench.write("more.txt", *BICYCLES, title="夏天骑车")
    bench.ingest()
    assert sizes[5:] == [2]


def test_what_is_being_written_is_seen_by_nobody(bench, elsewhere, monkeypatch):
    """Until it is published every reader answers from the generation before, of which nothing is missing."""
    bench.ingest()
    seen = []
    publish = server_turn.ServerTurn.publish

    with closing(Archive(elsewhere, bench.embedder)) as reader:
        before = told(reader.answer(QUESTION))

        def looking(turn, number):
            seen.append(told(reader.answer(QUESTION)))
            publish(turn, number)

        monkeypatch.setattr(server_turn.ServerTurn, "publish", looking)
        bench.write("tomatoes.txt", ("阿明", "每天傍晚浇水。"), title="怎么种番茄？")
        bench.ingest()
        assert seen == [before]
        assert rows(bench) == expected(bench)
        assert [one.comment.text.zh for one in reader.answer(QUESTION).excerpts] == ["每天傍晚浇水。"]


def test_an_answer_that_a_publication_overtakes_is_made_again(bench, elsewhere, monkeypatch):
    """Rows may go while a reader searches; it never answers from half of them."""
    bench.ingest()
    with closing(Archive(elsewhere, bench.embedder)) as reader:
        reader.answer(QUESTION)
        store = reader._open.store
        nearest = type(store).nearest

        def overtaken(self, *arguments):
            monkeypatch.undo()
            bench.write("tomatoes.txt", *TOMATOES[:2], *BICYCLES)
            bench.ingest()
            return nearest(self, *arguments)

        monkeypatch.setattr(type(store), "nearest", overtaken)
        answer = reader.answer(QUESTION)
    assert answer.generation == 2
    assert len(answer.excerpts) == 4


@pytest.mark.parametrize("moment", ["upload", "seal", "publish", "tidy up"])
def test_a_killed_writer_is_finished_by_the_next(bench, elsewhere, monkeypatch, moment):
    """Wherever it died: readers go on, the next run ends where it was going, and no row is left over."""
    bench.ingest()
    place = {"upload": "_upload", "seal": "seal", "publish": "publish", "tidy up": "_tidy_up"}[moment]
    real = getattr(server_turn.ServerTurn, place)

    def deadly(self, *arguments):
        if moment in {"upload", "seal"}:
            real(self, *arguments)
        raise Killed

    bench.write("tomatoes.txt", *TOMATOES[:1], *BICYCLES)
    with monkeypatch.context() as patched:
        # A process that dies neither cleans up nor gives its turn back.
        patched.setattr(server_turn.ServerTurn, place, deadly)
        patched.setattr(server_turn.ServerTurn, "discard", lambda *_: None)
        patched.setattr(leases.Lease, "finish", lambda self, _: self._stop.set())
        with pytest.raises(Killed):
            bench.ingest()
    with closing(Archive(elsewhere, bench.embedder)) as reader:
        assert reader.answer(QUESTION).generation == (2 if moment == "tidy up" else 1)
        assert len(reader.answer(QUESTION).excerpts) == 3
        bench.home.lease = 0.3
        if moment == "tidy up":  # it was published: something else has to change
            bench.write("other.txt", ("路人", "别的话。"), title="别的")
        assert bench.ingest().published
        wanted = 4 if moment == "tidy up" else 3
        assert len(bench.texts()) == len(reader.answer(QUESTION).excerpts) == wanted
    assert rows(bench) == expected(bench)


def test_two_machines_take_turns(bench, elsewhere):
    """Their generations are numbered through, either reads the other's, and neither can go back."""
    other = Bench(bench.archive.parent, lambda _: elsewhere)
    for number, writer in enumerate((bench, other, bench, other), start=1):
        bench.write("bicycles.txt", *BICYCLES[:1], ("小风", f"第{number}版"), title="冬天骑车")
        assert writer.ingest().generation == number
        assert bench.texts() == other.texts()
        assert f"第{number}版" in bench.texts().values()
        for one in (bench, other):
            with pytest.raises(RetrievalError, match="keeps one generation only"):
                roll_back(one.home)
        assert bench.manifest.generation == other.manifest.generation == number
    assert rows(bench) == expected(bench)


def test_a_turn_is_taken_once(bench):
    """Of eight who try at the same time one has it; the others hear who."""
    bench.ingest()
    server, won, lost = bench.home.server, [], []

    def run():
        try:
            won.append(leases.take(server, 3.0))
        except RetrievalError as error:
            lost.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (lease,) = won
    lease.finish(())
    assert len(lost) == 7
    assert all("Another ingest (process" in sentence for sentence in lost)
    assert leases.holding(server.listing()).over


def test_a_dead_writer_loses_its_turn_by_the_taker_s_own_clock(bench):
    """Only after it was silent for as long as a lease lasts, whatever its own clock said."""
    bench.ingest()
    server, clock = bench.home.server, Clock()
    dead = leases._taken(server, leases.holding(server.listing()))
    lease = leases.take(server, 60.0, clock=clock, wait=clock.wait)
    assert 60 <= clock.now <= 71
    assert (lease.token, lease.tidy, lease.held.untidy) == (dead.token + 1, False, (dead.token,))
    with pytest.raises(RetrievalError, match="took over"):
        dead.check()
    lease.check()
    lease.finish(())


def test_a_living_writer_keeps_its_turn(bench):
    """Whoever watches it sees it move, and leaves with one sentence in each language."""
    bench.ingest()
    server, clock = bench.home.server, Clock()
    alive = leases._taken(server, leases.holding(server.listing()))

    def wait(seconds):
        clock.wait(seconds)
        server.amend(alive.collection, {**alive.held.metadata(), "beat": int(clock.now)})

    with pytest.raises(RetrievalError, match=r"Another ingest .* is writing to the Chroma server") as caught:
        leases.take(server, 60.0, clock=clock, wait=wait)
    assert clock.now <= 10
    assert "正在写入 Chroma 服务器" in caught.value.sentence("zh")
    alive.finish(())


def test_a_writer_that_was_only_slow_publishes_nothing(bench, chroma_run, tmp_path, monkeypatch):
    """Another one took over meanwhile: what the first wrote is seen by nobody, the other's stays whole."""
    bench.ingest()
    other = Bench(tmp_path / "other", lambda data: chroma_run.home(data, bench.home.server.address, 0.3))
    other.archive = bench.archive
    publish = server_turn.ServerTurn.publish

    def slow(turn, number):
        monkeypatch.undo()
        turn._lease._stop.set()  # it does not renew its lease any more
        turn._lease._thread.join()
        bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
        assert other.ingest().generation == 2
        publish(turn, number)

    monkeypatch.setattr(server_turn.ServerTurn, "publish", slow)
    bench.write("tomatoes.txt", *TOMATOES[:2])
    with pytest.raises(RetrievalError, match="took over"):
        bench.ingest()
    assert sorted(bench.texts().values()) == sorted(text for _, text in (*TOMATOES[:2], *BICYCLES))


def test_a_number_cannot_be_published_twice(bench, monkeypatch):
    """Even by a writer that checked its lease at the wrong moment; it removes nothing then."""
    bench.ingest()
    monkeypatch.setattr(leases.Lease, "check", lambda _: None)
    with writing(bench.home) as turn:
        before = bench.home.mirror.envelope(1)
        turn._epoch, turn._tags = before.epoch, dict(before.tags)
        turn._make(before.manifest, (("nobody", 1),), 1, [])
        with pytest.raises(RetrievalError, match="took over"):
            turn.publish(1)
    assert len(bench.texts()) == 3


def test_compacting_begins_anew_on_the_server(bench, elsewhere):
    """Other collections take the place of the ones there were, with vectors from there where need be."""
    bench.ingest()
    before = {name for name in bench.home.server.listing() if name.startswith("passages")}
    with closing(Archive(elsewhere, bench.embedder)) as reader:
        old = told(reader.answer(QUESTION))[1]
        assert compact(elsewhere).generation == 2
        assert told(reader.answer(QUESTION)) == (2, old)
    after = {name for name in bench.home.server.listing() if name.startswith("passages")}
    assert (len(before), len(after), before & after) == (1, 1, set())


def test_exclusions_are_everybody_s(bench, elsewhere):
    """A machine that never excluded anything leaves out what another one excluded, and can take it back."""
    bench.ingest()
    exclude(bench.home, [], ["小李", "谁也不是"])
    other = Bench(bench.archive.parent, lambda _: elsewhere)
    other.write("bicycles.txt", ("小李", "戴手套。"), BICYCLES[0], title="冬天骑车")
    assert (other.ingest().excluded, len(other.texts())) == (3, 2)
    undo(elsewhere, [], ["小李"])
    assert bench.ingest().new == 3
    exclude(elsewhere, [], ["又一个不在的人"])
    assert published(bench.home).generation == published(elsewhere).generation
    assert "又一个不在的人" in exclusions.load(bench.home.folder).authors


def test_doctor(bench, elsewhere):
    """Each part is in order; what is not says what to do."""
    findings = {one.name: one for one in examine(elsewhere, lambda: "fake")}
    assert not findings["generation"].ok
    bench.ingest()
    findings = {one.name: one for one in examine(elsewhere, lambda: "fake")}
    assert [name for name, one in findings.items() if not one.ok] == []
    listing = bench.home.server.listing()
    comments = next(one for name, one in listing.items() if name.startswith("comments"))
    passages = next(one for name, one in listing.items() if name.startswith("passages"))
    for collection in (comments, passages):
        collection.delete(ids=collection.get(limit=1)["ids"])
    findings = {one.name: one.sentence for one in examine(elsewhere, lambda: "other") if not one.ok}
    assert "threadbot compact" in findings["index"]
    assert "lacks 1 comments" in findings["leftovers"]
    assert "another model" in findings["model"]


def test_nothing_there_yet(bench, elsewhere):
    """Asking makes neither a database nor a folder."""
    with pytest.raises(NoIndexError, match="There is no index in http://127"):
        Archive(elsewhere, FakeEmbedder()).warm()
    with pytest.raises(RetrievalError):
        compact(elsewhere)
    assert bench.ingest(dry_run=True).new == 3
    assert bench.manifest is None


def test_no_such_tenant(bench):
    """One sentence in each language names the setting."""
    address = replace(bench.home.server.address, tenant="nobody-here")
    home = ServerHome(bench.data, address)
    assert home.follow() is None
    with pytest.raises(
        UnreachableError, match="no tenant “nobody-here”; correct THREADBOT_CHROMA_TENANT"
    ) as c:
        sync.ingest([bench.archive], home, FakeEmbedder())
    assert "没有租户" in c.value.sentence("zh")


#: What may befall the copy on a machine: a file of it, and what is in its place then, None for nothing.
DAMAGE = [
    ("CURRENT", None),
    ("CURRENT", "rubbish"),
    ("CURRENT", "000077"),
    ("exclusions.json", None),
    ("generations/000002", None),
    ("generations/000002/manifest.json", None),
    ("generations/000002/manifest.json", "{}"),
    ("generations/000002/server.json", None),
    ("generations/000002/server.json", "{}"),
    ("generations/000002/documents.sqlite", None),
    ("generations/000002/documents.sqlite", "not a database, and long enough to be looked at as one" * 100),
    ("generations/000002/lexical", None),
    ("generations/000002/lexical/meta.json", "rubbish"),
]


def test_a_damaged_copy_is_made_again(bench, elsewhere):
    """From the server, with the next process: answers and exclusions are as before."""
    bench.ingest()
    exclude(bench.home, [], ["小李"])
    with closing(Archive(elsewhere, bench.embedder)) as reader:
        before = told(reader.answer(QUESTION))
    for name, content in DAMAGE:
        path = elsewhere.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        if content is not None:
            path.write_text(content, encoding="utf-8")
        again = ServerHome(elsewhere.data_dir, elsewhere.server.address)
        with closing(Archive(again, bench.embedder)) as reader:
            assert told(reader.answer(QUESTION)) == before, (name, content)
        assert exclusions.load(again.folder).authors == ("小李",), (name, content)
    assert [one.name for one in examine(again, lambda: "fake") if not one.ok] == []


def test_a_copy_of_an_older_version_is_made_again(bench, elsewhere):
    """From the server, with the first process of this version."""
    bench.ingest()
    with closing(Archive(elsewhere, bench.embedder)) as reader:
        before = told(reader.answer(QUESTION))
    (kept,) = elsewhere.folder.glob("generations/*/documents.sqlite")
    with closing(sqlite3.connect(kept)) as connection:
        connection.execute("ALTER TABLE comments DROP COLUMN whole")
    again = ServerHome(elsewhere.data_dir, elsewhere.server.address)
    with closing(Archive(again, bench.embedder)) as reader:
        assert told(reader.answer(QUESTION)) == before


def test_a_sound_copy_is_kept(bench, elsewhere, monkeypatch):
    """The next process fetches nothing again."""
    bench.write("pictures.txt", ("小李", "![](https://example.org/a.jpg)"), title="图")
    bench.ingest()
    elsewhere.follow()
    monkeypatch.setattr("retrieval.server.home.fetched", lambda *_: pytest.fail("it is all there"))
    assert ServerHome(elsewhere.data_dir, elsewhere.server.address).follow() == 1
