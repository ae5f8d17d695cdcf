"""What follows from the answer to one cancel of several allocations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from msgspec.structs import replace

from bulkcancel.decision.classify import Finding, classify_cancel
from bulkcancel.decision.history import History
from bulkcancel.decision.policy import Policy
from bulkcancel.decision.step import Step
from bulkcancel.decision.steps_send import after_finding
from bulkcancel.model import (
    AllocationView,
    Answer,
    Kind,
    Observation,
    OneAllocation,
    SeveralAllocations,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStep:
    """What the answer to a request of several allocations means, and what follows for each.

    ``finding`` is the one word on the request as a whole, for those who judge the server; it never
    settles an allocation. ``steps`` are in the order of the ids that were asked. ``shown`` counts
    the ids that the answer showed, each exactly once and readable.
    """

    finding: Finding
    steps: tuple[Step, ...]
    shown: int


# What says of each allocation what it says of a single one: nothing took effect.
_OF_THE_REQUEST = frozenset(
    {
        Kind.NOT_SENT,
        Kind.UNTRUSTED,
        Kind.THROTTLED,
        Kind.UNAUTHORIZED,
        Kind.MISCONFIGURED,
    }
)
_SERVER_FAILED = frozenset({Kind.IN_DOUBT, Kind.PROTOCOL})


def after_batch(
    asked: Sequence[tuple[str, History]],
    seen: Observation,
    *,
    policy: Policy,
    sent_at: float,
    now: float,
    chance: float,
) -> BatchStep:
    """Return what follows from one wire send of a cancel of several allocations.

    ``asked`` are distinct ids with what is known of each; the other arguments are as for
    `after_send`. An allocation is settled only by an object of its own in a 2xx answer, shown
    exactly once; whatever else came leaves it in doubt, to be read back and then sent alone.
    """
    finding, own = _classified([allocation_id for allocation_id, _ in asked], seen)
    steps = tuple(
        after_finding(
            history,
            own.get(allocation_id, finding),
            policy=policy,
            sent_at=sent_at,
            now=now,
            chance=chance,
        )
        for allocation_id, history in asked
    )
    shown = sum(one.kind is Kind.SHOWN for one in own.values())
    return BatchStep(finding=finding, steps=steps, shown=shown)


def _classified(asked: Sequence[str], seen: Observation) -> tuple[Finding, Mapping[str, Finding]]:
    """Return the word on the request, and that on each allocation for which it is another."""
    # Of what this says only the class of the request is used: nothing about any one allocation.
    whole = classify_cancel("", seen)
    if whole.kind in _OF_THE_REQUEST:
        return whole, {}
    if isinstance(seen, Answer) and HTTPStatus.OK <= seen.http_status < HTTPStatus.MULTIPLE_CHOICES:
        match seen.body:
            case OneAllocation(view=view):
                return _shown(asked, seen.http_status, (view,), elements=1)
            case SeveralAllocations(count=count, shown=views):
                return _shown(asked, seen.http_status, views, elements=count)
            case _:
                pass
    doubt = _doubt(asked, whole.reason, whole.http_status)
    # A refusal is the work of a server that is well, whatever it refused.
    kind = whole.kind if whole.kind in _SERVER_FAILED else Kind.REFUSED
    if whole.kind is Kind.PROTOCOL and isinstance(seen, Answer) and _is_refusal(seen.http_status):
        kind = Kind.REFUSED
    return replace(doubt, kind=kind), dict.fromkeys(asked, doubt)


def _shown(
    asked: Sequence[str], status: int, views: Sequence[AllocationView], *, elements: int
) -> tuple[Finding, Mapping[str, Finding]]:
    """Return the same for an answer that shows allocations, in so many ``elements``."""
    by_id: dict[str, list[AllocationView]] = {}
    for view in views:
        if view.allocation_id is not None:
            by_id.setdefault(view.allocation_id, []).append(view)
    if not by_id.keys() <= set(asked):
        words = f"HTTP {status}: it shows an allocation that was not asked"
        return replace(_doubt(asked, words, status), kind=Kind.CONTRADICTION), {}
    own = {one: _of_one(asked, one, by_id.get(one, ()), status) for one in asked}
    count = sum(one.kind is Kind.SHOWN for one in own.values())
    words = f"HTTP {status}: it shows {count} of them"
    # An empty list is how an API may say that none took effect; what is full of something else
    # is not the API's.
    without = Kind.PROTOCOL if elements else Kind.REFUSED
    kind = Kind.SHOWN if count else without
    return replace(_doubt(asked, words, status), kind=kind), own


def _of_one(
    asked: Sequence[str], allocation_id: str, views: Sequence[AllocationView], status: int
) -> Finding:
    if len(views) != 1:
        words = f"shows this one {len(views)} times" if views else "does not show this one"
        return _doubt(asked, f"HTTP {status}, which {words}", status)
    body = OneAllocation(view=views[0])
    found = classify_cancel(allocation_id, Answer(http_status=status, body=body))
    return found if found.kind is Kind.SHOWN else _doubt(asked, found.reason, status)


def _doubt(asked: Sequence[str], reason: str, http_status: int | None) -> Finding:
    words = f"a request of {len(asked)} allocations: {reason}"
    return Finding(kind=Kind.IN_DOUBT, reason=words, http_status=http_status)


def _is_refusal(http_status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= http_status < HTTPStatus.INTERNAL_SERVER_ERROR
