"""The pool with an API in memory and a real journal: order of writing, bounds, stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
import structlog
from structlog.typing import FilteringBoundLogger

from bulkcancel.breaker import BreakerOptions
from bulkcancel.client import Exchange, FixedToken, Secret
from bulkcancel.decision import Policy
from bulkcancel.errors import JournalError
from bulkcancel.journal import Entry, Journal, attempt_totals, detail_rows, outcome_counts
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    DetailRow,
    ManifestRow,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    Outcome,
    RowKind,
)
from bulkcancel.pacing import PacerOptions
from bulkcancel.runner import (
    Clock,
    Pool,
    PoolOptions,
    Stop,
    StopKind,
    TokenKeeper,
    Verifier,
)

FAST = Policy(wait_initial=0.001, wait_max=0.01, verify_after=(0.005, 0.01))


def allocation_id(number: int) -> str:
    """Return a well-formed id."""
    return f"{number:024x}"


def shown(asked: str, status: str = "CANCELLED") -> Answer:
    """Return the answer that shows an allocation."""
    view = AllocationView(allocation_id=asked, status=status, version=2)
    return Answer(http_status=200, body=OneAllocation(view=view))


def one_token() -> TokenKeeper:
    """Return the keeper of a token that never changes."""
    source = FixedToken(Secret("token"))
    return TokenKeeper(
        source, use=lambda _: 1, options=PoolOptions(), clock=Clock(), chance=lambda: 0.5
    )


@dataclass
class MemoryApi:
    """An API that answers as told and looks into the journal at the moment of each send."""

    journal: Journal
    on_cancel: Callable[[str], Observation] = shown
    on_read: Callable[[str], Observation] = shown
    delay: float = 0.0
    cancels: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    without_intent: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    tokens: TokenKeeper = field(default_factory=one_token)

    async def cancel(self, allocation_id: str) -> Exchange:
        """Note whether the intent is in the journal, then answer."""
        self.cancels.append(allocation_id)
        intents = self.journal.select(
            "SELECT 1 FROM intent i JOIN row r ON r.row = i.row LEFT JOIN attempt a"
            " ON a.row = i.row AND a.number = i.number"
            " WHERE r.allocation_id = ? AND a.row IS NULL",
            (allocation_id,),
        )
        if not list(intents):
            self.without_intent.append(allocation_id)
        return await self._answer(self.on_cancel, allocation_id)

    async def cancel_several(self, allocation_ids: Sequence[str]) -> Exchange:
        """Refuse: this API is asked for one allocation at a time."""
        raise AssertionError(f"{len(allocation_ids)} allocations in one request")

    async def read(self, allocation_id: str) -> Exchange:
        """Answer a read."""
        self.reads.append(allocation_id)
        return await self._answer(self.on_read, allocation_id)

    async def _answer(self, how: Callable[[str], Observation], asked: str) -> Exchange:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await anyio.sleep(self.delay)
            return Exchange(observation=how(asked), elapsed=self.delay, token_number=1)
        finally:
            self.at_once -= 1


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Give a journal of 200 allocations, each on its row."""
    with Journal.create(tmp_path / "journal.sqlite") as made:
        made.load(
            [
                [
                    ManifestRow(
                        row=number + 1, kind=RowKind.ALLOCATION, allocation_id=allocation_id(number)
                    )
                    for number in range(1, 201)
                ]
            ],
            {},
        )
        yield made


def silent() -> FilteringBoundLogger:
    """Return a logger that keeps silent."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(), wrapper_class=structlog.make_filtering_bound_logger("critical")
    )
    return logger


def pool_for(journal: Journal, api: MemoryApi, **options: object) -> Pool:
    """Return a quick pool."""
    settings: dict[str, object] = {
        "concurrency": 8,
        "policy": FAST,
        "pacer": PacerOptions(rate=100_000.0, fixed=True),
    }
    settings.update(options)
    return Pool(
        journal=journal,
        api=api,
        options=PoolOptions(**settings),  # type: ignore[arg-type] # mixed keywords of a test
        chance=lambda: 0.5,
        log=silent(),
    )


def worked(pool: Pool) -> Stop | None:
    """Run a pool to its end."""

    async def main() -> Stop | None:
        with anyio.fail_after(60):
            return await pool.run(handle_signals=False)

    return anyio.run(main)


def test_every_allocation_is_sent_once_and_settled(journal: Journal) -> None:
    """A run without faults sends each allocation once and settles it."""
    api = MemoryApi(journal)
    assert worked(pool_for(journal, api)) is None
    assert sorted(api.cancels) == [allocation_id(number) for number in range(1, 201)]
    assert outcome_counts(journal) == {Outcome.CANCELLED: 200}
    assert attempt_totals(journal).sent == 200


def test_the_intent_is_durable_before_the_send(journal: Journal) -> None:
    """At the moment of each send its intent is committed and has no attempt yet."""
    api = MemoryApi(journal)
    worked(pool_for(journal, api))
    assert len(api.cancels) == 200
    assert api.without_intent == []


def test_no_more_than_concurrency_are_in_flight(journal: Journal) -> None:
    """The bound on requests in flight is reached and never passed."""
    api = MemoryApi(journal, delay=0.005)
    worked(pool_for(journal, api, concurrency=5))
    assert api.most_at_once == 5


def test_what_waits_holds_no_worker(journal: Journal) -> None:
    """With one worker and every first answer in doubt, all fresh ones go before any read-back."""
    api = MemoryApi(
        journal, on_cancel=lambda _: NoAnswer(cause=NoAnswerCause.TIMEOUT), on_read=shown
    )
    slow = Policy(verify_after=(1.0, 2.0), wait_max=1.0)
    worked(
        pool_for(
            journal, api, concurrency=1, policy=slow, breaker=BreakerOptions(sick_in_a_row=10_000)
        )
    )
    assert len(api.cancels) == len(api.reads) == 200
    assert outcome_counts(journal) == {Outcome.CANCELLED: 200}


def test_in_doubt_is_read_back_and_not_sent_again(journal: Journal) -> None:
    """A send that took effect without an answer is found by the read: one send, verified."""
    lost = allocation_id(7)

    def answer(asked: str) -> Observation:
        return NoAnswer(cause=NoAnswerCause.RESET) if asked == lost else shown(asked)

    api = MemoryApi(journal, on_cancel=answer)
    worked(pool_for(journal, api))
    assert api.cancels.count(lost) == 1
    assert api.reads == [lost]
    (row,) = [row for chunk in detail_rows(journal) for row in chunk if row.allocation_id == lost]
    assert (row.outcome, row.verified, row.attempts) == (Outcome.CANCELLED, True, 1)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(http_status=302, body=ApiMessage(text="elsewhere")), StopKind.MISCONFIGURED),
        (Answer(http_status=401, body=ApiMessage(text="expired")), StopKind.AUTHENTICATION),
        (NotSent(cause=NotSentCause.CERTIFICATE), StopKind.MISCONFIGURED),
    ],
)
def test_a_wrong_server_stops_the_run(
    journal: Journal, answer: Observation, kind: StopKind
) -> None:
    """Redirects, refused tokens and untrusted certificates stop the run; the rest is never sent."""
    api = MemoryApi(journal, on_cancel=lambda _: answer)
    stop = worked(pool_for(journal, api))
    assert stop is not None
    assert stop.kind is kind
    assert len(api.cancels) <= 16
    assert Outcome.CANCELLED not in outcome_counts(journal)


def test_a_stopped_run_is_carried_on(journal: Journal) -> None:
    """A second pool over the same journal settles the rest and sends nothing settled again."""
    pool: Pool

    def answer(asked: str) -> Observation:
        if asked == allocation_id(50):
            pool.stop(Stop(kind=StopKind.INTERRUPTED, sentence="enough"))
        return shown(asked)

    first = MemoryApi(journal, on_cancel=answer)
    pool = pool_for(journal, first)
    stop = worked(pool)
    assert stop is not None
    assert stop.kind is StopKind.INTERRUPTED
    settled = outcome_counts(journal)[Outcome.CANCELLED]
    assert 50 <= settled < 200
    second = MemoryApi(journal)
    assert worked(pool_for(journal, second)) is None
    assert outcome_counts(journal) == {Outcome.CANCELLED: 200}
    assert not set(first.cancels) & set(second.cancels)


def test_an_intent_left_by_a_crash_is_read_back_first(journal: Journal) -> None:
    """An intent without an attempt is in doubt: read back, and not sent when it took effect."""
    journal.change([("INSERT INTO intent VALUES (2, 1, 0.0)", ())])
    api = MemoryApi(journal)
    worked(pool_for(journal, api))
    assert api.reads == [allocation_id(1)]
    assert allocation_id(1) not in api.cancels
    assert outcome_counts(journal) == {Outcome.CANCELLED: 200}
    assert attempt_totals(journal).no_answer == {"crashed": 1}


def test_an_unwritable_journal_stops_before_the_next_send(journal: Journal) -> None:
    """When the journal refuses an intent, nothing is sent for it and the run stops."""
    journal.change(
        [
            (
                (
                    "CREATE TRIGGER full BEFORE INSERT ON intent WHEN NEW.row > 100"
                    " BEGIN SELECT RAISE(FAIL, 'disk full'); END"
                ),
                (),
            )
        ]
    )
    api = MemoryApi(journal)
    stop = worked(pool_for(journal, api, concurrency=1))
    assert stop is not None
    assert stop.kind is StopKind.JOURNAL
    assert len(api.cancels) == 99


def test_a_sick_server_is_probed_until_it_heals(journal: Journal) -> None:
    """While no connection can be made the run probes one by one, then finishes by itself."""
    refusals = 30

    def answer(asked: str) -> Observation:
        nonlocal refusals
        if refusals:
            refusals -= 1
            return NotSent(cause=NotSentCause.REFUSED)
        return shown(asked)

    api = MemoryApi(journal, on_cancel=answer)
    options = BreakerOptions(probe_first=0.01, probe_most=0.02)
    assert worked(pool_for(journal, api, breaker=options)) is None
    assert outcome_counts(journal) == {Outcome.CANCELLED: 200}
    assert attempt_totals(journal).not_sent["refused"] == 30
    assert attempt_totals(journal).sent == 200


def test_a_server_that_never_answers_ends_the_run(journal: Journal) -> None:
    """When nothing was ever reached, the run gives up, and says that nothing was attempted."""
    api = MemoryApi(journal, on_cancel=lambda _: NotSent(cause=NotSentCause.DNS))
    options = BreakerOptions(probe_first=0.01, probe_most=0.02, first_contact=0.2)
    stop = worked(pool_for(journal, api, breaker=options))
    assert stop is not None
    assert stop.kind is StopKind.BREAKER
    assert {row.outcome for chunk in detail_rows(journal) for row in chunk} == {
        Outcome.NOT_ATTEMPTED
    }


@dataclass
class SlowJournal:
    """Makes each commit of a journal take a while, as a tired disk does."""

    journal: Journal
    seconds: float

    def __post_init__(self) -> None:
        write = self.journal.write

        def slowly(entries: Iterable[Entry]) -> None:
            time.sleep(self.seconds)  # the commits have a thread of their own
            write(entries)

        self.journal.write = slowly  # type: ignore[method-assign] # for the slowness


def test_a_stop_comes_before_it_is_written_down(journal: Journal) -> None:
    """The answer that stops the run is heeded at once, however long its commit takes."""
    SlowJournal(journal, 0.15)
    wrong = Answer(http_status=302, body=ApiMessage(text="elsewhere"))
    after: list[float] = []
    answered: list[float] = []

    def answer(asked: str) -> Observation:
        if not answered and asked == allocation_id(3):
            answered.append(time.monotonic())
            return wrong
        after.extend([time.monotonic()] if answered else [])
        return shown(asked)

    api = MemoryApi(journal, on_cancel=answer)
    stop = worked(pool_for(journal, api, concurrency=16, pacer=PacerOptions(rate=100, fixed=True)))
    assert stop is not None
    assert stop.kind is StopKind.MISCONFIGURED
    assert after == [], "nothing was sent after it"


@pytest.mark.parametrize("precheck", [False, True])
def test_a_journal_that_can_not_be_read_ends_the_run_in_order(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, *, precheck: bool
) -> None:
    """What is under way comes to its end and is noted; the stop says what is wrong."""
    monkeypatch.setattr("bulkcancel.runner.pool._CHUNK", 50)
    select, asked = journal.select, list[int]()

    def failing(statement: str, values: Sequence[object] = ()) -> Iterator[tuple[object, ...]]:
        if "LIMIT" in statement:
            asked.append(1)
            if len(asked) > 1:
                raise JournalError("The journal can't be read.")
        return select(statement, values)

    monkeypatch.setattr(journal, "select", failing)
    stop = worked(pool_for(journal, MemoryApi(journal, delay=0.01), precheck=precheck))
    assert stop is not None
    assert stop.kind is StopKind.JOURNAL
    assert "can't be read" in stop.sentence
    monkeypatch.undo()
    ((open_intents,),) = journal.select(
        "SELECT COUNT(*) FROM intent i LEFT JOIN attempt a"
        " ON a.row = i.row AND a.number = i.number WHERE a.row IS NULL"
    )
    assert open_intents == 0


async def verified(api: MemoryApi, options: PoolOptions) -> tuple[Verifier, int]:
    """Read twenty allocations again; return the verifier and how many were read."""
    verifier = Verifier(api=api, options=options, chance=lambda: 0.5, clock=Clock())
    rows = [
        DetailRow(
            row=number + 1,
            kind=RowKind.ALLOCATION,
            allocation_id=allocation_id(number),
            outcome=Outcome.CANCELLED,
        )
        for number in range(1, 21)
    ]
    found = 0
    with anyio.fail_after(20):
        async for chunk in verifier.findings(rows):
            found += sum(finding is not None for _, finding in chunk)
    return verifier, found


def test_a_verification_does_not_sleep_for_a_day(journal: Journal) -> None:
    """A ``Retry-After`` beyond all patience stops it; what was not read is said to be so."""
    later = Answer(http_status=429, body=ApiMessage(text="later"), retry_after=86_400.0)
    options = PoolOptions(concurrency=4, policy=FAST, pacer=PacerOptions(rate=1000.0, fixed=True))
    verifier, _ = anyio.run(verified, MemoryApi(journal, on_read=lambda _: later), options)
    assert "86,400 s" in verifier.stopped
    assert verifier.reads <= 4


def test_a_verification_stops_at_once(journal: Journal) -> None:
    """After a refused token none of those that wait for their turn is sent."""
    refused = Answer(http_status=401, body=ApiMessage(text="expired"))
    options = PoolOptions(concurrency=16, policy=FAST, pacer=PacerOptions(rate=20.0, fixed=True))
    verifier, _ = anyio.run(verified, MemoryApi(journal, on_read=lambda _: refused), options)
    assert "token" in verifier.stopped
    assert verifier.reads <= 2
