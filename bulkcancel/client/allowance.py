"""What an answer's headers tell of the API's rate limit: ``RateLimit*`` and ``X-RateLimit-*``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from bulkcancel.client.retry_after import seconds_between
from bulkcancel.model import Allowance

_NUMBER: Final = re.compile(r"[0-9]{1,15}")
# The structured form of the IETF's draft (draft-ietf-httpapi-ratelimit-headers), one item of it.
_REMAINING: Final = re.compile(r";\s*r=([0-9]{1,15})(?:;|$)")
_RESET: Final = re.compile(r";\s*t=([0-9]{1,15})(?:;|$)")
_QUOTA: Final = re.compile(r";\s*q=([0-9]{1,15})(?:;|$)")
_WINDOW: Final = re.compile(r";\s*w=([0-9]{1,15})(?:;|$)")
_PREFIXES: Final = ("RateLimit", "X-RateLimit")
_SHORTEST: Final = 2.0
"""A reset in whole seconds that is nearer than this says next to nothing of a rate."""
_LONGEST: Final = 86_400.0
_EPOCH: Final = 1_000_000_000
_EPOCH_MS: Final = 1_000_000_000_000


def allowance_in(headers: Mapping[str, str]) -> Allowance | None:
    """Return the rate that the headers allow, and for how long; ``None`` if they tell none.

    What is left of a quota is spread over the time until it is renewed. A reset may be given in
    seconds from now, or as a moment (Unix time in seconds or milliseconds, or an HTTP date), which
    is measured against the same answer's ``Date``. Malformed values are as good as none.
    """
    if not _tell_of_limits(tuple(headers)):
        return None
    date = headers.get("Date")
    structured = headers.get("RateLimit", "")
    left, reset = _found(_REMAINING, structured), _found(_RESET, structured)
    if left is None or reset is None:
        for prefix in _PREFIXES:
            left = _number(headers.get(f"{prefix}-Remaining"))
            reset = _seconds(headers.get(f"{prefix}-Reset"), date)
            if left is not None and reset is not None:
                break
    if left is not None and reset is not None and _SHORTEST <= reset <= _LONGEST:
        return Allowance(rate=max(1, left) / reset, seconds=reset)
    policy = headers.get("RateLimit-Policy", "")
    quota, window = _found(_QUOTA, policy), _found(_WINDOW, policy)
    if quota and window and window <= _LONGEST:
        return Allowance(rate=quota / window, seconds=window)
    return None


@lru_cache(maxsize=64)
def _tell_of_limits(names: tuple[str, ...]) -> bool:
    """Say whether any header is about a rate limit; a server's answers have few sets of names."""
    return any("ratelimit" in name.lower() for name in names)


def _found(pattern: re.Pattern[str], text: str) -> float | None:
    # Several items, for several policies: which of them counts is not said, so none is taken.
    found = pattern.findall(text)
    return float(found[0]) if len(found) == 1 else None


def _number(text: str | None) -> float | None:
    text = text.strip() if text is not None else ""
    return float(text) if _NUMBER.fullmatch(text) else None


def _seconds(text: str | None, date: str | None) -> float | None:
    value = _number(text)
    if value is None:
        return seconds_between(date, text)
    if value < _EPOCH:
        return value
    moment = value / 1000.0 if value >= _EPOCH_MS else value
    now = seconds_between("Thu, 01 Jan 1970 00:00:00 GMT", date)
    return None if now is None else moment - now
