"""What follows from the answer to a read-back."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from bulkcancel.decision.classify import (
    CANCELLED,
    PARTIALLY_CANCELLED,
    Finding,
    classify_read,
)
from bulkcancel.decision.history import Doubt, History, settlement
from bulkcancel.decision.policy import Policy, backoff
from bulkcancel.decision.step import Halt, Next, Read, Send, Settle, Step
from bulkcancel.decision.steps_send import (
    SAYS_NOTHING_OF_TOKEN,
    may_send_again,
    out_of_attempts,
    throttled_wait,
)
from bulkcancel.model import Kind, Observation, Outcome

_EQUAL_READS = 2
_MOST_READS = 8


def after_read(
    history: History,
    asked_id: str,
    seen: Observation,
    *,
    policy: Policy,
    now: float,
    chance: float,
) -> Step:
    """Return what follows from one read of an allocation.

    ``now`` is seconds of a clock that nobody sets; ``chance`` lies in [0, 1). A read before the
    first send (``history.sends`` is 0) settles what is cancelled already or unknown, and lets the
    rest be sent. A send in doubt is repeated only after the whole of ``policy.verify_after`` and
    two equal reads that show a cancellable status.
    """
    finding = classify_read(asked_id, seen)
    known = _noted(history, finding, now)
    match finding.kind:
        case Kind.SHOWN:
            known = replace(known, view=finding.view, failed_reads=0)
            return _shown(finding, known, policy, now)
        case Kind.UNKNOWN_ID:
            return _not_known(finding, replace(known, failed_reads=0), policy)
        case Kind.READ_UNAVAILABLE:
            return _unreadable(finding, replace(known, readable=False), policy, now, chance)
        case Kind.NOT_SENT | Kind.READ_FAILED:
            return _failed(finding, known, policy, now, chance)
        case Kind.THROTTLED:
            known = replace(known, throttled=known.throttled + 1)
            return _step(finding, known, Read(after=throttled_wait(finding, known, policy, chance)))
        case Kind.UNAUTHORIZED:
            known = replace(known, refused_tokens=known.refused_tokens + 1)
            if known.refused_tokens > 1:
                return _halt(finding, replace(known, refused_tokens=0))
            return _step(finding, known, Read(after=0.0))
        case Kind.UNTRUSTED | Kind.MISCONFIGURED | Kind.CONTRADICTION:
            return _halt(finding, known)
        case (
            Kind.IN_DOUBT
            | Kind.PROTOCOL
            | Kind.MISROUTED
            | Kind.NOT_APPLIED
            | Kind.FORBIDDEN
            | Kind.ALREADY
            | Kind.WRONG_STATE
            | Kind.REFUSED
        ):
            raise AssertionError(f"a read is never {finding.kind}")
        case _:
            assert_never(finding.kind)


def _noted(history: History, finding: Finding, now: float) -> History:
    """Return the history with this read counted for the limits."""
    return replace(
        history,
        began=now if history.began is None else history.began,
        throttled=history.throttled if finding.kind is Kind.THROTTLED else 0,
        refused_tokens=history.refused_tokens if finding.kind in SAYS_NOTHING_OF_TOKEN else 0,
        reason=finding.reason,
    )


def _step(finding: Finding, history: History, following: Next) -> Step:
    return Step(finding=finding, history=history, next=following)


def _settle(finding: Finding, known: History, outcome: Outcome, reason: str) -> Step:
    settled = settlement(known, outcome, reason, verified=finding.kind is Kind.SHOWN)
    return _step(finding, known, Settle(settlement=settled))


def _halt(finding: Finding, known: History) -> Step:
    then = Read(after=0.0)
    return _step(finding, known, Halt(kind=finding.kind, reason=finding.reason, then=then))


def _shown(finding: Finding, known: History, policy: Policy, now: float) -> Step:
    status = finding.view.status if finding.view else None
    version = finding.view.version if finding.view else None
    if status == CANCELLED:
        if known.ours_possible:
            words = "read back: status CANCELLED"
            return _settle(finding, known, Outcome.CANCELLED, words)
        words = "it was cancelled before this run sent anything"
        if known.sends:
            words = "it is cancelled, and no send of this run took effect"
        return _settle(finding, known, Outcome.ALREADY_CANCELLED, words)
    if status == PARTIALLY_CANCELLED and (known.sends or status not in policy.guard.cancellable):
        words = "read back: status PARTIALLY_CANCELLED"
        return _settle(finding, known, Outcome.PARTIALLY_CANCELLED, words)
    if known.sends == 0:
        known = replace(known, version_before=version)
        objection = policy.guard.objection(finding.view) if finding.view else None
        if objection is not None:
            return _settle(finding, known, *objection)
        return _step(finding, known, Send(after=0.0))
    if known.doubt is Doubt.REFUSED:
        cancellable = status in policy.guard.cancellable
        outcome = Outcome.REJECTED if cancellable else Outcome.NOT_CANCELLED
        return _settle(finding, known, outcome, f"{known.refusal}; its status is {status}")
    known = _compared(known, f"{status} {version}")
    if (wait := _next_read(known, policy)) is not None:
        return _step(finding, known, Read(after=wait))
    return _still_active(finding, known, policy, now, str(status))


def _compared(known: History, words: str) -> History:
    """Return the history with one more read, and how many in a row said the same."""
    equal = known.equal_reads + 1 if known.last_read == words else 1
    return replace(known, reads=known.reads + 1, equal_reads=equal, last_read=words)


def _next_read(known: History, policy: Policy) -> float | None:
    """Return the wait until the next read that is due, or ``None`` when enough was read."""
    schedule = policy.verify_after
    if known.reads < len(schedule):
        return max(0.0, schedule[known.reads] - schedule[known.reads - 1])
    if known.equal_reads < _EQUAL_READS and known.reads < _MOST_READS:
        return schedule[0]
    return None


def _still_active(
    finding: Finding, known: History, policy: Policy, now: float, status: str
) -> Step:
    """Return what follows when the schedule of reads is over and none showed CANCELLED."""
    stayed = f"read back {known.reads} times: status stayed {status}"
    match known.doubt:
        case Doubt.ACCEPTED:
            words = f"accepted with HTTP {known.http_status}, but {stayed}"
            return _settle(finding, known, Outcome.NOT_CANCELLED, words)
        case Doubt.CLAIMED if known.ours_possible:
            words = f"the API says that it is cancelled already, but {stayed}"
            return _settle(finding, known, Outcome.UNKNOWN, words)
        case Doubt.CLAIMED:
            words = f"the API says that it is cancelled or scratched already, but {stayed}"
            return _settle(finding, known, Outcome.NOT_CANCELLED, words)
        case Doubt.PERHAPS | Doubt.NONE | Doubt.REFUSED:
            pass
        case _:
            assert_never(known.doubt)
    if known.equal_reads < _EQUAL_READS:
        words = f"read back {known.reads} times, and it kept changing; last status {status}"
        return _settle(finding, known, Outcome.UNKNOWN, words)
    if status not in policy.guard.cancellable:
        return _settle(finding, known, Outcome.NOT_CANCELLED, stayed)
    if may_send_again(known, policy, now):
        return _step(finding, known, Send(after=0.0))
    return _step(finding, known, Settle(settlement=out_of_attempts(known, stayed)))


def _not_known(finding: Finding, known: History, policy: Policy) -> Step:
    if known.sends == 0 or known.doubt is Doubt.REFUSED:
        return _settle(finding, known, Outcome.NOT_FOUND, finding.reason)
    known = _compared(known, "not known")
    if (wait := _next_read(known, policy)) is not None:
        return _step(finding, known, Read(after=wait))
    if known.doubt in {Doubt.ACCEPTED, Doubt.CLAIMED}:
        words = (
            f"the API answered to the cancel, but does not know the id when read: {finding.reason}"
        )
        return _settle(finding, known, Outcome.UNKNOWN, words)
    return _settle(finding, known, Outcome.NOT_FOUND, finding.reason)


def _failed(finding: Finding, known: History, policy: Policy, now: float, chance: float) -> Step:
    """Return another read after a failed one, while the time for this allocation lasts."""
    known = replace(known, failed_reads=known.failed_reads + 1)
    if known.began is not None and now - known.began >= policy.max_time:
        return _give_up(finding, known)
    return _step(finding, known, Read(after=backoff(policy, known.failed_reads, chance)))


def _unreadable(
    finding: Finding, known: History, policy: Policy, now: float, chance: float
) -> Step:
    """Return what follows where the API offers no read at all."""
    if known.sends == 0 and policy.guard.asks_whose:
        words = f"not sent: whose it is can't be read: {finding.reason}"
        return _settle(finding, known, Outcome.REJECTED, words)
    if known.sends == 0:
        return _step(finding, known, Send(after=0.0))
    if known.doubt is Doubt.PERHAPS and may_send_again(known, policy, now):
        return _step(finding, known, Send(after=backoff(policy, known.spent, chance)))
    return _give_up(finding, known)


def _give_up(finding: Finding, known: History) -> Step:
    """Settle without a read: on the API's own firm words, or as unknown."""
    if known.doubt is Doubt.REFUSED:
        words = f"{known.refusal}; it could not be read back"
        return _settle(finding, known, Outcome.REJECTED, words)
    if known.doubt is Doubt.CLAIMED and known.ours_possible:
        words = "the API says that it is cancelled already, after a send of ours in doubt"
        return _settle(finding, known, Outcome.CANCELLED, words)
    if known.doubt is Doubt.CLAIMED and known.firm_claim:
        words = "the API says that it is cancelled already; it could not be read back"
        return _settle(finding, known, Outcome.ALREADY_CANCELLED, words)
    if known.doubt is Doubt.CLAIMED:
        words = f"the API broke saying that it is cancelled already; not readable: {finding.reason}"
        return _settle(finding, known, Outcome.UNKNOWN, words)
    if known.sends == 0:
        words = f"never sent: it could not be read first; last: {finding.reason}"
        return _settle(finding, known, Outcome.FAILED, words)
    return _step(finding, known, Settle(settlement=out_of_attempts(known, finding.reason)))
