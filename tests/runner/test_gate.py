"""The gate: who passes, and that a send which does not go after all gives its place back."""

from __future__ import annotations

import anyio

from bulkcancel.breaker import BreakerOptions
from bulkcancel.journal import What
from bulkcancel.pacing import Pacer, PacerOptions
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.gate import Gate
from bulkcancel.runner.stop import Stop, StopKind, StopSign


def gate(rate: float = 1000.0) -> tuple[Gate, StopSign]:
    """Return a gate of that many requests per second, and what stops its run."""
    sign = StopSign()
    pacer = Pacer(PacerOptions(rate=rate, fixed=True))
    return Gate(pacer, BreakerOptions(), concurrency=4, clock=Clock(), sign=sign), sign


def test_a_send_that_does_not_go_is_not_in_flight() -> None:
    """Else it would hold a place for ever, though nobody answers it."""
    made, _ = gate()
    assert made.passes(7, What.SEND) is True
    assert made.in_flight == 1
    made.left(7)
    assert made.in_flight == 0


def test_what_has_to_wait_is_not_told_at_once() -> None:
    """The second one is held back by the rate, and passes when its time has come."""

    async def main() -> None:
        made, _ = gate(rate=10.0)
        assert made.passes(1, What.SEND) is True
        assert made.passes(2, What.SEND) is None
        assert await made.enter(2, What.SEND)
        assert made.in_flight == 2

    anyio.run(main)


def test_a_run_that_stops_lets_nobody_pass() -> None:
    """Neither at once nor after a wait."""

    async def main() -> None:
        made, sign = gate()
        sign.put_up(Stop(kind=StopKind.INTERRUPTED, sentence="stop"))
        assert made.passes(1, What.SEND) is False
        assert not await made.enter(1, What.SEND)

    anyio.run(main)
