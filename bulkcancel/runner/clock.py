"""The two clocks of a run: one for waiting, one for noting when things happened."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Waits go by `steady`, which no one can set; records by `utc`. Both in seconds."""

    steady = staticmethod(time.monotonic)
    utc = staticmethod(time.time)
