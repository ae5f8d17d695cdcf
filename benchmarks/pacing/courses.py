"""The program alone for minutes: at a limit that stays, and at one that steps down and up."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accesslog import Counts
from benchmarks.pacing.strategies import STRATEGIES
from benchmarks.pacing.trial import Trial, trial

AFTER_STEP = 20.0
"""How long after the step down the refusals are counted, seconds."""

RECOVERED_SHARE = 0.9
RECOVERED_WINDOW = 5.0
"""The step up is followed when this share of the new limit passes in a window of such seconds."""

SETTLED_AFTER = 60.0
"""What comes before is left out of the figures for later, seconds."""

_STARTS_WITHIN = 60.0
_LOOK_EVERY = 0.05
# Twice the ids that can be done in the time: near the end of the ids those that are left are the
# ones that wait, and the program would be measured without anything to send.
_SPARE = 2


class CourseError(Exception):
    """The program ended before its time; says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """A run of ``seconds`` at ``limit`` requests/s; ``later`` leaves the first minute out.

    ``later`` is ``None`` if the run was no longer than that.
    """

    limit: int
    burst: int
    seconds: float
    overall: Counts
    later: Counts | None

    @property
    def goodput(self) -> float:
        """What was let through, as a share of the limit; the burst may bring it above 1."""
        return self.overall.accepted / (self.limit * self.seconds)

    @property
    def later_goodput(self) -> float | None:
        """The same without the first minute."""
        if self.later is None:
            return None
        return self.later.accepted / (self.limit * (self.seconds - SETTLED_AFTER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A run at three limits (requests/s), ``seconds`` each.

    ``after_down`` counts the twenty seconds that follow the step down. ``recovery`` is the time
    in seconds from the step up to the end of the first five that the program fills to nine tenths;
    ``None`` if none came.
    """

    limits: tuple[int, int, int]
    burst: int
    seconds: float
    phases: tuple[Counts, Counts, Counts]
    after_down: Counts
    recovery: float | None


def run_steady(folder: Path, *, limit: int, burst: int, seconds: float, ceiling: int) -> Steady:
    """Let the program run at a limit for a time, then stop it.

    Raises:
        CourseError: it ended by itself.
    """
    ids = int(limit * seconds * _SPARE) + burst + 1
    with trial(
        STRATEGIES[0], folder, limit=limit, burst=burst, ids=ids, ceiling=ceiling
    ) as running:
        begin = _await_begin(running)
        _let_run(running, until=begin + seconds)
        running.stop()
        log = running.log()
    stop = begin + seconds
    return Steady(
        limit=limit,
        burst=burst,
        seconds=seconds,
        overall=log.counts(begin, stop),
        later=log.counts(begin + SETTLED_AFTER, stop) if seconds > SETTLED_AFTER else None,
    )


def run_steps(
    folder: Path, *, limits: tuple[int, int, int], burst: int, seconds: float, ceiling: int
) -> Steps:
    """Let the program run while nginx is told another limit twice.

    Raises:
        CourseError: it ended by itself.
    """
    first, lower, upper = limits
    ids = int(sum(limits) * seconds * _SPARE) + burst + 1
    with trial(
        STRATEGIES[0], folder, limit=first, burst=burst, ids=ids, ceiling=ceiling
    ) as running:
        begin = _await_begin(running)
        _let_run(running, until=begin + seconds)
        down = running.nginx.reload(RATE=lower)
        _let_run(running, until=down + seconds)
        up = running.nginx.reload(RATE=upper)
        stop = up + seconds
        _let_run(running, until=stop)
        running.stop()
        log = running.log()
    return Steps(
        limits=limits,
        burst=burst,
        seconds=seconds,
        phases=(log.counts(begin, down), log.counts(down, up), log.counts(up, stop)),
        after_down=log.counts(down, min(down + AFTER_STEP, up)),
        recovery=log.seconds_to_rate(
            upper * RECOVERED_SHARE, start=up, stop=stop, window=RECOVERED_WINDOW
        ),
    )


def _await_begin(running: Trial) -> float:
    """Wait for the first answer; return when it was given, Unix seconds."""
    deadline = time.time() + _STARTS_WITHIN
    while not (begin := running.log().begin):
        if time.time() > deadline:
            raise CourseError(f"The program sent nothing within {_STARTS_WITHIN:.0f} s.")
        _let_run(running, until=time.time() + _LOOK_EVERY)
    return begin


def _let_run(running: Trial, *, until: float) -> None:
    """Wait until a time in Unix seconds, in which the program must not end."""
    try:
        code = running.process.wait(max(0.0, until - time.time()))
    except subprocess.TimeoutExpired:
        return
    said = (running.folder / "err.txt").read_text(encoding="utf-8", errors="replace")
    raise CourseError(f"The program ended before its time, with exit code {code}: {said}")
