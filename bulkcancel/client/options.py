"""How the client calls: limits and trust, checked when they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from bulkcancel.errors import RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """The limits of every call.

    ``timeout`` (seconds) bounds one call whole: name look-up, connection, answer and body.
    ``max_body`` is in bytes. ``ca_file`` (PEM) is trusted beside the system's authorities.
    ``connections`` is the most calls that may be under way at a time; a call never queues for a
    connection, so it has to be at least the concurrency of the run. ``allow_http`` lets the token
    travel in the clear to a host that isn't this machine.

    Raises:
        RefusedError: a limit is not a positive number.
    """

    timeout: float = 30.0
    allow_http: bool = False
    max_body: int = 65536
    ca_file: Path | None = None
    connections: int = 64

    def __post_init__(self) -> None:
        if not (math.isfinite(self.timeout) and self.timeout > 0):
            raise RefusedError(f"the timeout has to be a positive number, not {self.timeout}")
        if self.max_body < 1:
            raise RefusedError(f"the largest body has to be positive, not {self.max_body} bytes")
        if self.connections < 1:
            raise RefusedError(f"the connections have to be 1 or more, not {self.connections}")
