"""The progress of a run on standard error: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from structlog.typing import FilteringBoundLogger

from bulkcancel.model import Outcome
from bulkcancel.report.words import seconds_in_words
from bulkcancel.runner import Snapshot

_WINDOW = 30.0
_LINE_EVERY = 30.0


class Pace:
    """How fast allocations have settled of late, and how long the rest will take at that."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, at: Snapshot) -> None:
        """Take in a snapshot."""
        self._seen.append((at.elapsed, at.done))
        while len(self._seen) > 1 and at.elapsed - self._seen[0][0] > _WINDOW:
            self._seen.popleft()

    @property
    def per_second(self) -> float:
        """Return allocations settled per second over the last half minute."""
        (began, then), (ended, now) = self._seen[0], self._seen[-1]
        return (now - then) / (ended - began) if ended > began else 0.0

    def left(self, at: Snapshot) -> str:
        """Return how long the rest will take if the pace holds; a dash when nobody can know."""
        if at.done >= at.total:
            return "0 s"
        pace = self.per_second
        known = pace > 0 and at.elapsed > 1.0 and not at.waits_for
        return f"about {seconds_in_words((at.total - at.done) / pace)}" if known else "—"


def outcome_words(at: Snapshot) -> str:
    """Return the counts by outcome: ``4,990 cancelled, 7 not_found``."""
    counts = ((outcome, at.settled.get(outcome, 0)) for outcome in Outcome)
    return ", ".join(f"{count:,} {outcome}" for outcome, count in counts if count)


@contextmanager
def showing(
    log: FilteringBoundLogger, *, bar: bool, quiet: bool
) -> Iterator[Callable[[Snapshot], None]]:
    """Give a function that shows snapshots, for as long as the run goes."""
    pace = Pace()
    if bar and not quiet and sys.stderr.isatty():
        with _bar() as progress:
            task = progress.add_task("", total=0, rate="", left="", words="")

            def on_bar(at: Snapshot) -> None:
                pace.note(at)
                parts = (outcome_words(at), at.waits_for or at.pace)
                words = "  ".join(part for part in parts if part)
                progress.update(
                    task,
                    total=at.total,
                    completed=at.done,
                    rate=f"{pace.per_second:,.1f}/s",
                    left=pace.left(at),
                    words=words,
                )

            yield on_bar
        return
    last = 0.0

    def on_line(at: Snapshot) -> None:
        nonlocal last
        pace.note(at)
        if at.elapsed - last < _LINE_EVERY:
            return
        last = at.elapsed
        log.info(
            "run.progress",
            settled=at.done,
            total=at.total,
            per_second=round(pace.per_second, 1),
            left=pace.left(at),
            waiting=at.waiting,
            waits_for=at.waits_for or None,
            pace=at.pace or None,
        )

    yield on_line


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[rate]}  left {task.fields[left]}"),
        TextColumn("{task.fields[words]}"),
        console=Console(stderr=True),
        transient=True,
    )
