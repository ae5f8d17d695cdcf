"""How much was accepted since a moment."""

from __future__ import annotations

from dataclasses import dataclass

_SHORTEST = 0.001


@dataclass(slots=True)
class Span:
    """What was accepted since ``began``, in seconds of a monotonic clock."""

    began: float
    accepted: int = 0

    def rate(self, now: float) -> float:
        """Return how many were accepted in a second, on average."""
        return self.accepted / max(_SHORTEST, now - self.began)
