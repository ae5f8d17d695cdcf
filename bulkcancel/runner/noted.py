"""What came of a send or a read, as the journal keeps it."""

from __future__ import annotations

from msgspec.structs import replace

from bulkcancel.client import Exchange
from bulkcancel.decision import Finding, Policy, Step, after_send
from bulkcancel.journal import AttemptEntry, Case, Entry, ReadEntry, WaitEntry, What
from bulkcancel.model import Kind, NoAnswer, NoAnswerCause, NotSent, NotSentCause


def read_entry(row: int, finding: Finding, *, at: float, elapsed: float) -> ReadEntry:
    """Return the journal's entry for one read; times as in `ReadEntry`."""
    view = finding.view
    return ReadEntry(
        row=row,
        at=at,
        elapsed=elapsed,
        kind=finding.kind,
        reason=finding.reason,
        http_status=finding.http_status,
        status=view.status if view else None,
        version=view.version if view else None,
    )


def attempt_entry(
    case: Case, exchange: Exchange, step: Step, now: float, *, lead: int | None = None
) -> AttemptEntry:
    """Return the journal's entry for one intent and what became of it; ``lead`` as in it."""
    finding, seen = step.finding, exchange.observation
    cause = seen.cause.value if isinstance(seen, (NotSent, NoAnswer)) else None
    return AttemptEntry(
        row=case.row,
        number=case.intents,
        at=now,
        elapsed=exchange.elapsed,
        sent=not isinstance(seen, NotSent),
        kind=finding.kind,
        reason=finding.reason,
        cause=cause,
        http_status=finding.http_status,
        status=finding.view.status if finding.view else None,
        version=finding.view.version if finding.view else None,
        lead=lead,
    )


def withdrawal(case: Case, now: float, lead: int | None = None) -> tuple[Entry, Entry]:
    """Return the entries that close an intent for which no byte left.

    ``now`` is in seconds since the epoch, ``lead`` as in `AttemptEntry`.
    """
    attempt = AttemptEntry(
        row=case.row,
        number=case.intents,
        at=now,
        elapsed=0.0,
        sent=False,
        kind=Kind.NOT_SENT,
        reason="not sent (sending was paused or stopped first)",
        cause=NotSentCause.WITHDRAWN.value,
        lead=lead,
    )
    return attempt, WaitEntry(row=case.row, what=What.SEND, due=now, history=case.history)


def close_cut_off(
    case: Case, *, policy: Policy, now: float, steady: float, chance: float
) -> tuple[Case, tuple[Entry, Entry]]:
    """Return a case whose process ended between intent and attempt, as one in doubt.

    It is read back before anything is sent for it again. ``now`` is seconds since the epoch,
    ``steady`` the same moment on the clock that nobody sets.
    """
    exchange = Exchange(observation=NoAnswer(cause=NoAnswerCause.CRASHED), elapsed=0.0)
    step = after_send(
        # Whether this API can be read is found out anew: a doubt is never settled by sending.
        replace(case.history, readable=True),
        case.allocation_id,
        exchange.observation,
        policy=policy,
        sent_at=case.due,
        now=steady,
        chance=chance,
    )
    due = max(now, case.due + policy.verify_after[0])
    known = replace(case, history=step.history, what=What.READ, due=due, cut_off=False)
    waits = WaitEntry(row=case.row, what=What.READ, due=due, history=step.history)
    return known, (attempt_entry(known, exchange, step, now), waits)
