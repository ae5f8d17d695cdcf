"""What stands before the allocations: bearer token, site context, rate limit."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from bulkcancel.simulator.headers import advertised, http_date, retry_after
from bulkcancel.simulator.limits import FixedWindow, Limit, Verdict, build_limit
from bulkcancel.simulator.options import SimulatorOptions
from bulkcancel.simulator.replies import Reply, message
from bulkcancel.simulator.tokens import Bearer

_SITE_CONTEXT = "x-site-context"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """``refused`` is the answer to a request that may not pass; ``headers`` go on every answer."""

    refused: Reply | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Gate:
    """Lets a request pass, or refuses it; a refused one has no effect."""

    def __init__(self, options: SimulatorOptions) -> None:
        self._options = options
        self._limit: Limit | None = build_limit(
            rate=options.rate, burst=options.burst, window=options.window
        )
        self._retry_after = options.retry_after
        self._good_context = ""

    def set_rate(
        self,
        rate: float | None,
        *,
        burst: int = 5,
        window: tuple[int, float] | None = None,
        retry_after: str | None = None,
    ) -> None:
        """Put another limit in place, from now on; without a rate and a window there is none.

        Raises:
            RefusedError: both a rate and a window, or a value that can't be.
        """
        self._limit = build_limit(rate=rate, burst=burst, window=window)
        self._retry_after = retry_after

    def check(self, bearer: Bearer, headers: Mapping[str, str], now: float, wall: float) -> Passage:
        """Decide on a request; ``now`` is monotonic, ``wall`` the server's Unix time, seconds."""
        extra = {"Date": http_date(wall)} if self._options.clock_skew else {}
        if bearer.standing != "accepted":
            words = "Unauthorized" if bearer.standing == "none" else "The token is not valid"
            words = "The token has expired" if bearer.standing == "expired" else words
            no = message(401, words, **{"WWW-Authenticate": "Bearer"})
            return Passage(refused=no, headers=extra)
        problem = self._context_problem(headers.get(_SITE_CONTEXT))
        refused = None if problem is None else message(400, problem)
        if self._limit is None:
            return Passage(refused=refused, headers=extra) if problem or extra else _OPEN
        verdict = self._limit.admit(now)
        if self._options.advertise is not None:
            extra |= advertised(self._options.advertise, verdict, wall)
        if verdict.admitted:
            return Passage(refused=refused, headers=extra)
        wait = self._wait_text(verdict, wall)
        if wait is not None:
            extra["Retry-After"] = wait
        return Passage(refused=message(429, "Too many requests"), headers=extra)

    def _wait_text(self, verdict: Verdict, wall: float) -> str | None:
        if self._retry_after == "none":
            return None
        if self._retry_after is not None:
            return retry_after(self._retry_after, wall)
        # nginx's limiter says nothing; a gateway that counts in windows knows when the next begins.
        return str(math.ceil(verdict.reset)) if isinstance(self._limit, FixedWindow) else None

    def _context_problem(self, text: str | None) -> str | None:
        """Return what is wrong with the site context, or ``None``."""
        if text is None:
            return f"{_SITE_CONTEXT} is required"
        if text == self._good_context:
            return None
        try:
            context = json.loads(text)
        except ValueError:
            return f"{_SITE_CONTEXT} is not a JSON object"
        if not isinstance(context, dict):
            return f"{_SITE_CONTEXT} is not a JSON object"
        account = context.get("account")
        if not isinstance(account, str) or not account:
            return f"{_SITE_CONTEXT} lacks the account"
        if self._options.account is not None and account != self._options.account:
            return f"{_SITE_CONTEXT} names an unknown account"
        self._good_context = text
        return None


_OPEN = Passage()
