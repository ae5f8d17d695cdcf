"""What follows from the answer to a cancel."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from bulkcancel.decision.classify import (
    CANCELLED,
    PARTIALLY_CANCELLED,
    Finding,
    classify_cancel,
)
from bulkcancel.decision.history import Doubt, History, settlement
from bulkcancel.decision.policy import Policy, backoff
from bulkcancel.decision.step import Halt, Next, Read, Send, Settle, Step
from bulkcancel.model import Kind, Observation, Outcome, Settlement


def after_send(
    history: History,
    asked_id: str,
    seen: Observation,
    *,
    policy: Policy,
    sent_at: float,
    now: float,
    chance: float,
) -> Step:
    """Return what follows from one wire send of a cancel.

    ``sent_at`` is seconds since the epoch, ``now`` seconds of a clock that nobody sets; ``chance``
    lies in [0, 1). Nothing is settled `cancelled` unless the API showed ``CANCELLED`` for the id
    that was asked, or said "already cancelled" to a repeat of a send of ours that was in doubt.
    """
    finding = classify_cancel(asked_id, seen)
    return after_finding(history, finding, policy=policy, sent_at=sent_at, now=now, chance=chance)


def after_finding(
    history: History,
    finding: Finding,
    *,
    policy: Policy,
    sent_at: float,
    now: float,
    chance: float,
) -> Step:
    """Return what follows from a send whose answer was classified; arguments as `after_send`."""
    known = _noted(history, finding, sent_at=sent_at, now=now)
    match finding.kind:
        case Kind.SHOWN:  # nearly all of them
            return _shown(finding, known, policy)
        case Kind.NOT_SENT:
            return _step(finding, known, Send(after=backoff(policy, known.unsent, chance)))
        case Kind.UNTRUSTED:
            return _halt(finding, known, Send(after=0.0))
        case Kind.THROTTLED:
            known = replace(known, throttled=known.throttled + 1)
            return _step(finding, known, Send(after=throttled_wait(finding, known, policy, chance)))
        case Kind.UNAUTHORIZED:
            known = replace(known, refused_tokens=known.refused_tokens + 1)
            if known.refused_tokens > 1:
                return _halt(finding, replace(known, refused_tokens=0), Send(after=0.0))
            return _step(finding, known, Send(after=0.0))
        case Kind.MISCONFIGURED:
            return _halt(finding, known, Send(after=0.0))
        case Kind.NOT_APPLIED:
            return _step(finding, *_again(known, policy, now, chance, finding.reason))
        case Kind.FORBIDDEN:
            return _refused(finding, known, Outcome.REJECTED)
        case Kind.REFUSED:
            return _refused_unclearly(finding, known)
        case Kind.WRONG_STATE:
            return _refused(finding, known, Outcome.NOT_CANCELLED)
        case Kind.UNKNOWN_ID:
            return _refused(finding, known, Outcome.NOT_FOUND)
        case Kind.ALREADY:
            known = replace(known, doubt=Doubt.CLAIMED, firm_claim=finding.claim_is_firm)
            return _step(finding, known, Read(after=0.0))
        case Kind.IN_DOUBT | Kind.PROTOCOL:
            return _in_doubt(finding, _doubted(known), policy, now, chance)
        case Kind.MISROUTED | Kind.CONTRADICTION:
            return _halt(finding, _doubted(known), Read(after=0.0))
        case Kind.READ_UNAVAILABLE | Kind.READ_FAILED:
            raise AssertionError(f"a cancel is never {finding.kind}")
        case _:
            assert_never(finding.kind)


SAYS_NOTHING_OF_TOKEN = frozenset(
    {Kind.NOT_SENT, Kind.UNTRUSTED, Kind.UNAUTHORIZED, Kind.THROTTLED, Kind.MISCONFIGURED}
)
"""The kinds that leave it open whether the server takes the token."""

_COSTS_NOTHING = frozenset({Kind.THROTTLED, Kind.UNAUTHORIZED, Kind.MISCONFIGURED})


def _noted(history: History, finding: Finding, *, sent_at: float, now: float) -> History:
    """Return the history with this send counted and the last doubt's reads forgotten."""
    if finding.kind in {Kind.NOT_SENT, Kind.UNTRUSTED}:
        return replace(history, unsent=history.unsent + 1, reason=finding.reason)
    return replace(
        history,
        sends=history.sends + 1,
        spent=history.spent + (finding.kind not in _COSTS_NOTHING),
        first_sent_at=sent_at if history.first_sent_at is None else history.first_sent_at,
        last_sent_at=sent_at,
        # Not `sent_at`: that of a run that was killed may be a day ago.
        began=now if history.began is None else history.began,
        unsent=0,
        throttled=history.throttled if finding.kind is Kind.THROTTLED else 0,
        refused_tokens=history.refused_tokens if finding.kind in SAYS_NOTHING_OF_TOKEN else 0,
        doubt=Doubt.NONE,
        accepted=history.accepted or finding.kind is Kind.SHOWN,
        reads=0,
        equal_reads=0,
        failed_reads=0,
        last_read=None,
        http_status=finding.http_status,
        reason=finding.reason,
        view=finding.view or history.view,
    )


def _doubted(history: History) -> History:
    return replace(history, doubt=Doubt.PERHAPS, ours_possible=True)


def _step(finding: Finding, history: History, following: Next) -> Step:
    return Step(finding=finding, history=history, next=following)


def _halt(finding: Finding, history: History, then: Send | Read) -> Step:
    return _step(finding, history, Halt(kind=finding.kind, reason=finding.reason, then=then))


def _again(
    history: History, policy: Policy, now: float, chance: float, reason: str
) -> tuple[History, Next]:
    """Return another send while the limits allow it, else the outcome."""
    if may_send_again(history, policy, now):
        return history, Send(after=backoff(policy, history.spent, chance))
    if history.ours_possible and history.readable:
        # An earlier send may have taken effect: look before calling it unknown.
        looked_at = replace(history, doubt=Doubt.PERHAPS, may_resend=False)
        return looked_at, Read(after=policy.verify_after[0])
    return history, Settle(settlement=out_of_attempts(history, reason))


def may_send_again(history: History, policy: Policy, now: float) -> bool:
    """Say whether the limits on attempts and on time leave room for another send."""
    if not history.may_resend or history.spent >= policy.max_attempts:
        return False
    return history.began is None or now - history.began < policy.max_time


def throttled_wait(finding: Finding, known: History, policy: Policy, chance: float) -> float:
    """Return how long a throttled request waits: as told, or by our own backoff.

    ``Retry-After: 0`` is as good as none: obeyed, it would repeat the request at full rate.
    """
    return finding.retry_after or backoff(policy, known.throttled, chance)


def out_of_attempts(history: History, reason: str) -> Settlement:
    """Return the outcome when nothing more is tried: certain failure, or honest ignorance."""
    if history.ours_possible:
        words = f"sent, and the truth could not be established; last: {reason}"
        return settlement(history, Outcome.UNKNOWN, words)
    return settlement(history, Outcome.FAILED, f"attempts used up; last: {reason}")


def _refused(finding: Finding, known: History, outcome: Outcome) -> Step:
    """Settle a refusal for good, unless an earlier send of ours may have taken effect."""
    if known.ours_possible:
        known = replace(known, doubt=Doubt.PERHAPS, may_resend=False)
        return _step(finding, known, Read(after=0.0))
    return _step(finding, known, Settle(settlement=settlement(known, outcome, finding.reason)))


def _refused_unclearly(finding: Finding, known: History) -> Step:
    """Look once at what was refused without a known reason: perhaps it is cancelled already."""
    if known.ours_possible:
        return _refused(finding, known, Outcome.REJECTED)
    refused = replace(known, doubt=Doubt.REFUSED, refusal=finding.reason, may_resend=False)
    return _step(finding, refused, Read(after=0.0))


def _shown(finding: Finding, known: History, policy: Policy) -> Step:
    status = finding.view.status if finding.view else None
    if status == CANCELLED:
        settled = settlement(known, Outcome.CANCELLED, finding.reason)
        return _step(finding, known, Settle(settlement=settled))
    if status == PARTIALLY_CANCELLED:
        settled = settlement(known, Outcome.PARTIALLY_CANCELLED, finding.reason)
        return _step(finding, known, Settle(settlement=settled))
    known = replace(known, doubt=Doubt.ACCEPTED, ours_possible=True)
    return _step(finding, known, Read(after=policy.verify_after[0]))


def _in_doubt(finding: Finding, known: History, policy: Policy, now: float, chance: float) -> Step:
    if known.readable:
        return _step(finding, known, Read(after=policy.verify_after[0]))
    # Where no read is to be had, repeating the cancel is the only way to learn more.
    return _step(finding, *_again(known, policy, now, chance, finding.reason))
