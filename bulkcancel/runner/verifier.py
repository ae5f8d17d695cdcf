"""Read the allocations of a run again, at the run's pace; sends no cancel."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import islice

import anyio

from bulkcancel.breaker import Breaker, Trip
from bulkcancel.decision import Finding, backoff, classify_read
from bulkcancel.errors import ExitCode
from bulkcancel.model import Answer, DetailRow, Kind
from bulkcancel.pacing import Pacer
from bulkcancel.runner.api import Api
from bulkcancel.runner.bell import Bell
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.gate import verdict_of
from bulkcancel.runner.options import PoolOptions
from bulkcancel.runner.sharedpace import SharedPace
from bulkcancel.runner.stop import Stop

_CHUNK = 500
_AGAIN = frozenset({Kind.NOT_SENT, Kind.READ_FAILED, Kind.THROTTLED})


class Verifier:
    """Reads one allocation after another, several at a time, and gives what was found in order.

    A read that fails for a passing reason is tried ``max_attempts`` times. ``stopped`` is set,
    and ``exit_code``, when the server gives cause to stop; what follows is then not read any more.
    ``on_read`` is told of each read: the row, what was found, and how many seconds it took.
    With ``shared`` the reads keep to a rate that other processes share.
    """

    def __init__(
        self,
        *,
        api: Api,
        options: PoolOptions,
        chance: Callable[[], float],
        clock: Clock,
        on_read: Callable[[DetailRow, Finding, float], None] | None = None,
        shared: SharedPace | None = None,
    ) -> None:
        self._api = api
        self._options = options
        self._chance = chance
        self._clock = clock
        self._on_read = on_read
        self._shared = shared
        self._pacer = Pacer(options.pacer)
        self._breaker = Breaker(options.breaker)
        self._line = anyio.Lock()
        self._answers = Bell()
        self._in_flight = 0
        self.stopped = ""
        self.exit_code = ExitCode.OK
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
                    if (finding := await self._read(row)) is not None:
                        found[row.row] = finding

            async with anyio.create_task_group() as helpers:
                if (shared := self._shared) is not None:
                    helpers.start_soon(shared.run, self._pacer, self._answers.ring, self._give_up)
                async with anyio.create_task_group() as workers:
                    for _ in range(min(self._options.concurrency, len(chunk))):
                        workers.start_soon(work)
                helpers.cancel_scope.cancel()
            yield [(row, found.get(row.row)) for row in chunk]

    async def _read(self, row: DetailRow) -> Finding | None:
        """Return what was found, in several tries; ``None`` if the stop came before the first."""
        policy, finding, failures, is_refused = self._options.policy, None, 0, False
        while (latest := await self._read_once(row)) is not None:
            finding = latest
            if finding.kind is Kind.UNAUTHORIZED and not self.stopped and not is_refused:
                is_refused = True  # it costs no attempt: once more, with another token
                continue
            failures += 1
            if finding.kind is Kind.UNAUTHORIZED and not self.stopped:
                words = f"the API refuses one token after another: {finding.reason}"
                self._stop(words, ExitCode.AUTHENTICATION)
            if finding.kind not in _AGAIN or failures == policy.max_attempts or self.stopped:
                return finding
            await anyio.sleep(finding.retry_after or backoff(policy, failures, self._chance()))
        return finding

    async def _has_token(self) -> bool:
        """Return true when there is a token to read with; else it is over."""
        if await self._api.tokens.ready():
            return True
        self._stop(self._api.tokens.lacking, ExitCode.AUTHENTICATION)
        return False

    async def _read_once(self, row: DetailRow) -> Finding | None:
        allocation_id = row.allocation_id or ""
        if not await self._has_token():
            return None
        if self._shared is not None and not await self._shared.ready():
            return None
        async with self._line:
            while True:
                now = self._clock.steady()
                if self.stopped:
                    return None
                hold = self._pacer.hold(now, self._in_flight)
                if hold.seconds <= 0.0 and self._shared is not None:
                    hold = self._shared.hold(now, self._pacer.rate(now))
                if hold.seconds <= 0.0:
                    break
                await self._answers.wait(None if math.isinf(hold.seconds) else hold.seconds)
            self._pacer.sent(now)
            if self._shared is not None:
                self._shared.sent()
            self._in_flight += 1
        try:
            if not await self._has_token():  # it may have waited for its turn for long
                return None
            exchange = await self._api.read(allocation_id)
        finally:
            self._in_flight -= 1
        self.reads += 1
        finding = classify_read(allocation_id, exchange.observation)
        if self._on_read is not None:
            self._on_read(row, finding, exchange.elapsed)
        sent_at, now = now, self._clock.steady()
        self._pacer.answered(
            verdict_of(finding), sent_at=sent_at, now=now, retry_after=finding.retry_after
        )
        if finding.retry_after is not None and self._shared is not None:
            self._shared.pause(finding.retry_after, now)
        if isinstance(exchange.observation, Answer) and exchange.observation.allowance is not None:
            told = exchange.observation.allowance
            self._pacer.told(told.rate, told.seconds, now)
        self._answers.ring()
        if finding.kind is Kind.SHOWN:
            self._api.tokens.accepted(exchange.token_number)
        if finding.kind is Kind.UNAUTHORIZED:
            where = f"allocation {allocation_id}: {finding.reason}"
            if not self._api.tokens.refused(exchange.token_number, where):
                self._stop(self._api.tokens.lacking, ExitCode.AUTHENTICATION)
        elif finding.kind in {Kind.UNTRUSTED, Kind.MISCONFIGURED, Kind.CONTRADICTION}:
            self._stop(finding.reason, ExitCode.STOPPED)
        elif (trip := self._tripped(finding, now)) is not None:
            code = ExitCode.AUTHENTICATION if trip.authentication else ExitCode.STOPPED
            self._stop(trip.sentence, code)
        return finding

    def _give_up(self, stop: Stop) -> None:
        self._stop(stop.sentence, stop.exit_code)

    def _stop(self, sentence: str, code: ExitCode) -> None:
        self.stopped, self.exit_code = sentence, code

    def _tripped(self, finding: Finding, now: float) -> Trip | None:
        trip = self._breaker.note(finding.kind, finding.reason, now)
        if trip is None and finding.retry_after is not None:
            trip = self._breaker.asked_to_wait(finding.retry_after)
        return trip
