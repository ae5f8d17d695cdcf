"""The token in use: renewed in time, once for all who send, and what follows when it can't be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import structlog
from structlog.testing import LogCapture

from bulkcancel.breaker import BreakerOptions
from bulkcancel.client import Grant, NoToken, Secret, TokenSource
from bulkcancel.decision import Policy
from bulkcancel.runner import Clock, PoolOptions, TokenKeeper

DOWN = NoToken(reason="the endpoint is down")
WRONG = NoToken(reason="the endpoint refuses the client", patience=0.0)


class Hand(Clock):
    """A steady clock whose hand the test moves on, beside the time that passes."""

    def __init__(self) -> None:
        object.__setattr__(self, "_ahead", [0.0])  # clocks are frozen, this one's hand is not

    def move(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self.__dict__["_ahead"][0] += seconds

    def steady(self) -> float:
        """Return the seconds of the true one, and those moved on."""
        ahead: float = self.__dict__["_ahead"][0]
        return Clock.steady() + ahead


@dataclass
class Script(TokenSource):
    """A source that answers as told, the last answer again and again."""

    answers: list[Grant | NoToken]
    takes: float = 0.0
    newer: bool = False
    asked: int = 0

    def has_newer(self) -> bool:
        """Say so if the test says so."""
        return self.newer

    async def fetch(self) -> Grant | NoToken:
        """Return the next answer, after a while."""
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        await anyio.sleep(self.takes)
        self.newer = False
        return answer


def granted(name: str, lifetime: float | None = 600.0) -> Grant:
    """Return a token that is to be renewed at 80 % of its life."""
    after = None if lifetime is None else 0.8 * lifetime
    return Grant(token=Secret(name), lifetime=lifetime, renew_after=after)


@dataclass
class Kept:
    """A keeper with all that a test looks at."""

    source: Script
    patience: float = 30.0
    first: float = 30.0
    used: list[str] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Hand()
        capture = LogCapture()
        self.events = capture.entries
        self.keeper = TokenKeeper(
            self.source,
            use=self._use,
            options=PoolOptions(
                policy=Policy(wait_initial=0.01, wait_max=0.05),
                breaker=BreakerOptions(patience=self.patience, first_contact=self.first),
            ),
            clock=self.clock,
            chance=lambda: 0.5,
            log=structlog.wrap_logger(None, processors=[capture]),
        )

    def _use(self, token: Secret) -> int:
        self.used.append(token.reveal())
        return len(self.used)

    def named(self, event: str) -> list[Any]:
        """Return the logged events of a name."""
        return [one for one in self.events if one["event"] == event]


def played(scene: Callable[[], Any]) -> Any:
    """Play a scene, which may not take for ever."""

    async def main() -> Any:
        with anyio.fail_after(20):
            return await scene()

    return anyio.run(main)


async def ready_at_once(keeper: TokenKeeper) -> bool | None:
    """Return what `ready` says without waiting, ``None`` if it waits."""
    with anyio.move_on_after(0):
        return await keeper.ready()
    return None


async def all_ready(keeper: TokenKeeper, workers: int = 32) -> list[bool]:
    """Let so many workers ask for a token at the same time."""
    said: list[bool] = []

    async def work() -> None:
        said.append(await keeper.ready())

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    return said


def test_the_first_token_is_fetched_once_for_all() -> None:
    """Thirty-two workers that begin together make one request."""
    kept = Kept(Script([granted("one")], takes=0.05))

    async def scene() -> None:
        assert await all_ready(kept.keeper) == [True] * 32

    played(scene)
    assert (kept.source.asked, kept.used) == (1, ["one"])


def test_at_80_percent_one_fetches_and_the_others_go_on() -> None:
    """Nobody waits for the next token while the old one is good."""
    kept = Kept(Script([granted("one"), granted("two")], takes=0.05))

    async def scene() -> None:
        await kept.keeper.ready()
        kept.clock.move(479.0)
        assert await ready_at_once(kept.keeper) is True
        assert kept.source.asked == 1
        kept.clock.move(2.0)
        async with anyio.create_task_group() as group:
            group.start_soon(kept.keeper.ready)
            await anyio.sleep(0.01)
            assert kept.source.asked == 2
            assert [await ready_at_once(kept.keeper) for _ in range(31)] == [True] * 31
        assert kept.used == ["one", "two"]

    played(scene)
    assert kept.source.asked == 2
    assert [one["number"] for one in kept.named("token.renewed")] == [1, 2]


def test_an_expired_token_is_waited_for_by_all() -> None:
    """Nobody sends what the API would refuse."""
    kept = Kept(Script([granted("one"), granted("two")], takes=0.05))

    async def scene() -> None:
        await kept.keeper.ready()
        kept.clock.move(601.0)
        async with anyio.create_task_group() as group:
            group.start_soon(kept.keeper.ready)
            await anyio.sleep(0.01)
            assert await ready_at_once(kept.keeper) is None
            assert kept.keeper.waits_for == "a token"
        assert await all_ready(kept.keeper) == [True] * 32

    played(scene)
    assert (kept.source.asked, kept.used) == (2, ["one", "two"])


def test_a_life_is_counted_from_before_the_request() -> None:
    """However long the answer took, no token is used beyond its life."""
    kept = Kept(Script([granted("one", 10.0), granted("two", 10.0)], takes=0.3))

    async def scene() -> None:
        await kept.keeper.ready()
        kept.clock.move(9.8)
        assert kept.keeper.waits_for == "a token", "10 s from the request, 9.8 s from the answer"
        assert await ready_at_once(kept.keeper) is None

    played(scene)


def test_a_refused_token_is_replaced_once_for_all_who_met_it() -> None:
    """Thirty-two refusals of one token make one request; those that come late make none."""
    kept = Kept(Script([granted("one"), granted("two")], takes=0.02))

    async def scene() -> None:
        await kept.keeper.ready()
        assert all(kept.keeper.refused(1, "row 2") for _ in range(20))
        assert await all_ready(kept.keeper) == [True] * 32
        assert all(kept.keeper.refused(1, "row 3") for _ in range(12))
        assert await ready_at_once(kept.keeper) is True

    played(scene)
    assert (kept.source.asked, kept.used) == (2, ["one", "two"])


def test_a_token_fetched_anew_and_refused_ends_it() -> None:
    """One refresh, no second: whoever refuses a fresh token will refuse the next."""
    kept = Kept(Script([granted("one"), granted("two"), granted("three")]))

    async def scene() -> None:
        await kept.keeper.ready()
        assert kept.keeper.refused(1, "row 2: HTTP 401")
        assert await kept.keeper.ready()
        assert not kept.keeper.refused(2, "row 3: HTTP 401")
        assert not await kept.keeper.ready()

    played(scene)
    assert kept.source.asked == 2
    assert kept.keeper.lacking == (
        "the API refuses the token; row 3: HTTP 401. A token fetched anew is refused as well"
    )


def test_a_token_that_was_taken_once_may_be_replaced_again() -> None:
    """A token that dies twice in a run is replaced twice."""
    kept = Kept(Script([granted("one"), granted("two"), granted("three")]))

    async def scene() -> None:
        await kept.keeper.ready()
        for number in (1, 2):
            assert kept.keeper.refused(number, "row 2")
            assert await kept.keeper.ready()
            kept.keeper.accepted(number + 1)

    played(scene)
    assert kept.used == ["one", "two", "three"]


def test_the_same_token_again_after_a_refusal_ends_it() -> None:
    """A file or a variable without a newer token in it."""
    kept = Kept(Script([granted("one", None)]))

    async def scene() -> None:
        await kept.keeper.ready()
        kept.keeper.refused(1, "row 2: HTTP 401")
        assert not await kept.keeper.ready()

    played(scene)
    assert kept.keeper.lacking.endswith("row 2: HTTP 401. There is no newer one")
    assert kept.source.asked == 2


def test_a_failing_refresh_does_not_stop_who_has_a_good_token() -> None:
    """It is tried again later, whatever the reason; the log says so."""
    kept = Kept(Script([granted("one"), WRONG, DOWN, granted("two")]), patience=0.0)

    async def scene() -> None:
        await kept.keeper.ready()
        kept.clock.move(500.0)
        while len(kept.used) == 1:
            assert await kept.keeper.ready()
            await anyio.sleep(0.005)

    played(scene)
    assert kept.source.asked == 4
    assert [one["reason"] for one in kept.named("token.not_renewed")] == [WRONG.reason, DOWN.reason]
    assert all(one["again_after"] > 0 for one in kept.named("token.not_renewed"))


def test_a_failing_refresh_is_not_tried_at_each_send() -> None:
    """Between two tries there is a wait, but none beyond the end of the old token's life."""
    kept = Kept(Script([granted("one"), DOWN]))

    async def scene() -> None:
        await kept.keeper.ready()
        kept.clock.move(590.0)
        for _ in range(50):
            assert await kept.keeper.ready()
        assert kept.source.asked == 2
        kept.clock.move(9.95)
        assert await kept.keeper.ready()
        kept.clock.move(0.05)
        assert await ready_at_once(kept.keeper) is None

    played(scene)
    assert kept.source.asked == 4
    first, second = (one["again_after"] for one in kept.named("token.not_renewed")[:2])
    assert first == 0.1, "never sooner, however quickly the run repeats its sends"
    assert second <= 0.05, "what was left of the token's life"


def test_a_dead_token_is_waited_for_as_long_as_the_run_is_patient() -> None:
    """Then all who wait hear why there is none."""
    kept = Kept(Script([granted("one"), DOWN]), patience=0.2)

    async def scene() -> None:
        await kept.keeper.ready()
        kept.clock.move(601.0)
        assert await all_ready(kept.keeper) == [False] * 32

    played(scene)
    assert kept.keeper.lacking == (
        "the token has expired, and there is no newer one: the endpoint is down"
    )
    assert 3 <= kept.source.asked <= 4, "the first token, and a try at both ends of the patience"


def test_an_outage_within_the_patience_is_survived() -> None:
    """The endpoint comes back, and everybody goes on."""
    kept = Kept(Script([granted("one"), DOWN, DOWN, DOWN, granted("two")]))

    async def scene() -> None:
        await kept.keeper.ready()
        kept.clock.move(601.0)
        async with anyio.create_task_group() as group:
            group.start_soon(kept.keeper.ready)
            await anyio.sleep(0.005)
            assert kept.keeper.waits_for == "a token: the endpoint is down"
        assert await all_ready(kept.keeper) == [True] * 32

    played(scene)
    assert kept.used == ["one", "two"]
    assert kept.keeper.waits_for == ""


def test_the_first_token_has_a_patience_of_its_own() -> None:
    """Who never had a token gives up sooner: nothing is lost by that."""
    kept = Kept(Script([DOWN]), patience=30.0, first=0.1)

    async def scene() -> None:
        assert await all_ready(kept.keeper) == [False] * 32

    played(scene)
    assert kept.keeper.lacking == "there is no token: the endpoint is down"
    assert kept.source.asked >= 2


def test_what_will_not_pass_is_not_tried_again() -> None:
    """A wrong secret ends it at the first answer."""
    kept = Kept(Script([WRONG]))

    async def scene() -> None:
        assert await all_ready(kept.keeper) == [False] * 32

    played(scene)
    assert kept.source.asked == 1
    assert kept.keeper.lacking == "there is no token: the endpoint refuses the client"


def test_a_wait_that_is_asked_for_is_kept_or_ends_it() -> None:
    """`Retry-After` counts; one beyond the patience is not waited for."""
    short = NoToken(reason="busy", retry_after=0.2)
    kept = Kept(Script([short, granted("one")]))

    async def scene() -> None:
        began = kept.clock.steady()
        assert await kept.keeper.ready()
        assert kept.clock.steady() - began >= 0.2

    played(scene)
    assert kept.source.asked == 2
    kept = Kept(Script([NoToken(reason="busy", retry_after=3600.0)]))

    async def long_scene() -> None:
        assert not await kept.keeper.ready()

    played(long_scene)
    assert kept.source.asked == 1


def test_a_token_that_no_header_can_hold_is_none() -> None:
    """Somebody's own source may give anything; nothing is sent with it."""
    kept = Kept(Script([granted("one\r\nX: y")]))

    async def scene() -> None:
        assert not await kept.keeper.ready()

    played(scene)
    assert kept.used == []
    assert "no header can hold" in kept.keeper.lacking


def test_a_stop_frees_who_waits() -> None:
    """Nobody holds a draining run up for a token; a request under way is given up."""
    kept = Kept(Script([granted("one")], takes=60.0))

    async def scene() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(kept.keeper.ready)
            await anyio.sleep(0.01)
            kept.keeper.stop()
        assert not await kept.keeper.ready()

    played(scene)
    assert kept.source.asked == 1
    assert kept.used == []


def test_a_token_of_unknown_life_never_expires_by_the_clock() -> None:
    """It is looked after at its time; if that fails, it serves until it is refused."""
    first = Grant(token=Secret("one"), renew_after=480.0)
    kept = Kept(Script([first, DOWN]), patience=0.0)

    async def scene() -> None:
        await kept.keeper.ready()
        kept.clock.move(10_000.0)
        assert await kept.keeper.ready()
        kept.clock.move(10_000.0)
        assert await kept.keeper.ready()
        assert kept.source.asked == 3

    played(scene)
    assert kept.used == ["one"]


def test_the_same_token_with_the_rest_of_its_life_is_no_new_one() -> None:
    """Some endpoints give the old one until it ends: it keeps its number, and is asked for anew."""
    rest = Grant(token=Secret("one"), renew_after=480.0)  # no life is told with it
    kept = Kept(Script([granted("one"), granted("one", 115.0), rest, granted("two")]))

    async def scene() -> None:
        await kept.keeper.ready()
        for seconds in (485.0, 100.0):
            kept.clock.move(seconds)
            assert await kept.keeper.ready()
        assert kept.source.asked == 3
        kept.clock.move(16.0)
        assert await kept.keeper.ready()

    played(scene)
    assert kept.used == ["one", "two"], "the old life still counted when none was told"


def test_a_newer_token_is_noticed_before_the_next_send() -> None:
    """Without a refusal; and one that is no good changes nothing."""
    kept = Kept(Script([granted("one", None), granted("two", None), WRONG, granted("three", None)]))

    async def scene() -> None:
        assert await kept.keeper.ready()
        kept.source.newer = True
        assert await kept.keeper.ready()
        assert kept.used == ["one", "two"]
        kept.source.newer = True
        assert await kept.keeper.ready()
        assert kept.used == ["one", "two"]
        kept.source.newer = True
        assert await kept.keeper.ready()

    played(scene)
    assert kept.used == ["one", "two", "three"]
