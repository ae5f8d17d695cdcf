"""What an answer says of the API's rate."""

from __future__ import annotations

from enum import Enum, auto


class Verdict(Enum):
    """What an answer says of the API's rate, whatever else it says."""

    ACCEPTED = auto()
    """The limiter let it through: every answer of the API itself but a refusal for rate."""
    THROTTLED = auto()
    """It was refused for its rate (429)."""
    FAILED = auto()
    """The API broke, or did not answer: it says nothing of the limit, but something of its load."""
