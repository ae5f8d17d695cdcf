"""Read the allocations of a run again, at the run's pace; sends no cancel."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import islice

import anyio

from bulkcancel.breaker import Breaker, Trip
from bulkcancel.decision import Finding, backoff, classify_read
from bulkcancel.model import Answer, DetailRow, Kind
from bulkcancel.pacing import Pacer
from bulkcancel.runner.api import Api
from bulkcancel.runner.bell import Bell
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.gate import verdict_of
from bulkcancel.runner.options import PoolOptions

_CHUNK = 500
_AGAIN = frozenset({Kind.NOT_SENT, Kind.READ_FAILED, Kind.THROTTLED})


class Verifier:
    """Reads one allocation after another, several at a time, and gives what was found in order.

    A read that fails for a passing reason is tried ``max_attempts`` times. ``stopped`` is set
    when the server gives cause to stop; what follows is then not read any more.
    """

    def __init__(
        self, *, api: Api, options: PoolOptions, chance: Callable[[], float], clock: Clock
    ) -> None:
        self._api = api
        self._options = options
        self._chance = chance
        self._clock = clock
        self._pacer = Pacer(options.pacer)
        self._breaker = Breaker(options.breaker)
        self._line = anyio.Lock()
        self._answers = Bell()
        self._in_flight = 0
        self.stopped = ""
        self.reads = 0

    async def findings(
        self, rows: Iterable[DetailRow]
    ) -> AsyncIterator[Sequence[tuple[DetailRow, Finding | None]]]:
        """Yield each row with what its read found, ``None`` for one that was not read."""
        left = iter(rows)
        while chunk := list(islice(left, _CHUNK)):
            found: dict[int, Finding] = {}
            places = iter(chunk)

            async def work(
                places: Iterable[DetailRow] = places, found: dict[int, Finding] = found
            ) -> None:
                for row in places:
                    if self.stopped:
                        return
                    if (finding := await self._read(row.allocation_id or "")) is not None:
                        found[row.row] = finding

            async with anyio.create_task_group() as workers:
                for _ in range(min(self._options.concurrency, len(chunk))):
                    workers.start_soon(work)
            yield [(row, found.get(row.row)) for row in chunk]

    async def _read(self, allocation_id: str) -> Finding | None:
        """Return what was found, in several tries; ``None`` if the stop came before the first."""
        policy, finding = self._options.policy, None
        for failures in range(1, policy.max_attempts + 1):
            latest = await self._read_once(allocation_id)
            if latest is None:
                return finding
            finding = latest
            if finding.kind not in _AGAIN or failures == policy.max_attempts or self.stopped:
                return finding
            await anyio.sleep(finding.retry_after or backoff(policy, failures, self._chance()))
        raise AssertionError("a policy allows one attempt at least")

    async def _read_once(self, allocation_id: str) -> Finding | None:
        async with self._line:
            while True:
                now = self._clock.steady()
                if self.stopped:
                    return None
                hold = self._pacer.hold(now, self._in_flight)
                if hold.seconds <= 0.0:
                    break
                await self._answers.wait(None if math.isinf(hold.seconds) else hold.seconds)
            self._pacer.sent(now)
            self._in_flight += 1
        token = self._api.token_number
        try:
            exchange = await self._api.read(allocation_id)
        finally:
            self._in_flight -= 1
        self.reads += 1
        finding = classify_read(allocation_id, exchange.observation)
        sent_at, now = now, self._clock.steady()
        self._pacer.answered(
            verdict_of(finding), sent_at=sent_at, now=now, retry_after=finding.retry_after
        )
        if isinstance(exchange.observation, Answer) and exchange.observation.allowance is not None:
            told = exchange.observation.allowance
            self._pacer.told(told.rate, told.seconds, now)
        self._answers.ring()
        if finding.kind is Kind.UNAUTHORIZED and not self._api.renew_token(token):
            self.stopped = f"the API refuses the token: {finding.reason}"
        elif finding.kind in {Kind.UNTRUSTED, Kind.MISCONFIGURED, Kind.CONTRADICTION}:
            self.stopped = finding.reason
        elif (trip := self._tripped(finding, now)) is not None:
            self.stopped = trip.sentence
        return finding

    def _tripped(self, finding: Finding, now: float) -> Trip | None:
        trip = self._breaker.note(finding.kind, finding.reason, now)
        if trip is None and finding.retry_after is not None:
            trip = self._breaker.asked_to_wait(finding.retry_after)
        return trip
