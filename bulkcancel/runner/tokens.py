"""The token in use: when it is renewed, by whom, and what follows when there is none."""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio
from structlog.typing import FilteringBoundLogger

from bulkcancel.client import Grant, NoToken, Secret, TokenSource
from bulkcancel.decision import backoff
from bulkcancel.runner.bell import Bell
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.options import PoolOptions

_SHORTEST = 0.5
"""A token is used for so many seconds before the next one is asked for, if it lives so long."""
_LEAST_WAIT = 0.1
"""So many seconds lie between two tries at least, however quickly a run repeats its sends."""


class TokenKeeper:
    """Sees to it that whoever sends has a token; one for all workers of a run.

    One worker at a time asks the source. While the token in use is good the others go on with
    it; when there is none, or it has expired or was refused, all wait for the same answer. ``use``
    takes each new token and returns its number.

    Before the first token the source may fail for ``breaker.first_contact`` seconds, later for
    ``breaker.patience``, and not at all for what will not pass. After that ``lacking`` says why.
    """

    def __init__(
        self,
        source: TokenSource,
        *,
        use: Callable[[Secret], int],
        options: PoolOptions,
        clock: Clock,
        chance: Callable[[], float],
        log: FilteringBoundLogger | None = None,
    ) -> None:
        self._source = source
        self._use = use
        self._policy = options.policy
        self._patience = options.breaker.patience
        self._first_patience = min(options.breaker.first_contact, options.breaker.patience)
        self._clock = clock
        self._chance = chance
        self._log = log
        self._bell = Bell()
        self._request: anyio.CancelScope | None = None
        self._token: Secret | None = None
        self._number = 0
        self._due = -math.inf
        self._expires = math.inf
        self._refusal = ""
        self._is_second = False
        self._failing = ""
        self._failures = 0
        self._failing_since = 0.0
        self.lacking = ""
        """Why there is no token and will be none, a sentence fragment; else empty."""

    @property
    def waits_for(self) -> str:
        """Return what everybody waits for, in words; empty while the token in use is good."""
        if self._is_good(self._clock.steady()):
            return ""
        return f"a token: {self._failing}" if self._failing else "a token"

    def is_at_hand(self, now: float) -> bool:
        """Return true when a good token is in use and none is due; else ask `ready`."""
        return (
            now < self._due
            and not self.lacking
            and self._is_good(now)
            and not self._source.has_newer()
        )

    async def ready(self) -> bool:
        """Return true when a good token is in use; false when there is none to be had (`lacking`).

        It is cheap while nothing is due, and then returns without a turn of the event loop.
        """
        while not self.lacking:
            now = self._clock.steady()
            good = self._is_good(now)
            rest = self._due - now
            if rest > 0.0 and not self._source.has_newer():
                if good:
                    return True
                await self._bell.wait(None if math.isinf(rest) else rest)
            elif self._request is None:
                await self._ask(now)
            elif good:
                return True
            else:
                await self._bell.wait()
        return False

    def accepted(self, number: int) -> None:
        """Note that the API took the token with that number."""
        if number == self._number:
            self._is_second = False

    def refused(self, number: int, where: str) -> bool:
        """Note that the API refuses the token with that number; return whether to go on.

        ``where`` names the request in words. A token fetched because of a refusal that is refused
        before it was ever accepted ends the run: the next one would be refused too.
        """
        if number < self._number or self._refusal:
            return not self.lacking
        self._refusal = where
        if self._is_second and not self._source.has_newer():
            self._give_up("a token fetched anew is refused as well")
        elif not self._failing:
            self._due = -math.inf
        return not self.lacking

    def stop(self) -> None:
        """Let nobody wait any longer: the run stops."""
        self.lacking = self.lacking or "the run stops"
        if self._request is not None:
            self._request.cancel()
        self._bell.ring()

    def _is_good(self, now: float) -> bool:
        return self._token is not None and not self._refusal and now < self._expires

    async def _ask(self, now: float) -> None:
        """Ask the source once. ``now`` is before the request, so that no token lives too long."""
        seen: Grant | NoToken | None = None
        try:
            with anyio.CancelScope() as self._request:
                seen = await self._source.fetch()
        finally:
            self._request = None
            self._bell.ring()
        match seen:
            case Grant():
                self._take(seen, now)
            case NoToken():
                self._miss(seen)

    def _take(self, grant: Grant, asked_at: float) -> None:
        if not grant.token.is_sendable():
            self._miss(NoToken(reason="the source gives one that no header can hold", patience=0.0))
            return
        is_same = grant.token == self._token
        if is_same and self._refusal:
            self._miss(NoToken(reason="there is no newer one", patience=0.0))
            return
        # The same token again may come without its life, of which more was known before.
        expires = self._expires if is_same else math.inf
        if grant.lifetime is not None:
            expires = asked_at + grant.lifetime
        wait = math.inf if grant.renew_after is None else max(grant.renew_after, _SHORTEST)
        self._expires, self._due = expires, min(asked_at + wait, expires)
        self._failing, self._failures = "", 0
        if is_same:
            return
        self._is_second = bool(self._refusal)
        self._refusal = ""
        self._token = grant.token
        self._number = self._use(grant.token)
        if self._log is not None:
            say = self._log.info if self._number > 1 else self._log.debug
            say("token.renewed", number=self._number, lives=grant.lifetime)

    def _miss(self, seen: NoToken) -> None:
        """Note that there is no new token, and when to ask again, or that it is of no use."""
        now = self._clock.steady()
        if not self._failing:
            self._failing_since = now
        self._failing = seen.reason
        self._failures += 1
        # Half of it at least: full jitter may ask twice at once, and this other side is one server.
        usual = backoff(self._policy, self._failures, 0.5 + self._chance() / 2.0)
        usual = max(usual, _LEAST_WAIT)
        wait = usual if seen.retry_after is None else max(usual, seen.retry_after)
        patience = self._first_patience if self._token is None else self._patience
        if seen.patience is not None:
            patience = min(patience, seen.patience)
        left = self._failing_since + patience - now
        if self._is_good(now):
            # What is left of the old token's life is time enough to wonder about patience.
            if seen.retry_after is None:
                wait = min(wait, max(0.0, self._expires - now))
        elif left <= 0.0 or (seen.retry_after or 0.0) > left:
            self._give_up(seen.reason)
            return
        else:
            wait = min(wait, max(left, 0.0)) if seen.retry_after is None else wait
        self._due = now + wait
        if self._log is not None:
            self._log.warning("token.not_renewed", reason=seen.reason, again_after=round(wait, 3))

    def _give_up(self, reason: str) -> None:
        if self._refusal:
            self.lacking = f"the API refuses the token; {self._refusal}. {_sentence(reason)}"
        elif self._token is None:
            self.lacking = f"there is no token: {reason}"
        else:
            self.lacking = f"the token has expired, and there is no newer one: {reason}"
        if self._log is not None:
            self._log.warning("token.not_renewed", reason=reason)
        self._bell.ring()


def _sentence(fragment: str) -> str:
    return f"{fragment[:1].upper()}{fragment[1:]}"
