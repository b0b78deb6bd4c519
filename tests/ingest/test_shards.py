"""Encoding in parts: each text by one of them, whatever happens, and joined by an ingest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.__main__ import main
from bot.parts import Parts
from ingest import embedding, shards
from ingest.cache import EmbeddingCache
from ingest.shards import Shard, embed, joined
from retrieval.errors import RetrievalError, UsageError
from tests.fakes import FakeEmbedder, streams, written
from tests.ingest.bench import BICYCLES, TOMATOES

#: One process of several: encodes its shard and writes down what it encoded.
PROCESS = """
import json, sys
from pathlib import Path
from ingest.shards import Shard, embed
from tests.fakes import FakeEmbedder
archive, out, shard = sys.argv[1:]
embedder = FakeEmbedder()
done = embed([archive], Path(out), Shard.parse(shard), embedder)
print(json.dumps({"texts": embedder.texts, "own": done.own}))
"""


def filled(bench, count=400):
    """Write many comments in two threads, some of them equal; return how many texts there are, titles too."""
    bench.write("tomatoes.txt", *TOMATOES, *((f"路人{n}", f"第{n % 300}条。") for n in range(count)))
    bench.write("bicycles.md", *BICYCLES, title="冬天骑车")
    return 300 + 5 + 2


@given(st.binary(min_size=16, max_size=16), st.integers(1, 50))
def test_every_key_belongs_to_one_shard(key, of):
    """Whatever their number."""
    assert sum(Shard(number, of).holds(key) for number in range(1, of + 1)) == 1


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "a/b", "1/0", "-1/2", "1/2/3", "１/2x", "３/３"])
def test_a_shard_is_written_in_one_way(text):
    """Anything else is a usage error."""
    with pytest.raises(ValueError, match="like 2/5"):
        Shard.parse(text)
    own = streams()
    assert main(["embed", f"--shard={text}", "--out", "x", "y"], own) == 2
    assert "like 2/5" in written(own.stderr)


@pytest.mark.slow
def test_three_processes_encode_every_text_once(bench, tmp_path):
    """At the same time, into one folder; the ingest that joins them encodes nothing, and answers as ever."""
    texts = filled(bench)
    out = tmp_path / "vectors"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, bench.archive, out, f"{number}/3"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for number in (1, 2, 3)
    ]
    said = [json.loads(process.communicate()[0]) for process in started]
    encoded = [text for one in said for text in one["texts"]]
    assert len(encoded) == len(set(encoded)) == sum(one["own"] for one in said) == texts
    assert all(one["texts"] for one in said)
    summary = bench.ingest(vectors=out)
    assert (summary.embedded, bench.embedder.texts, summary.useless) == (0, [], ())
    assert bench.nearest("早上浇水") == "每天早上浇水。"
    assert len(bench.texts()) == 405


def test_started_again_it_goes_on(bench, tmp_path, monkeypatch):
    """What was written stays, also after a kill in the middle, and also for another split."""
    texts = filled(bench)
    monkeypatch.setattr(embedding, "_BATCH", 100)

    class Dying(FakeEmbedder):
        def passages(self, texts, coming=()):
            if len(self.batches) == 2:
                raise KeyboardInterrupt
            return super().passages(texts)

    with pytest.raises(KeyboardInterrupt):
        embed([bench.archive], tmp_path / "out", Shard(1, 1), Dying())
    second = FakeEmbedder()
    done = embed([bench.archive], tmp_path / "out", Shard(1, 1), second)
    assert (done.texts, done.own, done.encoded) == (texts, texts, texts - 200)
    third = embed([bench.archive], tmp_path / "out", Shard(2, 7), FakeEmbedder())
    assert third.encoded == 0
    assert not list((tmp_path / "out").glob("*.new"))


def test_what_is_of_no_use_is_skipped_with_its_reason(bench, tmp_path):
    """Damaged files, other files, and another model's; the ingest encodes what they should have had."""
    filled(bench, 20)
    out = tmp_path / "out"
    embed([bench.archive], out, Shard(1, 2), FakeEmbedder("other"))
    embed([bench.archive], out, Shard(1, 2), FakeEmbedder())
    (good,) = [path for path in out.iterdir() if joined(out, "fake", []).skipped[0][0] != str(path)]
    cut, renamed = out / "cut.safetensors", out / "renamed.safetensors"
    cut.write_bytes(good.read_bytes()[:-5])
    renamed.write_bytes(good.read_bytes())
    (out / "empty.safetensors").touch()
    (out / "notes.txt").write_text("not of threadbot")
    summary = bench.ingest(vectors=out)
    reasons = {Path(path).name: reason for path, reason in summary.useless}
    assert len(reasons) == 4
    assert "it is damaged" in reasons["cut.safetensors"]
    assert "it is damaged" in reasons["empty.safetensors"]
    assert "does not hold what its name says" in reasons["renamed.safetensors"]
    assert sum("another model (other, not fake)" in reason for reason in reasons.values()) == 1
    assert 0 < summary.embedded < 25
    assert len(bench.texts()) == 25


def test_vectors_are_checked(tmp_path):
    """A file whose vectors are no unit vectors is of no use, though all else fits."""
    key = EmbeddingCache.key("x")
    shards._write(tmp_path, "fake", [key], np.full((1, 4), np.nan, dtype=np.float32))
    shards._write(tmp_path, "fake", [EmbeddingCache.key("y")], np.ones((1, 1), dtype=np.float32))
    found = joined(tmp_path, "fake", [key, EmbeddingCache.key("y")])
    assert (list(found.vectors), len(found.skipped)) == ([EmbeddingCache.key("y")], 1)


def test_the_command(bench, tmp_path):
    """It says how much there was to do, in words or as JSON, and never opens an index."""
    filled(bench, 20)

    def encode(sources, settings, **options):
        return embed(sources, options["out"], options["shard"], FakeEmbedder())

    said = []
    for more in ((), ("--json",)):
        own = streams()
        arguments = ["embed", "--shard", "2/2", "--out", str(tmp_path / "out"), str(bench.archive), *more]
        assert main(arguments, own, Parts(embed=encode)) == 0
        said.append(written(own.stdout))
    again = json.loads(said[1])
    assert again["own"] > again["encoded"] == 0
    assert f"27 different texts, {again['own']} of them in this shard: {again['own']} encoded" in said[0]
    assert not bench.data.exists()


def test_nothing_to_read_and_nowhere_to_look(bench, tmp_path):
    """Each is one sentence."""
    with pytest.raises(RetrievalError, match="Nothing could be read"):
        embed([tmp_path / "nowhere"], tmp_path / "out", Shard(1, 1), FakeEmbedder())
    bench.write("tomatoes.txt", *TOMATOES)
    with pytest.raises(UsageError, match="There is no folder"):
        bench.ingest(vectors=tmp_path / "out")
    assert bench.manifest is None


def test_nowhere_to_write(bench, tmp_path):
    """It is one sentence in each language that says what to do."""
    bench.write("tomatoes.txt", *TOMATOES)
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(RetrievalError, match=r"cannot be written to \(.+\); .+--out") as caught:
            embed([bench.archive], out, Shard(1, 1), FakeEmbedder())
        assert "无法写入" in caught.value.sentence("zh")
