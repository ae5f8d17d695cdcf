"""The pace around a learned limit: a cubic that lingers just below it and then looks beyond it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

_DEPTH = 0.08
_SHORTEST = 2.0
_LONGEST = 150.0
EARNED = 0.008
"""What an accepted request earns of the next refusal: the share of refusals aimed at."""
_PAUSE_WEIGHT = 25.0
"""A cycle is so many times as long as the pause that a refusal brings: that costs 2 % of it."""
_BEGUN, _BEGUN_AFTER_PAUSE = 0.2, 0.3
_CROWD = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The rate as a function of time since ``origin``, in requests per second.

    It is 0.92 of ``limit`` at the origin, the limit itself after ``length`` seconds, flat there,
    and above it from then on, first slowly: CUBIC's shape (RFC 9438), relative to the limit. Twice
    the length after the origin it is at 1.08 of the limit and grows faster than a cubic (``haste``
    is 0 for a plain one): a limit that was not met there is probably gone.
    """

    limit: float
    origin: float
    length: float
    haste: float = 1.0

    @classmethod
    def cycle(
        cls, limit: float, *, now: float, debt: float, pause: float, round_trip: float
    ) -> Curve:
        """Return the curve of the next cycle.

        It is so long that what is accepted in it earns the refusal at its end and ``debt`` more,
        and that a ``pause`` (seconds), if a refusal brings one, costs little of it. It begins at
        0.96 of the limit, so that the server's bucket drains a little, or nearer to it after a
        pause, in which the bucket drained. It is less hasty when a ``round_trip`` (seconds) holds
        many requests: all those would be refused at once.
        """
        length = max(_SHORTEST, (1.0 + debt) / (EARNED * limit), _PAUSE_WEIGHT * pause)
        length = min(_LONGEST, length)
        return cls(
            limit=limit,
            origin=now - length * (_BEGUN_AFTER_PAUSE if pause else _BEGUN),
            length=length,
            haste=_CROWD / (_CROWD + limit * round_trip),
        )

    def at(self, now: float) -> float:
        """Return the rate at a time."""
        bend = (now - self.origin) / self.length - 1.0
        if bend > 1.0:
            bend += (bend - 1.0) * self.haste
        return self.limit * (1.0 + _DEPTH * bend**3)

    def back_at(self, rate: float, now: float) -> Curve:
        """Return the same curve, moved so that it is at a rate, below its own, at this time."""
        bend = math.cbrt((rate / self.limit - 1.0) / _DEPTH)
        return replace(self, origin=now - self.length * (1.0 + bend))
