"""When to stop asking a server that is sick or wrong, when to ask again, and when to give up."""

from bulkcancel.breaker.batches import Batches
from bulkcancel.breaker.breaker import Breaker, BreakerOptions, BreakerState, Trip
from bulkcancel.breaker.failures import FailureLimit, parse_failure_limit
from bulkcancel.breaker.quota import RetryQuota

__all__ = [
    "Batches",
    "Breaker",
    "BreakerOptions",
    "BreakerState",
    "FailureLimit",
    "RetryQuota",
    "Trip",
    "parse_failure_limit",
]
