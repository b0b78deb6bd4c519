"""What may be wrong with a data folder, each with what to do about it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest import exclusions, lock, sources
from ingest.web.addresses import is_address
from retrieval import generations
from retrieval import probe as probing
from retrieval.errors import RetrievalError
from retrieval.homes import Embedded, home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from retrieval.generations import FileEntry, Manifest
    from retrieval.homes import Home
    from retrieval.probe import Probe
    from retrieval.types import Language

#: What the things that are looked at are called in Chinese.
_NAMES = {
    "data folder": "数据文件夹",
    "server": "服务器",
    "generation": "世代",
    "index": "索引",
    "model": "模型",
    "disk": "磁盘",
    "freshness": "时效",
    "cache": "缓存",
    "exclusions": "排除",
    "lock": "锁",
    "leftovers": "残留",
}
#: Room that an ingest wants beside a copy of the published generation.
_MARGIN = 20_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    #: What was found and, where it is not well, what to do; in English and in Chinese.
    sentence: str
    chinese: str

    @classmethod
    def of(cls, name: str, error: RetrievalError) -> Finding:
        """Return what an error says of something."""
        return cls(name, ok=False, sentence=str(error), chinese=error.sentence("zh"))

    def said(self, language: Language) -> str:
        """Return it as a line."""
        return f"{_NAMES[self.name]}：{self.chinese}" if language == "zh" else f"{self.name}: {self.sentence}"


def examine(
    place: Path | Home, fingerprint: Callable[[], str], probe: Probe | None = None
) -> Iterator[Finding]:
    """Yield what there is to say about an index and the data folder, one finding after the other."""
    home = home_of(place)
    data_dir = home.data_dir
    if not isinstance(home, Embedded):
        yield from _on_server(home, fingerprint)
        yield _folder(data_dir)
        yield _cache(data_dir)
        return
    yield _folder(data_dir)
    try:
        manifest = generations.read_manifest(data_dir)
    except RetrievalError as error:
        yield Finding.of("generation", error)
        manifest = None
    else:
        if manifest is None:
            yield unpublished()
    if manifest is not None:
        yield _index(data_dir, manifest, probe or probing.in_child)
        yield model(manifest, fingerprint)
        yield _space(data_dir, manifest)
        yield freshness(manifest)
    yield _cache(data_dir)
    yield excluded(data_dir, manifest)
    yield _lock(data_dir)
    yield _leftovers(data_dir)


def unpublished() -> Finding:
    """Say that there is no index."""
    return Finding(
        "generation",
        ok=False,
        sentence="nothing is published; run `threadbot ingest YOUR_FOLDER`",
        chinese="还没有发布任何索引；请运行 threadbot ingest 你的文件夹",
    )


def _on_server(home: Home, fingerprint: Callable[[], str]) -> Iterator[Finding]:
    from ingest.server_health import examine_server
    from retrieval.server.home import ServerHome

    assert isinstance(home, ServerHome)  # noqa: S101 - there are these two
    return examine_server(home, fingerprint)


def _folder(data_dir: Path) -> Finding:
    if not data_dir.is_dir():
        return Finding(
            "data folder",
            ok=False,
            sentence=f"{data_dir} does not exist; the first ingest makes it",
            chinese=f"{data_dir} 不存在；第一次导入时会建立",
        )
    if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        return Finding(
            "data folder",
            ok=False,
            sentence=f"{data_dir} cannot be read and written; mend its permissions",
            chinese=f"{data_dir} 无法读写；请修正它的权限",
        )
    return Finding(
        "data folder",
        ok=True,
        sentence=f"{data_dir} can be read and written",
        chinese=f"{data_dir} 可以读写",
    )


def _index(data_dir: Path, manifest: Manifest, probe: Probe) -> Finding:
    return tried(
        manifest,
        probe(data_dir, manifest.generation),
        agreed=("both indexes agree", "两个索引一致"),
        otherwise=(", or `threadbot rollback` if that fails", "，如果失败再运行 threadbot rollback"),
    )


def tried(
    manifest: Manifest,
    problems: Sequence[str],
    *,
    agreed: tuple[str, str],
    otherwise: tuple[str, str] = ("", ""),
) -> Finding:
    """Say what trying an index out came to.

    `agreed` is what is well, `otherwise` what to do if compacting fails, in English and in Chinese.
    """
    number = manifest.generation
    if problems:
        wrong = "; ".join(problems)
        return Finding(
            "index",
            ok=False,
            sentence=f"generation {number}: {wrong}; run `threadbot compact`{otherwise[0]}",
            chinese=f"第 {number} 代：{wrong}；请运行 threadbot compact{otherwise[1]}",
        )
    comments = sum(entry.comments for entry in manifest.threads)
    return Finding(
        "index",
        ok=True,
        sentence=f"generation {number}: {comments} comments, {manifest.passages} passages, {agreed[0]}",
        chinese=f"第 {number} 代：{comments} 条评论，{manifest.passages} 个段落，{agreed[1]}",
    )


def model(manifest: Manifest, fingerprint: Callable[[], str]) -> Finding:
    """Compare the configured model with the index's."""
    try:
        same = fingerprint() == manifest.fingerprint
    except RetrievalError as error:
        return Finding.of("model", error)
    if not same:
        return Finding(
            "model",
            ok=False,
            sentence=f"the index was made with another model ({manifest.model}); set THREADBOT_MODEL to that "
            "one, or ingest again",
            chinese=f"索引由另一个模型（{manifest.model}）生成；请把 THREADBOT_MODEL 设为该模型，或重新导入",
        )
    return Finding(
        "model",
        ok=True,
        sentence=f"the index was made with the configured one ({manifest.model})",
        chinese=f"索引由设置中的模型（{manifest.model}）生成",
    )


def _space(data_dir: Path, manifest: Manifest) -> Finding:
    needed = generations.size_of(generations.folder_of(data_dir, manifest.generation)) + _MARGIN
    free = shutil.disk_usage(data_dir).free
    enough = free >= needed
    return Finding(
        "disk",
        ok=enough,
        sentence=f"{free / 1e6:,.0f} MB are free, the next generation needs up to {needed / 1e6:,.0f} MB"
        + ("" if enough else "; free some space"),
        chinese=f"剩余 {free / 1e6:,.0f} MB，下一代最多需要 {needed / 1e6:,.0f} MB"
        + ("" if enough else "；请腾出空间"),
    )


def freshness(manifest: Manifest) -> Finding:
    """Look whether files changed since they were read."""
    changed = sum(map(_changed, manifest.files))
    said = f"made {manifest.created}, newest thread {manifest.archive_date or 'without a date'}"
    newest = f"是 {manifest.archive_date} 的" if manifest.archive_date else "没有日期"
    said_zh = f"生成于 {manifest.created}，最新的讨论{newest}"
    if skipped := sum(entry.skipped is not None for entry in manifest.files):
        said += f", {skipped} files were skipped (see `threadbot status`)"
        said_zh += f"，跳过了 {skipped} 个文件（见 threadbot status）"
    if changed:
        return Finding(
            "freshness",
            ok=False,
            sentence=f"{said}; {changed} files changed or went since: run `threadbot ingest` with your "
            "sources",
            chinese=f"{said_zh}；此后有 {changed} 个文件改动或消失：请用你的来源运行 threadbot ingest",
        )
    return Finding(
        "freshness",
        ok=True,
        sentence=f"{said}; no file changed since",
        chinese=f"{said_zh}；此后没有文件改动",
    )


def _changed(entry: FileEntry) -> bool:
    if is_address(entry.path):
        return False  # only asking the server would tell
    try:
        status = os.stat(sources.location(entry.root, entry.path))  # noqa: PTH116 - ten thousand times
    except OSError:
        return True
    return (status.st_size, status.st_mtime_ns) != (entry.size, entry.mtime_ns)


def _cache(data_dir: Path) -> Finding:
    path = data_dir / "embeddings.sqlite"
    if not path.exists():
        return Finding(
            "cache",
            ok=True,
            sentence="there is no embedding cache; the next ingest makes one",
            chinese="没有向量缓存；下一次导入时会建立",
        )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as cache:
            (verdict,) = cache.execute("PRAGMA quick_check(1)").fetchone()
            (count,) = cache.execute("SELECT count(*) FROM vectors").fetchone()
    except sqlite3.Error as error:
        verdict, count = str(error), 0
    if verdict != "ok":
        return Finding(
            "cache",
            ok=False,
            sentence=f"{path} is damaged ({verdict}); delete it, the next ingest embeds what it needs",
            chinese=f"{path} 已损坏（{verdict}）；请删除它，下一次导入会重新计算所需的向量",
        )
    return Finding(
        "cache", ok=True, sentence=f"{count} vectors can be read", chinese=f"{count} 个向量可以读取"
    )


def excluded(data_dir: Path, manifest: Manifest | None) -> Finding:
    """Look whether the index was made under the exclusions that hold."""
    try:
        wanted = exclusions.load(data_dir)
    except RetrievalError as error:
        return Finding.of("exclusions", error)
    if manifest is not None and manifest.exclusions != wanted.digest:
        return Finding(
            "exclusions",
            ok=False,
            sentence="the index was made under other exclusions; run `threadbot ingest` with your sources",
            chinese="索引是按别的排除名单生成的；请用你的来源运行 threadbot ingest",
        )
    return Finding(
        "exclusions",
        ok=True,
        sentence=f"{len(wanted.ids)} comments, {len(wanted.authors)} authors",
        chinese=f"{len(wanted.ids)} 条评论，{len(wanted.authors)} 位作者",
    )


def _lock(data_dir: Path) -> Finding:
    if not lock.is_held(data_dir):
        return idle()
    found = lock.holder(data_dir)
    return Finding(
        "lock",
        ok=True,
        sentence=f"process {found.pid} has been writing since {found.since}"
        if found
        else "somebody is writing",
        chinese=f"进程 {found.pid} 自 {found.since} 起在写入" if found else "有进程正在写入",
    )


def idle() -> Finding:
    """Say that nobody has the turn to write."""
    return Finding("lock", ok=True, sentence="nobody is writing", chinese="没有进程在写入")


def _leftovers(data_dir: Path) -> Finding:
    left = generations.leftovers(data_dir)
    if left and not lock.is_held(data_dir):
        return Finding(
            "leftovers",
            ok=True,
            sentence=f"{len(left)} unfinished generations; the next ingest removes them",
            chinese=f"有 {len(left)} 个未完成的世代；下一次导入会清除",
        )
    there = len(generations.existing(data_dir))
    return Finding(
        "leftovers", ok=True, sentence=f"{there} generations on disk", chinese=f"磁盘上有 {there} 个世代"
    )
