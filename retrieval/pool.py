"""One model in several processes, each on a device of its own, by sentence-transformers' own pool."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sentence_transformers import SentenceTransformer

#: What sentence-transformers hands out, to be handed back to it.
Pool = dict[Any, Any]


@contextmanager
def running(model: SentenceTransformer, devices: Sequence[str]) -> Iterator[Pool]:
    """Run a model on devices such as ("cuda:0", "cuda:1") or ("cpu", "cpu"), however that ends."""
    before = model.device
    with _deaf():
        pool: Pool = model.start_multi_process_pool(list(devices))
    try:
        yield pool
    finally:
        model.stop_multi_process_pool(pool)
        model.to(before)  # starting the pool moved it to the processor


@contextmanager
def unreported() -> Iterator[None]:
    """Keep a warning off the terminal that says that the processes left semaphores, which are cleaned up.

    They are ended by a signal, so that their progress bars' locks are left to Python's resource tracker:
    another process, which has to be started in here. It takes its filters from the environment.
    """
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [before, "ignore:resource_tracker:UserWarning"]))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


@contextmanager
def _deaf() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: whoever started them finishes the batch, and stops them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
