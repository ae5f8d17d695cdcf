"""Several allocations in one request: an intent and an attempt each, one slot and one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
import structlog

from bulkcancel.breaker import BreakerOptions
from bulkcancel.client import Exchange, FixedToken, Secret
from bulkcancel.client.several import LONGEST_LIST
from bulkcancel.decision import Policy
from bulkcancel.journal import Journal, attempt_totals, detail_rows, figures, outcome_counts
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Foreign,
    ManifestRow,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    Outcome,
    RowKind,
    SeveralAllocations,
)
from bulkcancel.pacing import PacerOptions
from bulkcancel.runner import Clock, Pool, PoolOptions, Stop, StopKind, TokenKeeper

COUNT = 200
BUSY = Answer(http_status=503, body=Foreign(kind="html"))
FAST = Policy(wait_initial=0.001, wait_max=0.01, verify_after=(0.005, 0.01))


def allocation_id(number: int) -> str:
    """Return a well-formed id."""
    return f"{number:024x}"


def view(asked: str, status: str = "CANCELLED") -> AllocationView:
    """Return an allocation as the API shows it."""
    return AllocationView(allocation_id=asked, status=status, version=2)


def shown(*asked: str) -> Answer:
    """Return the answer that shows these as cancelled."""
    if len(asked) == 1:
        return Answer(http_status=200, body=OneAllocation(view=view(asked[0])))
    views = tuple(map(view, asked))
    return Answer(http_status=200, body=SeveralAllocations(count=len(views), shown=views))


@dataclass
class ListApi:
    """An API that answers as told, and counts in the journal what is noted at each send."""

    journal: Journal
    on_cancel: Callable[..., Observation] = shown
    on_read: Callable[[str], Observation] = shown
    delay: float = 0.0
    cancels: list[tuple[str, ...]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    open_intents: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        source = FixedToken(Secret("token"))
        self.tokens = TokenKeeper(
            source, use=lambda _: 1, options=PoolOptions(), clock=Clock(), chance=lambda: 0.5
        )

    async def cancel(self, allocation_id: str) -> Exchange:
        """Answer a cancel of one."""
        return await self.cancel_several([allocation_id])

    async def cancel_several(self, allocation_ids: Sequence[str]) -> Exchange:
        """Note how many of the ids have an intent without an attempt, then answer."""
        self.cancels.append(tuple(allocation_ids))
        found = self.journal.select(
            "SELECT r.allocation_id FROM intent i JOIN row r ON r.row = i.row LEFT JOIN attempt a"
            " ON a.row = i.row AND a.number = i.number WHERE a.row IS NULL"
        )
        self.open_intents.append(len(set(allocation_ids) & {text for (text,) in found}))
        await anyio.sleep(self.delay)
        return Exchange(observation=self.on_cancel(*allocation_ids), elapsed=0.01, token_number=1)

    async def read(self, allocation_id: str) -> Exchange:
        """Answer a read."""
        self.reads.append(allocation_id)
        return Exchange(observation=self.on_read(allocation_id), elapsed=0.01, token_number=1)

    def sizes(self) -> list[int]:
        """Return how many ids each cancel held."""
        return [len(ids) for ids in self.cancels]


def loaded(path: Path, ids: Sequence[str]) -> Journal:
    """Return a new journal of these allocations, from row 2 on."""
    made = Journal.create(path)
    rows = [
        ManifestRow(row=row, kind=RowKind.ALLOCATION, allocation_id=text)
        for row, text in enumerate(ids, start=2)
    ]
    made.load([rows], {})
    return made


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Give a journal with 200 allocations, in rows 2 to 201."""
    ids = [allocation_id(number) for number in range(1, COUNT + 1)]
    with loaded(tmp_path / "journal.sqlite", ids) as made:
        yield made


def pool_for(journal: Journal, api: ListApi, **options: object) -> Pool:
    """Return a quick pool that sends up to 20 together."""
    settings: dict[str, object] = {
        "concurrency": 1,
        "policy": FAST,
        "pacer": PacerOptions(rate=100_000.0, fixed=True),
        "ids_per_request": 20,
    }
    settings.update(options)
    return Pool(
        journal=journal,
        api=api,
        options=PoolOptions(**settings),  # type: ignore[arg-type] # mixed keywords of a test
        chance=lambda: 0.5,
        log=structlog.wrap_logger(
            structlog.PrintLogger(),
            wrapper_class=structlog.make_filtering_bound_logger("critical"),
        ),
    )


def worked(pool: Pool) -> Stop | None:
    """Run a pool to its end."""

    async def main() -> Stop | None:
        with anyio.fail_after(60):
            return await pool.run(handle_signals=False)

    return anyio.run(main)


def test_all_intents_are_durable_before_the_one_send(journal: Journal) -> None:
    """At the moment of each request every id in it has an open intent; all are settled by it."""
    api = ListApi(journal)
    pool = pool_for(journal, api)
    assert worked(pool) is None
    assert api.sizes() == api.open_intents == [20] * 10
    assert outcome_counts(journal) == {Outcome.CANCELLED: COUNT}
    assert pool.snapshot().sent == 10


def test_a_request_is_counted_once_and_its_allocations_each(journal: Journal) -> None:
    """Sends are counted by allocation, requests and the charts' answers by wire send."""
    journal.start_segment(Clock.utc())
    worked(pool_for(journal, ListApi(journal)))
    totals = attempt_totals(journal)
    assert (totals.sent, totals.requests) == (COUNT, 10)
    assert totals.by_http_status == {"200": COUNT}
    drawn = figures(journal)
    assert sum(slot.answered for one in drawn.stretches for slot in one.slots) == 10
    assert drawn.cancels is not None
    assert drawn.cancels.count == 10
    assert drawn.attempts == ((1, COUNT),)


def test_what_is_left_goes_without_waiting_for_more(tmp_path: Path) -> None:
    """The last request holds what is there, and one left alone goes as a single one."""
    with loaded(tmp_path / "journal.sqlite", [allocation_id(n) for n in range(46)]) as journal:
        api = ListApi(journal)
        worked(pool_for(journal, api, ids_per_request=15))
        assert api.sizes() == [15, 15, 15, 1]


def test_a_list_is_cut_where_its_path_would_be_too_long(tmp_path: Path) -> None:
    """Of ids of 199 characters ten stand in a path, whatever --ids-per-request says."""
    ids = [f"{number:0199d}" for number in range(25)]
    with loaded(tmp_path / "journal.sqlite", ids) as journal:
        api = ListApi(journal)
        worked(pool_for(journal, api))
        assert api.sizes() == [10, 10, 5]
        assert max(len(",".join(one)) for one in api.cancels) < LONGEST_LIST


def test_one_request_takes_one_slot(journal: Journal) -> None:
    """The gate paces and bounds requests, however many allocations each holds."""
    api = ListApi(journal, delay=0.02)
    pool = pool_for(journal, api, concurrency=4)
    most = 0

    async def main() -> None:
        nonlocal most
        async with anyio.create_task_group() as group:

            async def watch() -> None:
                nonlocal most
                while True:
                    most = max(most, pool.snapshot().in_flight)
                    await anyio.sleep(0.001)

            group.start_soon(watch)
            await pool.run(handle_signals=False)
            group.cancel_scope.cancel()

    anyio.run(main)
    assert most <= 4
    assert outcome_counts(journal) == {Outcome.CANCELLED: COUNT}


def test_after_trouble_each_goes_alone(journal: Journal) -> None:
    """A list refused for its rate is not sent as a list again; no id is in two lists."""
    refused = [True]

    def answer(*asked: str) -> Observation:
        if refused:
            refused.pop()
            return Answer(http_status=429, body=Foreign(kind="html"))
        return shown(*asked)

    api = ListApi(journal, on_cancel=answer)
    assert worked(pool_for(journal, api)) is None
    first, *rest = api.cancels
    assert len(first) == 20
    for one in first:
        assert [len(ids) for ids in rest if one in ids] == [1]
    assert outcome_counts(journal) == {Outcome.CANCELLED: COUNT}


def test_a_refused_list_is_read_back_and_split(journal: Journal) -> None:
    """Each id is read until it is sure that nothing took effect, then sent alone."""

    def answer(*asked: str) -> Observation:
        if len(asked) > 1:
            return Answer(http_status=404, body=ApiMessage(text="Not Found/Valid"))
        return shown(*asked)

    api = ListApi(
        journal,
        on_cancel=answer,
        on_read=lambda one: Answer(
            http_status=200, body=OneAllocation(view=view(one, "ALLOCATED"))
        ),
    )
    assert worked(pool_for(journal, api)) is None
    assert sorted(api.sizes()) == [1] * COUNT + [20] * 3
    assert len(api.reads) == 3 * 20 * 2
    assert outcome_counts(journal) == {Outcome.CANCELLED: COUNT}
    rows = [row for chunk in detail_rows(journal) for row in chunk]
    assert {row.attempts for row in rows} == {1, 2}
    assert attempt_totals(journal).requests == len(api.cancels)


def test_no_read_shows_what_the_list_did(journal: Journal) -> None:
    """Lost answers after the effect: read back, verified, and never sent again."""
    api = ListApi(journal, on_cancel=lambda *_: NoAnswer(cause=NoAnswerCause.RESET))
    settings = BreakerOptions(probe_first=0.001, probe_most=0.002)
    assert worked(pool_for(journal, api, breaker=settings)) is None
    sent = [one for ids in api.cancels for one in ids]
    assert sorted(sent) == sorted(set(sent))
    assert outcome_counts(journal) == {Outcome.CANCELLED: COUNT}


def test_a_probe_is_always_a_single_one(journal: Journal) -> None:
    """While the breaker is not closed, no list goes out."""
    failures = 11

    def answer(*asked: str) -> Observation:
        nonlocal failures
        if failures:
            failures -= 1
            return NotSent(cause=NotSentCause.REFUSED)
        return shown(*asked)

    api = ListApi(journal, on_cancel=answer)
    settings = BreakerOptions(sick_in_a_row=4, probe_first=0.01, probe_most=0.02)
    assert worked(pool_for(journal, api, breaker=settings)) is None
    assert api.sizes()[:4] == [20] * 4, "four lists that never left open the breaker"
    assert api.sizes()[4:11] == [1] * 7
    assert outcome_counts(journal) == {Outcome.CANCELLED: COUNT}
    assert attempt_totals(journal).not_sent == {"refused": 87}


def test_a_stop_closes_all_intents(journal: Journal) -> None:
    """What is turned away at the gate never left: each intent is closed so, and goes again."""
    pool: Pool

    def answer(*asked: str) -> Observation:
        if len(api.cancels) == 3:
            pool.stop(Stop(kind=StopKind.INTERRUPTED, sentence="enough"))
        return shown(*asked)

    api = ListApi(journal, on_cancel=answer, delay=0.01)
    slow = PacerOptions(rate=50.0, fixed=True)
    pool = pool_for(journal, api, concurrency=8, pacer=slow)
    stop = worked(pool)
    assert stop is not None
    assert stop.kind is StopKind.INTERRUPTED
    ((left,),) = journal.select(
        "SELECT COUNT(*) FROM intent i LEFT JOIN attempt a"
        " ON a.row = i.row AND a.number = i.number WHERE a.row IS NULL"
    )
    assert left == 0
    assert set(attempt_totals(journal).not_sent) <= {"withdrawn"}
    assert attempt_totals(journal).sent == sum(api.sizes())
    assert worked(pool_for(journal, ListApi(journal))) is None
    assert outcome_counts(journal) == {Outcome.CANCELLED: COUNT}


def test_a_wrong_server_stops_the_run(journal: Journal) -> None:
    """A redirect, a refused token, a stranger's allocation: one list, and nothing more."""
    stranger = shown(allocation_id(1), allocation_id(999))
    api = ListApi(journal, on_cancel=lambda *_: stranger)
    stop = worked(pool_for(journal, api))
    assert stop is not None
    assert stop.kind is StopKind.MISCONFIGURED
    assert api.sizes() == [20]
    assert Outcome.CANCELLED not in outcome_counts(journal)
    redirected = ListApi(journal, on_cancel=lambda *_: Answer(http_status=302, body=BUSY.body))
    again = worked(pool_for(journal, redirected))
    assert again is not None
    assert redirected.sizes() == [20]


def test_a_list_cut_off_by_a_crash_is_read_back_id_by_id(journal: Journal) -> None:
    """Intents without attempts: each is read first, and sent only if it is still active."""
    journal.change(
        [("INSERT INTO intent SELECT row, 1, 0.0 FROM row WHERE row BETWEEN 2 AND 21", ())]
    )
    api = ListApi(journal)
    worked(pool_for(journal, api))
    assert sorted(api.reads) == [allocation_id(number) for number in range(1, 21)]
    assert not set(api.reads) & {one for ids in api.cancels for one in ids}
    assert outcome_counts(journal) == {Outcome.CANCELLED: COUNT}
    assert attempt_totals(journal).no_answer == {"crashed": 20}
