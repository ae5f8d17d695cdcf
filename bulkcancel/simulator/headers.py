"""The headers by which a server speaks of its limit: Retry-After, RateLimit, X-RateLimit, Date."""

from __future__ import annotations

import math
import re
from email.utils import formatdate
from typing import Literal, TypeAlias, assert_never

from bulkcancel.simulator.limits import Verdict

Advertise: TypeAlias = Literal[
    "ratelimit", "ratelimit-fields", "x-delta", "x-epoch", "x-ms", "x-date", "malformed"
]
"""How the limit is told: the two forms of the IETF draft (one structured header with its policy,
or three plain ones), ``X-RateLimit-*`` with its reset in seconds from now, as Unix seconds, as Unix
milliseconds or as a date, or values that no one can read."""

_DATE = re.compile(r"date([+-]\d{1,9})")


def http_date(wall: float) -> str:
    """Return Unix seconds as an HTTP date."""
    return formatdate(wall, usegmt=True)


def retry_after(text: str, wall: float) -> str:
    """Return a Retry-After as it goes out: ``date+7`` is the HTTP date 7 s after ``wall``."""
    relative = _DATE.fullmatch(text)
    return http_date(wall + int(relative[1])) if relative else text


def advertised(style: Advertise, verdict: Verdict, wall: float) -> dict[str, str]:
    """Return the headers that tell the limit; ``wall`` is the server's time, Unix seconds."""
    quota, left, reset = verdict.quota, verdict.remaining, math.ceil(verdict.reset)
    match style:
        case "ratelimit":
            return {
                "RateLimit-Policy": f'"default";q={quota};w={math.ceil(verdict.period)}',
                "RateLimit": f'"default";r={left};t={reset}',
            }
        case "ratelimit-fields":
            return _three("RateLimit", quota, left, str(reset))
        case "x-delta":
            return _three("X-RateLimit", quota, left, str(reset))
        case "x-epoch":
            return _three("X-RateLimit", quota, left, str(math.ceil(wall + verdict.reset)))
        case "x-ms":
            milliseconds = math.ceil((wall + verdict.reset) * 1000)
            return _three("X-RateLimit", quota, left, str(milliseconds))
        case "x-date":
            return _three("X-RateLimit", quota, left, http_date(wall + reset))
        case "malformed":
            return {
                "RateLimit": '"default";r=²;t=',
                "X-RateLimit-Limit": "-1",
                "X-RateLimit-Remaining": "1e999",
                "X-RateLimit-Reset": "soon",
            }
        case _:
            assert_never(style)


def _three(prefix: str, quota: int, left: int, reset: str) -> dict[str, str]:
    return {
        f"{prefix}-Limit": str(quota),
        f"{prefix}-Remaining": str(left),
        f"{prefix}-Reset": reset,
    }
