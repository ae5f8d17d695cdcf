"""How much may be tried again in all: a sick server is asked less, not more."""

from __future__ import annotations

from bulkcancel.model import Kind

_FULL = 500
_COSTS = {
    Kind.NOT_SENT: 5,
    Kind.NOT_APPLIED: 5,
    Kind.IN_DOUBT: 10,
    Kind.PROTOCOL: 10,
    Kind.READ_FAILED: 10,
}
"""What a retry after such an answer costs; the others are bounded elsewhere and cost nothing."""


class RetryQuota:
    """A run-wide purse for retries: a success earns one token, a retry costs five or ten.

    The figures are those of the AWS SDKs' standard retry mode, with in-doubt sends at their price
    for time-outs. With an empty purse a retry is not refused, since no allocation may be lost,
    but put off for the longest wait: what else succeeds meanwhile pays for it.
    """

    def __init__(self) -> None:
        self.tokens = _FULL

    def earn(self) -> None:
        """Note a success."""
        self.tokens = min(_FULL, self.tokens + 1)

    def spend(self, kind: Kind) -> bool:
        """Pay for a retry after such an answer; return false when the purse is too empty."""
        cost = _COSTS.get(kind, 0)
        if cost > self.tokens:
            return False
        self.tokens -= cost
        return True
