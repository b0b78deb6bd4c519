import asyncio

from bot.telegram.queue import Job, Queue


class Work:
    """Jobs that last until they are let go, and what happened to them."""

    def __init__(self):
        self.log = []
        self.gates = {}

    def job(self, name):
        """Return a job that notes what becomes of it."""
        self.gates[name] = asyncio.Event()

        async def run():
            self.log.append(f"{name} begins")
            await self.gates[name].wait()
            self.log.append(f"{name} ends")

        async def drop():
            self.log.append(f"{name} dropped")

        return Job(run, drop)

    async def until(self, entry):
        """Wait until something was noted."""
        async with asyncio.timeout(5):
            while entry not in self.log:  # noqa: ASYNC110 - the jobs have nothing to signal with
                await asyncio.sleep(0)


async def test_one_chat_waits_for_itself_and_for_nobody_else():
    """A second question is queued; another chat's is answered meanwhile."""
    work, queue = Work(), Queue(10)
    for chat, name in ((1, "a"), (1, "b"), (2, "c")):
        assert queue.submit(chat, work.job(name))
    await work.until("c begins")
    assert work.log == ["a begins", "c begins"]
    assert queue.waiting(1) == 1
    work.gates["a"].set()
    await work.until("b begins")
    for gate in work.gates.values():
        gate.set()
    await queue.close(1)


async def test_cancelling_drops_what_waits_and_not_what_runs():
    """It says how many."""
    work, queue = Work(), Queue(10)
    for name in "abc":
        queue.submit(1, work.job(name))
    await work.until("a begins")
    assert await queue.cancel(1) == 2
    assert await queue.cancel(2) == 0
    work.gates["a"].set()
    await queue.close(1)
    assert work.log == ["a begins", "b dropped", "c dropped", "a ends"]


async def test_a_full_line_takes_nothing_more():
    """Somebody who pastes a book does not fill the memory."""
    work, queue = Work(), Queue(1)
    assert queue.submit(1, work.job("a"))
    await work.until("a begins")
    assert queue.submit(1, work.job("b"))
    assert not queue.submit(1, work.job("c"))
    work.gates["a"].set()
    work.gates["b"].set()
    await queue.close(1)


async def test_closing_cuts_off_what_does_not_end():
    """A stop takes no longer than its grace."""
    work, queue = Work(), Queue(10)
    queue.submit(1, work.job("a"))
    await work.until("a begins")
    await queue.close(0.01)
    assert not queue.submit(1, work.job("b"))
    assert work.log == ["a begins"]
