"""What a pacer is asked to keep to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PacerOptions:
    """``rate`` is the ceiling, in requests per second.

    With ``fixed`` nothing is learned: the ceiling is the rate, and only ``Retry-After`` holds.
    ``known`` is a limit that an earlier run learned (requests per second), ``None`` without one.
    """

    rate: float = 25.0
    fixed: bool = False
    known: float | None = None
