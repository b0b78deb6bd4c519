"""Work done behind somebody's back, in order."""

from __future__ import annotations

from threading import Event, get_ident

import pytest

from ingest.behind import Behind


def test_work_is_done_in_order_and_elsewhere():
    """Whatever is handed over is done, one thing after the other, in one other thread."""
    done = []
    with Behind() as behind:
        for number in range(20):
            behind(lambda number=number: done.append((number, get_ident())))
        behind.wait()
    assert [number for number, _ in done] == list(range(20))
    assert {thread for _, thread in done} - {get_ident()} == {done[0][1]}


def test_who_hands_over_too_much_waits():
    """No more than a few things wait at a time, so that little is held in memory."""
    held, open_, begun = [], Event(), Event()

    def first():
        begun.set()
        open_.wait(60)

    with Behind() as behind:
        behind(first)
        begun.wait(60)
        for number in range(10):
            if number == 2:
                open_.set()  # or else the next would wait for ever
            behind(lambda number=number: held.append(number))
            assert number - len(held) <= 3
        behind.wait()
    assert held == list(range(10))


def test_an_error_comes_back():
    """What failed is raised at a later call, or at the end; what was not begun by then is dropped."""
    begun = []

    def fail():
        begun.append("once")
        raise OSError("full")

    def hand_over(times, *, wait):
        with Behind() as behind:
            for _ in range(times):
                behind(fail)
            if wait:
                behind.wait()

    with pytest.raises(OSError, match="full"):
        hand_over(9, wait=False)
    assert len(begun) < 9
    with pytest.raises(OSError, match="full"):
        hand_over(1, wait=True)


def test_leaving_waits_for_what_is_under_way():
    """An error of the one who hands over ends the rest: nothing runs on afterwards."""
    done, begun, open_ = [], Event(), Event()

    def first():
        begun.set()
        open_.wait(60)
        done.append("first")

    def leave():
        with Behind() as behind:
            behind(first)
            behind(lambda: done.append("second"))
            begun.wait(60)
            open_.set()
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    assert done[:1] == ["first"]
