"""Programs that ask over HTTP, each again as soon as it is answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Sequence

_BUSY = 503
_FINE = 200


@dataclass
class Clients:
    """What the clients saw."""

    url: str
    #: Seconds of each answer that came, 503 not counted.
    taken: list[float] = field(default_factory=list)
    #: Each answer with its question; what each generation answers is known only after it was published.
    answers: list[tuple[str, dict]] = field(default_factory=list)
    #: How often there was a 503 with Retry-After.
    busy: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    async def all_at_once(self, count: int, questions: Sequence[str], seconds: float) -> None:
        """Let so many clients ask for so long."""
        end = asyncio.get_running_loop().time() + seconds
        await asyncio.gather(*(self._insist(number, questions, end) for number in range(count)))

    async def _insist(self, number: int, questions: Sequence[str], end: float) -> None:
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(self.url, timeout=aiohttp.ClientTimeout(60)) as session:
            while loop.time() < end:
                await self._ask(session, questions[number % len(questions)])
                number += 1

    async def _ask(self, session: aiohttp.ClientSession, question: str) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with session.post("/api/ask", json={"question": question}) as response:
                found = await response.json()
                pause = response.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self.errors[type(error).__name__] += 1
            return
        if response.status == _FINE:
            self.taken.append(loop.time() - began)
            self.answers.append((question, found))
        elif response.status == _BUSY and pause:
            self.busy += 1
            await asyncio.sleep(float(pause))
        else:
            self.errors[f"{response.status} {found}"] += 1
