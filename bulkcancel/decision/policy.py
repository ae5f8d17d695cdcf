"""The limits within which an allocation is sent again and read back."""

from __future__ import annotations

from dataclasses import dataclass, field

from bulkcancel.decision.guard import Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Limits for one allocation; all times in seconds.

    ``max_attempts`` bounds the sends that the API may have acted on or refused for a passing
    reason (a throttled or unsent one costs none). ``verify_after`` says when to read back, counted
    from the last send. ``max_time`` bounds the whole affair, counted anew when a run is resumed:
    after it nothing is sent again, and a read that fails is not repeated. ``guard`` looks at an
    allocation that was read before its first send.
    """

    max_attempts: int = 4
    wait_initial: float = 0.5
    wait_max: float = 30.0
    verify_after: tuple[float, ...] = (5.0, 60.0)
    max_time: float = 900.0
    guard: Guard = field(default_factory=Guard)


def backoff(policy: Policy, failures: int, chance: float) -> float:
    """Return how long to wait after the nth failure in a row: exponential with full jitter.

    ``chance`` lies in [0, 1). Full jitter (a uniform draw between nothing and the exponential
    bound) spreads rows that failed together.
    """
    exponent = min(max(failures, 1) - 1, 30)
    return chance * min(policy.wait_max, policy.wait_initial * 2.0**exponent)
