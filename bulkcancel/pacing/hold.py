"""Why a send waits, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why no send may go just now."""

    CEILING = "ceiling"
    """The rate that the operator allows, or that the API's headers name."""
    STARTING = "starting"
    """No limit was met yet: the pace still grows towards the ceiling."""
    LEARNED_LIMIT = "learned limit"
    """The pace at which the API was found to refuse next to nothing."""
    RETRY_AFTER = "retry-after"
    """The API said for how long to send nothing."""
    PROBING = "probing"
    """The API refuses everything: one request after another asks whether it still does."""
    BREAKER = "breaker"
    """The API is sick."""
    CONCURRENCY = "concurrency"
    """As many requests as useful are under way: an answer has to come first."""
    SHARED_RATE = "shared rate"
    """The rate that all processes of the account share: the next slot is not this one's yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A wait of so many seconds; infinite where only an answer can end it."""

    seconds: float
    reason: Reason
