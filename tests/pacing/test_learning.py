"""What the pacer does with refusals: growth, cuts, stops, the brake, and the reasons it names."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from bulkcancel.pacing import Pacer, PacerOptions, Reason, Verdict, Waits

TRIP = 0.05


class Player:
    """Sends as soon as it may, one at a time, and gets the answers that a test wants."""

    def __init__(self, *, rate: float = 1000.0, known: float | None = None) -> None:
        self.pacer = Pacer(PacerOptions(rate=rate, known=known))
        self.now = self.seen = 0.0
        self.level = 0.0

    def send(self, verdict: Verdict, retry_after: float | None = None) -> float:
        """Send once, take the answer; return when it was sent."""
        for _ in range(5):
            hold = self.pacer.hold(self.now, 0)
            if hold.seconds <= 0.0:
                break
            self.now += hold.seconds + 1e-9
        sent_at = self.now
        self.pacer.sent(sent_at)
        self.pacer.answered(verdict, sent_at=sent_at, now=sent_at + TRIP, retry_after=retry_after)
        self.now = max(self.now, sent_at + TRIP) if retry_after is not None else self.now
        return sent_at

    def play(self, seconds: float, limit: float | None = None) -> int:
        """Send for so long to a server that takes so many a second; return the refusals."""
        until, refused = self.now + seconds, 0
        while self.now < until:
            self.now += self.pacer.hold(self.now, 0).seconds
            passed, self.seen = self.now - self.seen, self.now
            self.level = max(0.0, self.level - passed * (limit or 0.0))
            over = limit is not None and self.level + 1.0 > 10.0
            self.level += not over
            refused += over
            self.send(Verdict.THROTTLED if over else Verdict.ACCEPTED)
        return refused


def test_it_starts_gently_and_grows_to_the_ceiling() -> None:
    """Ten a second at first, half as much more each second, and never above the ceiling."""
    player = Player(rate=200.0)
    rates = []
    for _ in range(12):
        rates.append(player.pacer.rate(player.now))
        player.play(1.01)
    assert rates[0] == pytest.approx(10.0)
    assert all(later <= 1.5 * rate + 1e-9 for rate, later in pairwise(rates))
    assert rates[-1] == 200.0
    assert player.pacer.limit is None, "nothing was refused: nothing is known"


def test_it_starts_below_the_limit_that_is_known() -> None:
    """A limit that an earlier run learned is approached from seven tenths of it, gently."""
    assert Player(known=40.0).pacer.rate(0.0) == pytest.approx(28.0)
    assert Player(known=2.0).pacer.rate(0.0) == pytest.approx(1.4)
    assert Player(known=4000.0, rate=25.0).pacer.rate(0.0) == 25.0
    player = Player(known=40.0)
    player.play(4.0)
    assert player.pacer.rate(player.now) < 44.0


@pytest.mark.parametrize("limit", [5.0, 50.0, 200.0])
def test_it_finds_the_limit(limit: float) -> None:
    """After two minutes the limit is known to a twentieth, and refusals are below one percent."""
    player = Player()
    player.play(120.0, limit)
    assert player.pacer.limit == pytest.approx(limit, rel=0.05)
    refused = player.play(300.0, limit)
    assert refused <= 0.01 * 300.0 * limit


def test_a_lone_refusal_below_the_limit_is_forgiven() -> None:
    """One 429 at a pace that was fine before changes neither limit nor pace; two soon after do."""
    player = Player()
    player.play(60.0, 50.0)
    pacer = player.pacer
    while pacer.rate(player.now) > 0.99 * (pacer.limit or 0.0) or player.play(0.1, 50.0):
        player.play(0.1, 50.0)
    limit, rate = pacer.limit, pacer.rate(player.now)
    player.send(Verdict.THROTTLED)
    assert pacer.limit == limit
    assert pacer.rate(player.now) == pytest.approx(rate, rel=0.01)
    for _ in range(4):
        player.send(Verdict.ACCEPTED)
    player.send(Verdict.THROTTLED)
    assert limit is not None
    assert pacer.limit is not None
    assert pacer.limit < limit


def test_two_refusals_with_nothing_between_stop_all_but_probes() -> None:
    """Then one request at a time asks, at growing waits, until one is accepted."""
    player = Player()
    player.play(5.0)
    player.send(Verdict.THROTTLED)
    player.now += 2.0 * TRIP
    player.send(Verdict.THROTTLED)
    player.now += 2.0 * TRIP
    pacer = player.pacer
    assert pacer.hold(player.now, 0).reason is Reason.PROBING
    gaps = []
    for _ in range(6):
        before = player.now
        sent_at = player.send(Verdict.THROTTLED)
        gaps.append(sent_at - before)
        player.now += 2.0 * TRIP
    assert gaps == sorted(gaps)
    assert 0.2 <= gaps[0] <= 0.3
    hold = pacer.hold(player.now, 0)
    player.now += hold.seconds + 1e-9
    pacer.sent(player.now)
    assert pacer.hold(player.now, 1).seconds == math.inf, "one probe at a time"
    pacer.answered(Verdict.ACCEPTED, sent_at=player.now, now=player.now + TRIP)
    assert pacer.hold(player.now + TRIP, 0).reason is not Reason.PROBING


def test_a_failed_probe_is_repeated() -> None:
    """A probe without an answer says nothing: another one has to ask, and asks."""
    player = Player()
    player.play(5.0)
    for _ in range(2):
        player.send(Verdict.THROTTLED)
        player.now += 2.0 * TRIP
    player.send(Verdict.FAILED)
    assert player.pacer.hold(player.now + TRIP, 0).reason is Reason.PROBING
    assert player.pacer.hold(player.now + TRIP, 0).seconds < math.inf


def test_after_a_retry_after_one_request_asks_first() -> None:
    """Not all that waited goes at once: the first one's answer opens the gate."""
    player = Player()
    player.play(5.0)
    player.send(Verdict.THROTTLED, retry_after=5.0)
    pacer, now = player.pacer, player.now
    assert pacer.hold(now, 0).reason is Reason.RETRY_AFTER
    later = now + 5.0 + 1e-6
    assert pacer.hold(later, 0).seconds == 0.0
    pacer.sent(later)
    assert pacer.hold(later + 1.0, 1).seconds == math.inf
    pacer.answered(Verdict.ACCEPTED, sent_at=later, now=later + 1.0)
    assert pacer.hold(later + 2.0, 0).seconds == 0.0


def test_a_server_that_breaks_is_asked_less() -> None:
    """Above a tenth of failures the rate goes back by three tenths, at most every five seconds."""
    player = Player(rate=100.0)
    player.play(20.0)
    assert player.pacer.rate(player.now) == 100.0
    for count in range(40):
        player.send(Verdict.FAILED if count % 4 == 0 else Verdict.ACCEPTED)
    assert player.pacer.rate(player.now) == pytest.approx(70.0, rel=0.02)
    player.play(30.0)
    assert player.pacer.rate(player.now) == 100.0


def test_concurrency_follows_rate_and_round_trip() -> None:
    """So many in flight are useful as the rate fills in a round trip, and half as many again."""
    player = Player(rate=100.0)
    player.play(30.0)
    pacer = player.pacer
    useful = 100.0 * TRIP * 1.5 + 4.0
    assert pacer.hold(player.now, math.ceil(useful)).reason is Reason.CONCURRENCY
    assert pacer.hold(player.now, math.ceil(useful)).seconds == math.inf
    assert pacer.hold(player.now, math.floor(useful) - 1).reason is not Reason.CONCURRENCY


def test_a_limit_is_not_learned_below_what_is_sent() -> None:
    """After half an hour of refusals at 0.3/s a server that heals is used again within minutes."""
    player = Player(rate=25.0)
    player.play(1800.0, 0.3)
    assert player.pacer.limit == pytest.approx(0.5, rel=0.1)
    player.play(1200.0, 50.0)
    assert player.pacer.rate(player.now) == 25.0


def test_an_early_retry_after_is_no_quota() -> None:
    """One 429 with a pause among the first requests does not fix the pace for long."""
    player = Player(rate=25.0)
    player.send(Verdict.THROTTLED, retry_after=1.0)
    player.play(60.0)
    assert player.pacer.rate(player.now) == 25.0


def test_idling_moves_nothing() -> None:
    """After a minute without anything to send the pace is where it was, not far above the limit."""
    player = Player()
    player.play(120.0, 20.0)
    pacer, before = player.pacer, player.pacer.rate(player.now)
    player.now += 60.0
    player.level = 0.0
    player.play(0.2, 20.0)
    assert pacer.rate(player.now) == pytest.approx(before, rel=0.1)


def test_waits_add_up() -> None:
    """Each second goes to the reason that held it; the main one is that of the last second."""
    waits = Waits()
    waits.turn(Reason.CEILING, 10.0, limit=None)
    waits.turn(Reason.LEARNED_LIMIT, 12.5, limit=None)
    mains = [waits.main]
    waits.turn(None, 16.5, limit=50.0)
    mains.append(waits.main)
    waits.turn(Reason.BREAKER, 20.0, limit=50.0)
    mains.append(waits.main)
    assert mains == [Reason.CEILING, Reason.LEARNED_LIMIT, None]
    waits.tick(25.0, limit=50.0)
    assert waits.seconds()["breaker"] == 5.0, "a hold counts while it lasts"
    assert waits.main is Reason.BREAKER
    waits.turn(None, 30.0, limit=50.0)
    assert waits.seconds() == {"ceiling": 2.5, "learned limit": 4.0, "breaker": 10.0}
    assert waits.used(150) == pytest.approx(150 / (4.0 * 50.0)), "time without work counts not"


def test_nothing_is_used_of_a_limit_that_nobody_knows() -> None:
    """Without a learned limit there is no share of it."""
    waits = Waits()
    waits.turn(Reason.CEILING, 0.0, limit=None)
    waits.turn(None, 5.0, limit=None)
    assert waits.used(100) is None
