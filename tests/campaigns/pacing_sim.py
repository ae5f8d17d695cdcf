"""A client with a pacer against servers that refuse for rate, in virtual time, and its figures."""

from __future__ import annotations

import argparse
import math
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Protocol

from limiters import SERVERS, Capacity, Reply, Server
from relative_cubic import RelativeCubic
from rivals import Aimd, Crowd, FixedRate, Sdk

from bulkcancel.pacing import Pacer, PacerOptions, Verdict

_HAIR = 1e-9
"""A wait added to a time may round down to just before it."""
_WARM_UP = 60.0
_SPAN = 600.0
_AFTER_DROP = 20.0
_WINDOW = 5.0
_ENOUGH = 0.9


class Strategy(Protocol):
    """What decides when the next send may go. Times are seconds of one monotonic clock."""

    def wait(self, now: float, in_flight: int) -> float:
        """Return the seconds until the next send; 0 for now, infinity if an answer must tell."""
        ...

    def sent(self, now: float) -> None:
        """Note a send."""
        ...

    def answered(
        self,
        *,
        sent_at: float,
        now: float,
        throttled: bool,
        retry_after: float | None,
        failed: bool,
    ) -> None:
        """Note an answer: a 429, a 5xx or a time-out, or, if neither, an acceptance."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way to the server and back, in seconds; each way takes half, with a jitter of its own.

    A timer that waits for a send is late by up to ``lateness``. A ``slow_share`` of the answers
    takes ``slow`` longer than the others.
    """

    base: float = 0.04
    jitter: float = 0.02
    lateness: float = 0.0015
    slow_share: float = 0.0
    slow: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a run is made; ``ceiling`` is the rate above which the strategy never wants to send."""

    seed: int = 1
    seconds: float = 600.0
    concurrency: int = 64
    ceiling: float = math.inf
    line: Line = field(default_factory=Line)


@dataclass(slots=True, kw_only=True)
class Log:
    """When what happened: sends at the client, all else when it reached the server."""

    sends: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)
    strays: int = 0
    sends_in_pause: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What became of a stretch of time, in percent: of the requests, and of the true capacity."""

    refused: float
    goodput: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run came to.

    ``later`` leaves out the first minute. ``worst`` holds the worst of either kind over any ten
    minutes after it, ``None`` if the run is too short. After a fall of the capacity the refusals
    of 20 s are counted; after a rise, the seconds until 5 s of accepted requests reach 90 % of
    it, infinity if they never did; each is the worst of the run, ``None`` without such a change.
    """

    sent: int
    accepted: int
    refused: int
    failed: int
    strays: int
    whole: Share
    later: Share
    worst: Share | None
    refused_after_fall: int | None
    seconds_to_rise: float | None
    sends_in_pause: int
    most_in_a_second: int


_WAKE, _ARRIVAL, _ANSWER = range(3)
_Event = tuple[float, int, int, float, Reply | None]


def simulate(strategy: Strategy, server: Server, setting: Setting) -> Log:
    """Run a client with endless work until the time is up; what was throttled is work again.

    Whenever an answer comes, or a wait is over, the strategy is asked anew.
    """
    log, line, chance = Log(), setting.line, Random(setting.seed)
    draw, half, spread = chance.random, line.base / 2.0, line.jitter / 2.0
    events: list[_Event] = [(0.0, 0, _WAKE, 0.0, None)]
    number = in_flight = 0
    due = paused_until = -math.inf
    while events:
        now, _, kind, sent_at, reply = heappop(events)
        if now >= setting.seconds:
            break
        number += 1
        if kind == _ARRIVAL:
            reply = server.answer(now)
            _note(log, reply, now)
            back = half + draw() * spread
            if line.slow_share and draw() < line.slow_share:
                back += line.slow
            heappush(events, (now + back, number, _ANSWER, sent_at, reply))
            continue
        if reply is not None:
            in_flight -= 1
            if reply.retry_after is not None:
                paused_until = max(paused_until, now + reply.retry_after)
            strategy.answered(
                sent_at=sent_at,
                now=now,
                throttled=reply.throttled,
                retry_after=reply.retry_after,
                failed=reply.failed,
            )
        while in_flight < setting.concurrency:
            wait = strategy.wait(now, in_flight)
            if wait > 0.0:
                # A wake-up that is planned for no later is not planned again.
                if wait < math.inf and not now < due <= now + wait + 1e-6:
                    due = now + wait + _HAIR
                    late = draw() * line.lateness
                    number += 1
                    heappush(events, (due + late, number, _WAKE, 0.0, None))
                break
            strategy.sent(now)
            in_flight += 1
            log.sends.append(now)
            log.sends_in_pause += now < paused_until - _HAIR
            number += 1
            heappush(events, (now + half + draw() * spread, number, _ARRIVAL, now, None))
    return log


def _note(log: Log, reply: Reply, now: float) -> None:
    if reply.throttled:
        log.refused.append(now)
        log.strays += reply.stray
    elif reply.failed:
        log.failed.append(now)
    else:
        log.accepted.append(now)


def measure(log: Log, capacity: Capacity, seconds: float) -> Figures:
    """Return the figures of a run against what the server, or the ceiling, would have allowed."""
    falls: list[int] = []
    rises: list[float] = []
    changes = [change for change in capacity.changes() if change.at < seconds]
    ends = [*(change.at for change in changes), seconds][1:]
    for change, end in zip(changes, ends, strict=True):
        if change.after > change.before:
            rises.append(_until_risen(log.accepted, change.at, end, change.after))
        else:
            falls.append(_count(log.refused, change.at, change.at + _AFTER_DROP))
    return Figures(
        sent=len(log.sends),
        accepted=len(log.accepted),
        refused=len(log.refused),
        failed=len(log.failed),
        strays=log.strays,
        whole=_share(log, capacity, 0.0, seconds),
        later=_share(log, capacity, _WARM_UP, seconds),
        worst=_worst(log, capacity, seconds),
        refused_after_fall=max(falls, default=None),
        seconds_to_rise=max(rises, default=None),
        sends_in_pause=log.sends_in_pause,
        most_in_a_second=_most_within(log.sends, 1.0),
    )


def _count(times: Sequence[float], start: float, end: float) -> int:
    return bisect_left(times, end) - bisect_left(times, start)


def _share(log: Log, capacity: Capacity, start: float, end: float) -> Share:
    accepted, refused, failed = (
        _count(times, start, end) for times in (log.accepted, log.refused, log.failed)
    )
    possible = capacity.over(start, end)
    return Share(
        refused=100.0 * refused / max(1, accepted + refused + failed),
        goodput=100.0 * accepted / possible if possible else 100.0,
    )


def _worst(log: Log, capacity: Capacity, seconds: float) -> Share | None:
    starts = range(int(_WARM_UP), int(seconds - _SPAN) + 1)
    spans = [_share(log, capacity, float(start), start + _SPAN) for start in starts]
    if not spans:
        return None
    return Share(
        refused=max(span.refused for span in spans), goodput=min(span.goodput for span in spans)
    )


def _until_risen(accepted: Sequence[float], start: float, end: float, rate: float) -> float:
    enough = _ENOUGH * rate * _WINDOW
    for tick in range(int(2.0 * (end - start - _WINDOW)) + 1):
        begin = start + tick / 2.0
        if _count(accepted, begin, begin + _WINDOW) >= enough:
            return begin + _WINDOW - start
    return math.inf


def _most_within(times: Sequence[float], seconds: float) -> int:
    first = most = 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


class Paced:
    """The project's own pacer, as the simulation asks it."""

    def __init__(self, options: PacerOptions) -> None:
        self.pacer = Pacer(options)

    def wait(self, now: float, in_flight: int) -> float:
        """Return the seconds until the next send."""
        return self.pacer.hold(now, in_flight).seconds

    def sent(self, now: float) -> None:
        """Note a send."""
        self.pacer.sent(now)

    def answered(
        self,
        *,
        sent_at: float,
        now: float,
        throttled: bool,
        retry_after: float | None,
        failed: bool,
    ) -> None:
        """Note an answer."""
        verdict = Verdict.FAILED if failed else Verdict.ACCEPTED
        if throttled:
            verdict = Verdict.THROTTLED
        self.pacer.answered(verdict, sent_at=sent_at, now=now, retry_after=retry_after)


Maker = Callable[[Capacity, float], Strategy]
"""Makes a strategy anew; it may know the capacity that it meets, and its ceiling."""

STRATEGIES: dict[str, Maker] = {
    "perfect": lambda capacity, _: FixedRate(capacity.at),
    "double": lambda capacity, _: FixedRate(lambda now: 2.0 * capacity.at(now)),
    "aimd .5+1": lambda _, ceiling: Aimd(factor=0.5, step=1.0, ceiling=ceiling),
    "aimd .7+10": lambda _, ceiling: Aimd(factor=0.7, step=10.0, ceiling=ceiling),
    "aimd .9+5": lambda _, ceiling: Aimd(factor=0.9, step=5.0, ceiling=ceiling),
    "sdk": lambda _, _ceiling: Sdk(),
    "crowd": lambda _, _ceiling: Crowd(),
    "pacer": lambda _, ceiling: Paced(PacerOptions(rate=ceiling)),
    "cubic": lambda _, ceiling: RelativeCubic(ceiling=ceiling),
}
CEILINGS = {"no limit": 100.0}
"""Where the table needs a ceiling of its own."""


def run_against(make: Maker, server: str, setting: Setting) -> Figures:
    """Simulate a strategy against a named server; the same setting gives the same figures."""
    built = SERVERS[server](Random(f"{setting.seed} {server}"))
    capacity = built.capacity.capped(setting.ceiling)
    log = simulate(make(capacity, setting.ceiling), built, setting)
    return measure(log, capacity, setting.seconds)


def _cell(figures: Figures) -> str:
    mark = "!" if figures.sends_in_pause else " "
    return f"{figures.whole.refused:.2f}/{figures.whole.goodput:.1f}{mark}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print refused % / goodput % of each strategy at each server; ``!``: sent in a pause."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--base", type=float, default=Line().base, help="round trip, seconds")
    parser.add_argument("--jitter", type=float, default=Line().jitter, help="jitter of it, seconds")
    parser.add_argument("--ceiling", type=float, default=500.0, help="the strategies' own")
    parser.add_argument("--server", default="", help="only servers with this in their name")
    parser.add_argument("--strategy", default="", help="only strategies with this in their name")
    parser.add_argument("--details", action="store_true", help="all figures, one run in a line")
    given = parser.parse_args(arguments)
    makers = {name: make for name, make in STRATEGIES.items() if given.strategy in name}
    sys.stdout.write(f"{'':26}{''.join(f'{name:>15}' for name in makers)}\n")
    for server in [name for name in SERVERS if given.server in name]:
        setting = Setting(
            seed=given.seed,
            seconds=given.seconds,
            ceiling=CEILINGS.get(server, given.ceiling),
            line=Line(base=given.base, jitter=given.jitter),
        )
        runs = {name: run_against(make, server, setting) for name, make in makers.items()}
        sys.stdout.write(f"{server:26}{''.join(f'{_cell(each):>15}' for each in runs.values())}\n")
        if given.details:
            lines = [f"    {name}: {figures}\n" for name, figures in runs.items()]
            sys.stdout.write("".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
