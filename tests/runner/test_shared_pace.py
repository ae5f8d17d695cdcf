"""The pace that is shared: what follows from each answer of the schedule, and from none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import pytest

from bulkcancel.breaker import BreakerOptions
from bulkcancel.errors import ExitCode
from bulkcancel.pacing import Grant, Pacer, PacerOptions, Reason
from bulkcancel.runner import Clock, PoolOptions, SharedPace, Stop, StopKind
from bulkcancel.shared import NoGrant

LOOK = Grant(slots=0, wait=0.0, interval=0.01, paused=0.0, rate=100.0)
ONE = Grant(slots=1, wait=0.0, interval=0.01, paused=0.0, rate=100.0)
GONE = NoGrant(reason="can't be reached")
DENIED = NoGrant(reason="refuses the user or the password", denied=True)


@dataclass
class Scripted:
    """A schedule whose answers are known beforehand; the last one is repeated without end."""

    answers: Sequence[Grant | NoGrant]
    name: str = "redis://host:6379/0"
    asked: list[tuple[float, int, float]] = field(default_factory=list)
    on_ask: Callable[[], None] | None = None

    async def ask(self, rate: float, *, slots: int, pause: float) -> Grant | NoGrant:
        """Give the next answer."""
        self.asked.append((rate, slots, pause))
        if self.on_ask is not None:
            self.on_ask()
        await anyio.lowlevel.checkpoint()
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@dataclass
class Bench:
    """A shared pace on its own, with what it calls."""

    schedule: Scripted
    patience: float = 20.0
    stops: list[Stop] = field(default_factory=list)
    wakes: int = 0

    def __post_init__(self) -> None:
        options = PoolOptions(
            pacer=PacerOptions(rate=100.0),
            breaker=BreakerOptions(patience=self.patience, first_contact=60.0),
        )
        self.pacer = Pacer(options.pacer)
        self.pace = SharedPace(
            self.schedule, options=options, clock=Clock(), chance=lambda: 0.0, log=None
        )

    def wake(self) -> None:
        """Count the calls."""
        self.wakes += 1

    def run(self, *steps: Callable[[], bool], wants: bool = False) -> None:
        """Let it run until one after the other holds; it may have a send that wants to go."""

        async def main() -> None:
            with anyio.fail_after(20):
                async with anyio.create_task_group() as group:
                    group.start_soon(self.pace.run, self.pacer, self.wake, self.stops.append)
                    for holds in steps:
                        while not holds():
                            if wants:
                                self.pace.hold(Clock.steady(), 100.0)
                            await anyio.sleep(0.001)
                    await anyio.sleep(0.01)
                    group.cancel_scope.cancel()

        anyio.run(main)


def test_nothing_is_asked_for_that_nobody_wants() -> None:
    """After the first look the schedule is left alone until a send could go."""
    bench = Bench(Scripted([LOOK, ONE]))
    before: list[int] = []

    def looked() -> bool:
        before.append(len(bench.schedule.asked))
        return bench.wakes > 0 and len(before) > 20

    bench.run(looked, lambda: bench.pace.hold(Clock.steady(), 100.0).seconds == 0.0)
    assert max(before) == 1
    assert bench.schedule.asked == [(100.0, 0, 0.0), (100.0, 1, 0.0)]
    bench.pace.sent()
    assert bench.pace.hold(Clock.steady(), 100.0).reason is Reason.SHARED_RATE


def test_a_pause_is_told_once() -> None:
    """As soon as it is known, for what is left of it, whether or not anything wants to be sent."""
    bench = Bench(Scripted([LOOK]))

    def told() -> bool:
        if bench.wakes == 0:
            return False
        bench.pace.pause(5.0, Clock.steady())
        return True

    bench.run(told, lambda: len(bench.schedule.asked) > 1)
    rate, slots, pause = bench.schedule.asked[1]
    assert (rate, slots) == (100.0, 0)
    assert 4.0 < pause <= 5.0
    assert len(bench.schedule.asked) == 2


def test_a_longer_pause_that_comes_meanwhile_is_told_too() -> None:
    """The answer to the shorter one does not hide it."""
    bench = Bench(Scripted([LOOK]))

    def longer() -> None:
        if len(bench.schedule.asked) == 1:
            bench.pace.pause(9.0, Clock.steady())

    bench.schedule.on_ask = longer
    bench.pace.pause(5.0, Clock.steady())
    bench.run(lambda: len(bench.schedule.asked) > 1)
    assert [round(pause) for _, _, pause in bench.schedule.asked] == [5, 9]


def test_a_pause_is_told_when_the_schedule_is_back() -> None:
    """One that could not be told is not forgotten."""
    bench = Bench(Scripted([GONE, GONE, LOOK]))
    bench.pace.pause(9.0, Clock.steady())
    bench.run(lambda: bench.wakes > 2)
    assert [round(pause) for _, _, pause in bench.schedule.asked] == [9, 9, 9]


def test_a_pause_of_another_holds_the_pacer() -> None:
    """For as long as is left of it, with the reason that it has."""
    bench = Bench(Scripted([Grant(slots=0, wait=0.0, interval=0.01, paused=7.0, rate=100.0)]))
    bench.run(lambda: bench.wakes > 0)
    hold = bench.pacer.hold(Clock.steady(), 0)
    assert hold.reason is Reason.RETRY_AFTER
    assert 6.0 < hold.seconds <= 7.0
    assert bench.stops == []


def test_a_pause_of_another_beyond_the_patience_ends_the_run() -> None:
    """It is resumable, and the sentence says whose the pause was."""
    paused = Grant(slots=0, wait=0.0, interval=0.01, paused=7.0, rate=100.0)
    bench = Bench(Scripted([paused]), patience=5.0)
    bench.run(lambda: bool(bench.stops))
    (stop,) = bench.stops
    assert (stop.kind, stop.exit_code) == (StopKind.SHARED_RATE, ExitCode.STOPPED)
    assert "asked another process of this account to wait: 7 s" in stop.sentence


def test_it_may_be_denied_only_at_first() -> None:
    """A wrong password ends the run at once; one that is changed in mid-run may be mended."""
    bench = Bench(Scripted([DENIED]))
    bench.run(lambda: bool(bench.stops))
    assert bench.stops[0].exit_code is ExitCode.AUTHENTICATION
    assert len(bench.schedule.asked) == 1
    bench = Bench(Scripted([LOOK, DENIED, ONE]))
    bench.run(lambda: bench.pace.hold(Clock.steady(), 100.0).seconds == 0.0)
    assert bench.stops == []


@pytest.mark.parametrize("first", [LOOK, GONE])
def test_patience_comes_to_an_end(first: Grant | NoGrant) -> None:
    """Found or never found: in the end the run stops, once, and says what is missing."""
    bench = Bench(Scripted([first, GONE]), patience=0.3)
    bench.run(lambda: bool(bench.stops), wants=True)
    (stop,) = bench.stops
    assert stop.exit_code is ExitCode.STOPPED
    assert "redis://host:6379/0 can't be reached" in stop.sentence
    assert math.isinf(bench.pace.hold(Clock.steady(), 100.0).seconds), "and nothing goes out"


def test_what_it_waits_for_is_named() -> None:
    """Before the first contact, while there is none, and no longer when there is."""
    bench = Bench(Scripted([GONE, LOOK]))
    assert bench.pace.waits_for == "the shared rate"
    seen: list[str] = []

    def done() -> bool:
        seen.append(bench.pace.waits_for)
        return bench.wakes > 1

    bench.run(done)
    lost = "the shared rate: redis://host:6379/0 can't be reached"
    assert list(dict.fromkeys(seen))[-2:] == [lost, ""]


def test_nobody_waits_for_a_run_that_stops() -> None:
    """Who waits for the first contact is told that there will be none."""
    bench = Bench(Scripted([GONE]))
    found: list[bool] = []

    async def main() -> None:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:

                async def wait() -> None:
                    found.append(await bench.pace.ready())

                group.start_soon(wait)
                await anyio.sleep(0.01)
                bench.pace.stop()

    anyio.run(main)
    assert found == [False]
