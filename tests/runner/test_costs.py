"""What a run spends on each allocation may not grow: statements, commits, sends, tasks, memory."""

# Seconds are measured by the benchmarks. These are counts, the same on any machine.

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.lowlevel
import structlog

from bulkcancel.client import Exchange, FixedToken, Secret
from bulkcancel.journal import Entry, Intent, Journal, outcome_counts
from bulkcancel.model import (
    AllocationView,
    Answer,
    ManifestRow,
    OneAllocation,
    Outcome,
    RowKind,
)
from bulkcancel.pacing import PacerOptions
from bulkcancel.runner import Clock, Pool, PoolOptions, Snapshot
from bulkcancel.runner.tokens import TokenKeeper

CONCURRENCY = 32


class CountingJournal(Journal):
    """A journal that counts what it is told."""

    commits = 0
    entries = 0
    most = 0
    statements = 0

    def count(self) -> None:
        """Count every statement from now on."""
        self._connection.set_trace_callback(self._traced)

    def write(self, entries: Iterable[Entry]) -> None:
        """Write, and count."""
        told = list(entries)
        self.commits += 1
        self.entries += len(told)
        self.most = max(self.most, len(told))
        super().write(told)

    def _traced(self, statement: str) -> None:
        self.statements += not statement.startswith(("BEGIN", "COMMIT"))


@dataclass
class QuickApi:
    """An API that cancels at once and keeps nothing but a count."""

    tokens: TokenKeeper = field(init=False)
    sends: int = 0

    def __post_init__(self) -> None:
        self.tokens = TokenKeeper(
            FixedToken(Secret("token")),
            use=lambda _: 1,
            options=PoolOptions(),
            clock=Clock(),
            chance=lambda: 0.5,
        )

    async def cancel(self, allocation_id: str) -> Exchange:
        """Show it cancelled."""
        self.sends += 1
        await anyio.lowlevel.checkpoint()
        view = AllocationView(allocation_id=allocation_id, status="CANCELLED", version=2)
        seen = Answer(http_status=200, body=OneAllocation(view=view))
        return Exchange(observation=seen, elapsed=0.0, token_number=1)

    async def cancel_several(self, allocation_ids: Sequence[str]) -> Exchange:
        """Refuse: this API is asked for one allocation at a time."""
        raise AssertionError(f"{len(allocation_ids)} allocations in one request")

    async def read(self, allocation_id: str) -> Exchange:
        """Show it cancelled."""
        return await self.cancel(allocation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a run of so many allocations took."""

    allocations: int
    statements: int
    commits: int
    entries: int
    sends: int
    tasks: int
    peak: int


def quiet_pool(
    journal: Journal, api: QuickApi, on_tick: Callable[[Snapshot], None] | None = None
) -> Pool:
    """Return a pool that is held back by nothing."""
    return Pool(
        journal=journal,
        api=api,
        options=PoolOptions(concurrency=CONCURRENCY, pacer=PacerOptions(rate=1e6, fixed=True)),
        chance=lambda: 0.5,
        log=structlog.wrap_logger(
            structlog.PrintLogger(),
            wrapper_class=structlog.make_filtering_bound_logger("critical"),
        ),
        on_tick=on_tick,
    )


def spent_on(folder: Path, allocations: int, *, traced: bool = False) -> Spent:
    """Run so many allocations through a pool; with ``traced`` the peak of memory is known."""
    rows = [
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=f"{row:024x}")
        for row in range(2, allocations + 2)
    ]
    tasks, peak = 0, 0

    def look(_: Snapshot) -> None:
        nonlocal tasks
        tasks = max(tasks, len(asyncio.all_tasks()))

    with CountingJournal.create(folder / f"{allocations}.sqlite") as journal:
        journal.load([rows], {})
        del rows
        journal.count()
        api = QuickApi()
        pool = quiet_pool(journal, api, look)

        async def work() -> None:
            assert await pool.run(handle_signals=False) is None

        gc.collect()
        if traced:
            tracemalloc.start()
        try:
            anyio.run(work)
            peak = tracemalloc.get_traced_memory()[1] if traced else 0
        finally:
            tracemalloc.stop()
        assert outcome_counts(journal) == {Outcome.CANCELLED: allocations}
        return Spent(
            allocations=allocations,
            statements=journal.statements,
            commits=journal.commits,
            entries=journal.entries,
            sends=api.sends,
            tasks=tasks,
            peak=peak,
        )


def test_statements_commits_and_sends_for_each_allocation(tmp_path: Path) -> None:
    """An intent, an attempt, an outcome; a shared commit; one send."""
    spent = spent_on(tmp_path, 3_000)
    assert spent.sends == spent.allocations  # and no read: nothing is in doubt
    assert spent.entries == 3 * spent.allocations
    # Those three, and some for each portion of the input.
    assert spent.statements <= 3.05 * spent.allocations
    assert spent.commits <= spent.allocations / 8


def test_what_a_crash_left_is_noted_at_once(tmp_path: Path) -> None:
    """A resume of many cut-off intents does not wait for the disk once for each of them."""
    count = 300
    rows = [
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=f"{row:024x}")
        for row in range(2, count + 2)
    ]
    with CountingJournal.create(tmp_path / "journal.sqlite") as journal:
        journal.load([rows], {})
        Journal.write(journal, [Intent(row=row.row, number=1, at=1.0) for row in rows])
        pool = quiet_pool(journal, QuickApi())
        assert anyio.run(lambda: pool.run(handle_signals=False)) is None
        assert outcome_counts(journal) == {Outcome.CANCELLED: count}
    assert journal.most >= 2 * count, "an attempt and a wait for each"
    assert journal.commits <= count / 8


def test_tasks_do_not_grow_with_the_input(tmp_path: Path) -> None:
    """The workers and a handful of helpers, however many allocations there are."""
    assert spent_on(tmp_path, 2_000).tasks <= CONCURRENCY + 8


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    """Nothing is kept of an allocation that is settled."""
    spent_on(tmp_path, 100, traced=True)  # what is made once, such as patterns and caches
    few, many = (spent_on(tmp_path, count, traced=True).peak for count in (1_000, 4_000))
    assert many - few <= 10 * 3_000, "bytes for each allocation more"
