"""The rivals that are programs of our own: what people write around aiohttp today."""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias

import aiohttp

from benchmarks.workplace import headers

Send: TypeAlias = Callable[[str], Awaitable[bool]]
"""Asks to cancel one allocation; false when that was refused for rate, or no answer came."""

_SLOTS = 50
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
_START = 10.0
_GROWTH = 10.0
_CUT = 0.7
_SLOWEST = 1.0


class Bucket:
    """A token bucket as aiolimiter has it: full at first, one second's worth deep."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._tokens = rate
        self._filled_at = time.monotonic()
        self._line = asyncio.Lock()

    async def take(self) -> None:
        """Wait for a token, first come first served."""
        async with self._line:
            self._fill()
            while self._tokens < 1.0:
                await asyncio.sleep((1.0 - self._tokens) / self._rate)
                self._fill()
            self._tokens -= 1.0

    def _fill(self) -> None:
        now = time.monotonic()
        gained = (now - self._filled_at) * self._rate
        self._tokens, self._filled_at = min(self._rate, self._tokens + gained), now


class Aimd:
    """Even spacing at a rate that grows by 10/s each second and is cut to 0.7 by each refusal."""

    def __init__(self) -> None:
        self._rate = _START
        self._next = self._grown_at = time.monotonic()
        self._line = asyncio.Lock()

    async def take(self) -> None:
        """Wait for the next slot, first come first served."""
        async with self._line:
            now = time.monotonic()
            if now < self._next:
                await asyncio.sleep(self._next - now)
                now = time.monotonic()
            self._rate += _GROWTH * (now - self._grown_at)
            self._grown_at = now
            # A timer's lateness is made up for, or no rate above a few hundred is ever held.
            self._next = max(self._next, now - 0.01) + 1.0 / self._rate

    def refused(self) -> None:
        """Cut the rate."""
        self._rate = max(_SLOWEST, self._rate * _CUT)


async def semaphore_held(ids: Sequence[str], send: Send) -> None:
    """Fifty slots, each kept through the waits of its allocation: backoff with full jitter."""
    slots = asyncio.Semaphore(_SLOTS)

    async def cancel(allocation_id: str) -> None:
        async with slots:
            refusals = 0
            while not await send(allocation_id):
                await asyncio.sleep(_backoff(refusals))
                refusals += 1

    await asyncio.gather(*map(cancel, ids))


async def semaphore_released(ids: Sequence[str], send: Send) -> None:
    """Fifty slots, each given back before the wait."""
    slots = asyncio.Semaphore(_SLOTS)

    async def cancel(allocation_id: str) -> None:
        refusals = 0
        while True:
            async with slots:
                if await send(allocation_id):
                    return
            await asyncio.sleep(_backoff(refusals))
            refusals += 1

    await asyncio.gather(*map(cancel, ids))


async def fixed_rate(ids: Sequence[str], send: Send, rate: float) -> None:
    """Send at a rate that somebody guessed (requests per second); what is refused queues again."""
    bucket = Bucket(rate)

    async def cancel(allocation_id: str) -> None:
        await bucket.take()
        while not await send(allocation_id):
            await bucket.take()

    await asyncio.gather(*map(cancel, ids))


async def aimd(ids: Sequence[str], send: Send) -> None:
    """Send at a rate that follows the refusals; what is refused queues again."""
    pace = Aimd()

    async def cancel(allocation_id: str) -> None:
        await pace.take()
        while not await send(allocation_id):
            pace.refused()
            await pace.take()

    await asyncio.gather(*map(cancel, ids))


def _backoff(refusals: int) -> float:
    most = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(refusals, 30))
    return random.uniform(0.0, most)  # noqa: S311 - spreads requests, guards nothing


RIVALS: Mapping[str, Callable[[Sequence[str], Send, float], Awaitable[None]]] = {
    "semaphore-held": lambda ids, send, _rate: semaphore_held(ids, send),
    "semaphore-released": lambda ids, send, _rate: semaphore_released(ids, send),
    "fixed": fixed_rate,
    "aimd": lambda ids, send, _rate: aimd(ids, send),
}


async def cancel_all(
    rival: str, ids: Sequence[str], *, base_url: str, account: str, rate: float
) -> None:
    """Cancel every allocation the rival's way, however often it has to be asked for.

    Raises:
        aiohttp.ClientResponseError: an answer that is neither a success nor a refusal for rate.
    """
    async with aiohttp.ClientSession(headers=headers(account)) as session:

        async def send(allocation_id: str) -> bool:
            try:
                async with session.put(f"{base_url}/allocation/cancel/{allocation_id}") as answer:
                    await answer.read()
                    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                        return False
                    answer.raise_for_status()
                    return True
            except aiohttp.ClientConnectionError:
                return False

        await RIVALS[rival](ids, send, rate)


def main() -> int:
    """Run one rival from the command line; the token comes from BULKCANCEL_TOKEN."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rival", choices=RIVALS)
    parser.add_argument("ids", type=Path, metavar="FILE", help="ids, one a line")
    parser.add_argument("--base-url", required=True, metavar="URL")
    parser.add_argument("--account", required=True, metavar="ID")
    parser.add_argument("--rate", type=float, default=1.0, metavar="N", help="of `fixed`")
    given = parser.parse_args()
    ids = given.ids.read_text(encoding="utf-8").split()
    asyncio.run(
        cancel_all(
            given.rival, ids, base_url=given.base_url, account=given.account, rate=given.rate
        )
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
