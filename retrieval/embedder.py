"""Texts to vectors: with sentence-transformers, or the built-in model with onnxruntime.

Beside `retrieval.model` this is sentence-transformers' only importer.

Nothing heavy is imported before the first text is embedded: a fingerprint needs no model.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import retrieval.model as built_in
from retrieval import hub
from retrieval.errors import ConfigError, RetrievalError
from retrieval.pool import running, unreported
from retrieval.records import short_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    from retrieval.model.onnx import OnnxEncoder
    from retrieval.pool import Pool

Backend = Literal["auto", "onnx", "onnx-int8", "torch"]
Precision = Literal["fp32", "int8"]

#: The name of the model that comes with threadbot.
BUILT_IN = "built-in"
_LONGEST_REASON = 120
#: Passages that a process is handed at a time: a batch of sentence-transformers'.
_CHUNK = 32


class Prompts(NamedTuple):
    """What a model wants in front of questions and passages."""

    query: str = ""
    document: str = ""


_E5 = Prompts("query: ", "passage: ")
#: Of models that were trained with prompts and do not name them in their own configuration.
_PROMPTS = {
    "multilingual-e5-small": _E5,
    "multilingual-e5-base": _E5,
    "multilingual-e5-large": _E5,
    "e5-small-v2": _E5,
    "e5-base-v2": _E5,
    "e5-large-v2": _E5,
    "bge-small-zh-v1.5": Prompts(query="为这个句子生成表示以用于检索相关文章："),
    "bge-base-zh-v1.5": Prompts(query="为这个句子生成表示以用于检索相关文章："),
    "bge-large-zh-v1.5": Prompts(query="为这个句子生成表示以用于检索相关文章："),
}


class Embedder(Protocol):
    """What turns texts into vectors; one for the whole life of a process, used by any of its threads."""

    @property
    def fingerprint(self) -> str:
        """Everything that decides what vector a text gets; vectors of different fingerprints never mix."""

    def encoding(self) -> AbstractContextManager[None]:
        """Be ready for many passages: load the model, and have it run in all its processes until the end."""

    def passages(self, texts: Sequence[str], coming: Sequence[str] = ()) -> NDArray[np.float32]:
        """Return a row of unit length per text, float32, for one text at least.

        What is `coming` with the next call may be made ready meanwhile.
        """

    def question(self, text: str) -> NDArray[np.float32]:
        """Return one vector of unit length, float32."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model: the built-in one, one of a hub, or one in a folder.

    Every use may raise ConfigError, one sentence, where there is no such model or it cannot run.
    """

    def __init__(self, name: str = BUILT_IN, device: str | None = None, devices: Sequence[str] = ()) -> None:
        self._name = name
        self._device = device
        #: Where many passages are encoded, a process for each.
        self._devices = devices
        self._pool: Pool | None = None
        # Models are loaded once, and fast tokenizers must not be used by two threads at a time.
        self._lock = threading.RLock()

    @cached_property
    def fingerprint(self) -> str:
        """See `Embedder.fingerprint`."""
        if self._name == BUILT_IN:
            return built_in.fingerprint()
        return short_id(hub.revision_of(self._folder), *prompts_of(self._name))

    @contextmanager
    def encoding(self) -> Iterator[None]:
        """See `Embedder.encoding`."""
        if not self._devices:
            with self._lock:
                _ = self._model
            yield
            return
        for device in self._devices:
            _check_device(device, "THREADBOT_ENCODING_DEVICES")
        with unreported():
            with self._lock:
                model = self._model
            with running(model, self._devices) as self._pool:
                try:
                    yield
                finally:
                    self._pool = None

    def passages(self, texts: Sequence[str], coming: Sequence[str] = ()) -> NDArray[np.float32]:
        """See `Embedder.passages`."""
        with self._lock:
            if self._pool is None:
                return _unit(self._model.encode_document(list(texts), **_OPTIONS))
            try:
                return _unit(
                    self._model.encode_document(list(texts), pool=self._pool, chunk_size=_CHUNK, **_OPTIONS)
                )
            except RuntimeError as error:
                raise RetrievalError(
                    f"A process that encodes passages failed ({_reason(error)}); name fewer devices in "
                    "THREADBOT_ENCODING_DEVICES, or none, and ingest again.",
                    f"一个计算向量的进程失败了（{_reason(error)}）；请在 THREADBOT_ENCODING_DEVICES 中"
                    "少写几个设备或留空，再重新导入。",
                ) from error

    def question(self, text: str) -> NDArray[np.float32]:
        """See `Embedder.question`."""
        with self._lock:
            return _first(_unit(self._model.encode_query([text], **_OPTIONS)))

    @cached_property
    def _folder(self) -> Path:
        return hub.folder_of(self._name)

    @cached_property
    def _model(self) -> SentenceTransformer:
        if self._device is not None:
            _check_device(self._device)
        with quiet(), _explained(self._name):
            if self._name == BUILT_IN:
                return built_in.load(self._device)
            return _load(self._folder, self._device, prompts_of(self._name))


class OnnxEmbedder:
    """The built-in model without PyTorch: the same vectors, and the first one seconds earlier."""

    def __init__(self, precision: Precision = "fp32") -> None:
        self._precision: Precision = precision
        self._lock = threading.RLock()

    @cached_property
    def fingerprint(self) -> str:
        """See `Embedder.fingerprint`."""
        return f"{built_in.fingerprint()}-onnx-{self._precision}"

    @contextmanager
    def encoding(self) -> Iterator[None]:
        """See `Embedder.encoding`; onnxruntime keeps every core busy from one process."""
        with self._lock:
            _ = self._for_many
        yield

    def passages(self, texts: Sequence[str], coming: Sequence[str] = ()) -> NDArray[np.float32]:
        """See `Embedder.passages`."""
        with self._lock:
            return self._for_many.encode(texts, coming)

    def question(self, text: str) -> NDArray[np.float32]:
        """See `Embedder.question`."""
        with self._lock:
            return _first(self._for_one.encode([text]))

    @cached_property
    def _for_one(self) -> OnnxEncoder:
        from retrieval.model.onnx import OnnxEncoder

        return OnnxEncoder(precision=self._precision)

    @cached_property
    def _for_many(self) -> OnnxEncoder:
        from retrieval.model.onnx import OnnxEncoder

        return OnnxEncoder(precision=self._precision, apart=True)


def embedder_for(
    name: str = BUILT_IN,
    device: str | None = None,
    backend: Backend = "auto",
    devices: Sequence[str] = (),
) -> Embedder:
    """Choose how a model is run; nothing is loaded yet.

    "auto" runs the built-in model with onnxruntime unless another device than the processor, or
    `devices` for encoding in several processes, are asked for, and every other model with PyTorch.

    :raises ConfigError: If onnxruntime is asked to run what it cannot.
    """
    built_in_here = name == BUILT_IN and device in (None, "cpu") and not devices
    if backend == "torch" or (backend == "auto" and not built_in_here):
        return SentenceTransformerEmbedder(name, device, devices)
    if devices:
        raise ConfigError(
            f"The backend {backend} runs in one process, which keeps every core busy; leave "
            "THREADBOT_ENCODING_DEVICES empty, or set THREADBOT_BACKEND to torch.",
            f"后端 {backend} 在一个进程中运行，已用满所有核心；请将 THREADBOT_ENCODING_DEVICES 留空，"
            "或把 THREADBOT_BACKEND 设为 torch。",
        )
    if not built_in_here:
        raise ConfigError(
            f"The backend {backend} runs the built-in model on the processor only; "
            "set THREADBOT_BACKEND to torch for other models and devices.",
            f"后端 {backend} 只能在处理器上运行内置模型；其他模型和设备请把 THREADBOT_BACKEND 设为 torch。",
        )
    return OnnxEmbedder("int8" if backend == "onnx-int8" else "fp32")


def prompts_of(name: str) -> Prompts:
    """Return the prompts known for a model by the last part of its name, empty ones for all others."""
    return _PROMPTS.get(Path(name).name.lower(), Prompts())


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars and warnings of loading a model off the terminal."""
    from transformers.utils import logging as transformers_logging

    names = ("sentence_transformers", "transformers", "huggingface_hub", "torch")
    before = {name: logging.getLogger(name).level for name in names}
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _check_device(device: str, setting: str = "THREADBOT_DEVICE") -> None:
    import torch

    try:
        torch.empty(1, device=device)
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        raise ConfigError(
            f"No model can run on the device “{device}” ({_reason(error)}); "
            f"set {setting} to another one, such as cpu.",
            f"模型无法在设备“{device}”上运行（{_reason(error)}）；请把 {setting} 设为别的设备，例如 cpu。",
        ) from error


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Say in one sentence that a model cannot be loaded."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:  # a damaged or foreign model can fail anywhere in two libraries
        raise ConfigError(
            f"The model {name} cannot be loaded ({_reason(error)}): it is damaged, needs code of its own, "
            "which threadbot never runs, or is no sentence-transformers model; "
            "set THREADBOT_MODEL to another one.",
            f"无法加载模型 {name}（{_reason(error)}）：它已损坏，或需要运行自带的代码（threadbot 从不运行），"
            "或不是 sentence-transformers 模型；请把 THREADBOT_MODEL 设为别的模型。",
        ) from error


_OPTIONS: dict[str, Any] = {"convert_to_numpy": True, "show_progress_bar": False}


def _load(folder: Path, device: str | None, known: Prompts) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device=device, trust_remote_code=False, local_files_only=True)
    if not any(model.prompts.values()):
        model.prompts = known._asdict()
    return model


def _unit(vectors: Any) -> NDArray[np.float32]:  # noqa: ANN401 - sentence-transformers' type depends on its options
    """Return rows of unit length; done here, where the model's own precision does not matter."""
    import numpy as np

    rows = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def _first(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = rows[0]
    return vector


def _reason(error: BaseException) -> str:
    """Return the beginning of an error's message, without the advice that libraries add to it."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"
