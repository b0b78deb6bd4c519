"""Where a model's files are, and which they are; the only importer of huggingface_hub, and never of torch.

A model of the hub is downloaded once and then used as it is, without asking the hub again: an index
and its questions must be embedded by the very same files.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Whose model it is where a name does not say; sentence-transformers reads such names in the same way.
_DEFAULT_OWNER = "sentence-transformers"
#: Weights, the ones preferred first.
_WEIGHTS = (".safetensors", ".bin")
#: Beside the weights, what sentence-transformers reads.
_PARTS = (".json", ".txt", ".model", ".jinja")
#: Other people's versions of the weights, and what decides no vector.
_ASIDE = {"onnx", "openvino", "coreml", "imgs", "images", "assets"}
_READ_SIZE = 1 << 22


def folder_of(name: str) -> Path:
    """Return the folder of a model: one on this machine, or a model of the hub, downloaded if need be.

    :raises ConfigError: If there is no such model, or it cannot be downloaded.
    """
    local = Path(name).expanduser()
    if local.is_dir():
        return _checked(local)
    if name.count("/") > 1 or name.startswith((".", "~", "/")) or "\\" in name:
        raise ConfigError(
            f"There is no folder {name}; set THREADBOT_MODEL to a model's folder or name.",
            f"没有文件夹 {name}；请把 THREADBOT_MODEL 设为模型的文件夹或名称。",
        )
    repository = name if "/" in name else f"{_DEFAULT_OWNER}/{name}"
    return _checked(_downloaded(repository) or _download(repository))


def revision_of(folder: Path) -> str:
    """Return what tells a model's files from all others: a commit of the hub, or a digest of a folder."""
    if folder.parent.name == "snapshots":
        return folder.name
    hasher = hashlib.sha256()
    for path in sorted(_parts(folder)):
        hasher.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while chunk := file.read(_READ_SIZE):
                hasher.update(chunk)
    return hasher.hexdigest()


def _parts(folder: Path) -> Iterator[Path]:
    """Yield the files that decide a model's vectors."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _ASIDE and not name.startswith(".")]
        yield from (Path(parent, name) for name in names if name.endswith((*_WEIGHTS, *_PARTS)))


def _checked(folder: Path) -> Path:
    if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        raise ConfigError(
            f"{folder} is not a sentence-transformers model (it has no modules.json and no config.json); "
            "set THREADBOT_MODEL to another folder or name.",
            f"{folder} 不是 sentence-transformers 模型（没有 modules.json 也没有 config.json）；"
            "请把 THREADBOT_MODEL 设为别的文件夹或名称。",
        )
    return folder


def _downloaded(repository: str) -> Path | None:
    """Return a model's folder in the hub's cache, None where it is not there as a whole."""
    from huggingface_hub import constants

    home = Path(constants.HF_HUB_CACHE, f"models--{repository.replace('/', '--')}")
    try:
        commit = (home / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    folder = home / "snapshots" / commit
    whole = any(path.suffix in _WEIGHTS for path in _parts(folder))
    return folder if whole and (folder / "config.json").exists() else None


def _download(repository: str) -> Path:
    from huggingface_hub import HfApi, errors, snapshot_download

    # Its retries are warnings of several lines each; what comes of them is said in one sentence here.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        # The weights come last, for it is by them that a download is known to be whole.
        wanted = _wanted(HfApi().list_repo_files(repository))
        weights = [name for name in wanted if name.endswith(_WEIGHTS)]
        snapshot_download(repository, allow_patterns=[name for name in wanted if name not in weights])
        return Path(snapshot_download(repository, allow_patterns=wanted))
    except errors.GatedRepoError as error:
        raise ConfigError(
            f"The model {repository} is gated: accept its terms on its page on the Hugging Face hub and set "
            "HF_TOKEN to a token of yours.",
            f"模型 {repository} 需要授权：请在其 Hugging Face 页面接受条款，并把 HF_TOKEN 设为您的令牌。",
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise ConfigError(
            f"There is no model “{repository}” on the Hugging Face hub, or it is private; "
            "check THREADBOT_MODEL.",
            f"Hugging Face 上没有模型“{repository}”，或者它不公开；请检查 THREADBOT_MODEL。",
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise ConfigError(
            f"The model {repository} is not on this machine and HF_HUB_OFFLINE forbids to download it; "
            "unset that once, or set THREADBOT_MODEL to a folder.",
            f"本机没有模型 {repository}，而 HF_HUB_OFFLINE 禁止下载；"
            "请暂时取消该设置，或把 THREADBOT_MODEL 设为一个文件夹。",
        ) from error
    except Exception as error:  # which HTTP library raises its own errors here differs between versions
        raise ConfigError(
            f"The model {repository} could not be downloaded ({type(error).__name__}); "
            "check the network, or set THREADBOT_MODEL to a folder or to built-in.",
            f"无法下载模型 {repository}（{type(error).__name__}）；"
            "请检查网络，或把 THREADBOT_MODEL 设为一个文件夹或 built-in。",
        ) from error


def _wanted(names: Iterable[str]) -> list[str]:
    """Choose the files to download: of several versions of the weights only one."""
    parts = [name for name in names if not _ASIDE.intersection(name.split("/")[:-1])]
    kinds = [kind for kind in _WEIGHTS if any(name.endswith(kind) for name in parts)]
    return sorted(name for name in parts if name.endswith((*kinds[:1], *_PARTS)))
