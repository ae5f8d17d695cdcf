"""The "parallel request processor" pattern: one loop that hands out requests by capacity.

Written anew after the scripts that many people keep for the APIs of language models. A loop wakes
every millisecond, fills up how many requests a minute allows, starts a task for the next one (those
to be tried again first), and each task appends its answer to a file by itself. A refusal for rate
halts all for fifteen seconds.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

import aiohttp

from benchmarks.throughput.bare import whole_status
from benchmarks.throughput.part import job_parser, tell_loop
from benchmarks.workplace import headers

_WAKE_EVERY = 0.001
_HALT = 15.0
_ATTEMPTS = 5
_SAVED = Path("results.jsonl")


@dataclass(slots=True, kw_only=True)
class State:
    """What the tasks tell the loop."""

    under_way: int = 0
    cancelled: int = 0
    failed: int = 0
    refused_at: float = float("-inf")
    again: deque[Request] = field(default_factory=deque)


@dataclass(slots=True, kw_only=True)
class Request:
    """One allocation, and how often it may still be tried."""

    allocation_id: str
    attempts_left: int = _ATTEMPTS

    async def call(self, session: aiohttp.ClientSession, url: str, state: State) -> None:
        """Send once; save the answer, queue again, or give up."""
        try:
            async with session.put(url) as answer:
                if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                    state.refused_at = time.monotonic()
                answer.raise_for_status()
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.attempts_left -= 1
            if self.attempts_left:
                state.again.append(self)
                return
            state.failed += 1
            _save([self.allocation_id, str(error)])
        else:
            state.cancelled += whole_status(body) == "CANCELLED"
            _save([self.allocation_id, json.loads(body)])
        state.under_way -= 1


async def cancel_all(ids: Iterator[str], *, base_url: str, account: str, a_minute: float) -> int:
    """Cancel every allocation; return how many were shown as cancelled."""
    state = State()
    capacity, filled_at = a_minute, time.monotonic()
    tasks: set[asyncio.Task[None]] = set()
    upcoming: Request | None = None
    async with aiohttp.ClientSession(headers=headers(account)) as session:
        while True:
            if upcoming is None and state.again:
                upcoming = state.again.popleft()
            elif upcoming is None and (allocation_id := next(ids, None)) is not None:
                upcoming = Request(allocation_id=allocation_id)
                state.under_way += 1
            now = time.monotonic()
            capacity = min(a_minute, capacity + a_minute * (now - filled_at) / 60.0)
            filled_at = now
            if upcoming is not None and capacity >= 1.0:
                capacity -= 1.0
                url = f"{base_url}/allocation/cancel/{upcoming.allocation_id}"
                task = asyncio.create_task(upcoming.call(session, url, state))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                upcoming = None
            if not state.under_way:
                return state.cancelled
            await asyncio.sleep(_WAKE_EVERY)
            if (left := state.refused_at + _HALT - time.monotonic()) > 0:
                await asyncio.sleep(left)


def _save(what: object) -> None:
    with _SAVED.open("a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


def main() -> int:
    """Run it from the command line; it has no bound on what is in flight but the rate."""
    parser = job_parser(__doc__)
    parser.add_argument("--rate", type=float, required=True, metavar="N", help="requests/s")
    given = parser.parse_args()
    return tell_loop(
        given,
        partial(
            cancel_all,
            base_url=given.base_url,
            account=given.account,
            a_minute=given.rate * 60.0,
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
