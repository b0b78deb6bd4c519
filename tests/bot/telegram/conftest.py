import pytest
import pytest_asyncio

from tests.bot.telegram.world import SlowArchive, World


@pytest_asyncio.fixture
async def world(tmp_path):
    """Give a world whose bot was not started yet; whatever runs is stopped."""
    made = World(tmp_path / "data")
    yield made
    try:
        if made.task and not made.task.done():
            made.ingesting.set()
            made.api.released.set()
            await made.stop()
    finally:
        await made.api.close()


@pytest.fixture
def slow(world):
    """Give a world whose archive answers only when it is let."""
    world.archive = SlowArchive()
    yield world
    world.archive.gate.set()
