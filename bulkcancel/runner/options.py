"""How a run goes about its work."""

from __future__ import annotations

from dataclasses import dataclass, field

from bulkcancel.breaker import BreakerOptions, FailureLimit
from bulkcancel.decision import Policy
from bulkcancel.pacing import PacerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """How a run goes about its work.

    ``concurrency`` bounds the requests in flight. A stop waits ``drain`` seconds at most for
    those to end. With ``precheck`` each allocation is read before it is sent. At most ``limit``
    allocations that were never touched are begun. Nothing is begun any more once ``deadline``
    seconds have passed since the pool began. One cancel holds up to ``ids_per_request`` of those
    that were never sent.
    """

    concurrency: int = 16
    policy: Policy = field(default_factory=Policy)
    pacer: PacerOptions = field(default_factory=PacerOptions)
    breaker: BreakerOptions = field(default_factory=BreakerOptions)
    max_failures: FailureLimit = field(default_factory=FailureLimit)
    drain: float = 30.0
    precheck: bool = False
    limit: int | None = None
    deadline: float | None = None
    ids_per_request: int = 1
