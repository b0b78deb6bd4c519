"""Measure what ingest promises: `python -m tests.benchmark unchanged|full|one|memory [N]`.

`full` uses the real model as it runs by default, the others a fake embedder whose vectors have as many
dimensions.
"""

from __future__ import annotations

import hashlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from ingest import sync
from ingest.progress import Silent
from ingest.survey import survey
from retrieval.text import passages
from tests.ingest import pages

_WORDS = [
    "番茄",
    "浇水",
    "日照",
    "手套",
    "头盔",
    "耳朵",
    "冬天",
    "自行车",
    "阳台",
    "花盆",
    "邻居",
    "早上",
    "傍晚",
    "牙刷",
    "授粉",
    "通勤",
]
_DIMENSIONS = 384


class Numbers:
    """An embedder of vectors drawn from a text's digest."""

    fingerprint = "numbers"

    def encoding(self):
        """See `Embedder.encoding`."""
        return nullcontext()

    def passages(self, texts, coming=()):
        """See `Embedder.passages`."""
        return np.stack([self.question(text) for text in texts])

    def question(self, text):
        """See `Embedder.question`."""
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
        vector = np.random.default_rng(seed).standard_normal(_DIMENSIONS, dtype=np.float32)
        return vector / np.linalg.norm(vector)


def archive(folder: Path, comments: int, each: int = 100) -> None:
    """Write threads with so many comments in all."""
    dice = random.Random(5)  # noqa: S311 - dice, not keys
    for start in range(0, comments, each):
        own = []
        for number in range(start, min(start + each, comments)):
            words = dice.choices(_WORDS, k=dice.randrange(4, 60))
            own.append((f"作者{number % 97}", "".join(words) + f"，第{number}条。"))
        pages.write(folder / f"{start:06}.txt", *own, title=f"讨论{start}")


def unchanged(folder: Path, count: int) -> None:
    """Compare `threadbot ingest` of unchanged files with reading and hashing them, plus `--help`."""
    from retrieval.embedder import embedder_for

    archive(folder / "archive", count, each=1)
    embedder = Numbers()
    embedder.fingerprint = embedder_for().fingerprint
    sync.ingest([folder / "archive"], folder / "data", embedder)
    command = [sys.executable, "-m", "bot"]
    again = [*command, "ingest", str(folder / "archive"), "--data", str(folder / "data")]
    told = subprocess.run(again, check=True, capture_output=True, text=True).stdout
    assert f"{count} unchanged" in told, told
    # In turns, so that whatever else runs on the machine slows all three.
    times = [
        (
            _timed_command(again),
            _timed(lambda: _hash_all(folder / "archive")),
            _timed_command([*command, "--help"]),
        )
        for _ in range(5)
    ]
    ingest, reading, helping = map(min, zip(*times, strict=True))
    _say(files=count, ingest=ingest, reading=reading, help=helping, allowed=2 * reading + helping)


def full(folder: Path, count: int) -> None:
    """Compare a full ingest with one ideally sorted `encode` of the same passages, model loading aside.

    Three ingests, each held against the encodings before and after it, as a machine's speed drifts.
    """
    from retrieval.embedder import embedder_for

    archive(folder / "archive", count)
    embedder = embedder_for()
    embedder.passages(["热身"])
    seen = survey([folder / "archive"], None, prune=False, progress=Silent())
    found = [
        text for one in seen.readings for comment in one.parsed.comments for _, text in comment.text.items()
    ]
    texts = sorted((span.of(text) for text in found for span in passages(text)), key=len)
    before, ratios = _timed(lambda: embedder.passages(texts)), []
    for number in range(3):
        data = folder / str(number)
        took = _timed(lambda data=data: sync.ingest([folder / "archive"], data, embedder))
        after = _timed(lambda: embedder.passages(texts))
        _say(comments=count, passages=len(texts), ingest=took, before=before, after=after)
        ratios.append(2 * took / (before + after))
        before = after
    _say(ratio=statistics.median(ratios), least=min(ratios), most=max(ratios))


def one(folder: Path, count: int) -> None:
    """Time an ingest of one changed comment among many."""
    archive(folder / "archive", count)
    first = _timed(lambda: sync.ingest([folder / "archive"], folder / "data", Numbers()))
    path = folder / "archive" / "000000.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("第7条", "第七条"), encoding="utf-8")
    summary = []
    second = _timed(lambda: summary.append(sync.ingest([folder / "archive"], folder / "data", Numbers())))
    _say(comments=count, full=first, one=second, changed=summary[0].changed, embedded=summary[0].embedded)


def memory(folder: Path, count: int) -> None:
    """Tell the peak memory of a full ingest."""
    archive(folder / "archive", count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = _timed(lambda: sync.ingest([folder / "archive"], folder / "data", Numbers()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _say(comments=count, seconds=seconds, before_mb=before / 1024, peak_mb=peak / 1024)


def _hash_all(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        hashlib.sha256(path.read_bytes()).hexdigest()


def _timed_command(command: list[str]) -> float:
    return _timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def _timed(work) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _say(**figures: float) -> None:
    sys.stdout.write(" ".join(f"{name}={value:.6g}" for name, value in figures.items()) + "\n")


def main(argv: list[str]) -> None:
    """Run one measurement in a temporary folder."""
    measure = {"unchanged": unchanged, "full": full, "one": one, "memory": memory}[argv[0]]
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), int(argv[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
