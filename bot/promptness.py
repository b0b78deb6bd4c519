"""An event loop that is not kept waiting, by the threads that answer or by the search for garbage."""

from __future__ import annotations

import gc
import sys

#: Seconds a thread may go on in Python while another one wants to; Python's own choice is 5 ms. The event
#: loop gives its turn up with every write to a socket, several times an answer, and asks for it back.
_TURN = 0.0005


def favour_the_loop() -> None:
    """Let an event loop have its turn soon, whatever else runs in this process."""
    sys.setswitchinterval(_TURN)


def settle() -> None:
    """Leave what is loaded by now out of every later search for garbage.

    Model, indexes and libraries are some 120,000 objects; looking through them all takes 60 ms, in which
    nothing else runs.
    """
    gc.collect()
    gc.freeze()
