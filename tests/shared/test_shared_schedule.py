"""The schedule in a real Redis: each slot once, the sum at the rate, and no burst."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redisserver import RedisServer

from bulkcancel.model import Target
from bulkcancel.pacing import Grant
from bulkcancel.shared import NoGrant, Schedule, SharedRate
from bulkcancel.shared.opening import key_of

TARGET = Target(base_url="http://127.0.0.1:1/api/v2", account="1234abcd5678efgh9ijklmno")
KEY = key_of(TARGET)
LATE = 0.02
FOREVER = """
import sys, anyio
from bulkcancel.model import Target
from bulkcancel.shared import SharedRate
async def main():
    target = Target(base_url="http://127.0.0.1:1/api/v2", account="1234abcd5678efgh9ijklmno")
    async with SharedRate(url=sys.argv[1]).opened(target) as schedule:
        while True:
            print(await schedule.ask(200.0, slots=1, pause=0.0), flush=True)
anyio.run(main)
"""


def with_schedule(
    server: RedisServer, do: Callable[[Schedule], Awaitable[list[Grant]]]
) -> list[Grant]:
    """Return what a function makes of a schedule that is open for that long."""

    async def main() -> list[Grant]:
        async with SharedRate(url=server.url).opened(TARGET) as schedule:
            return await do(schedule)

    return anyio.run(main)


async def ask(
    schedule: Schedule, rate: float = 400.0, *, slots: int = 1, pause: float = 0.0
) -> Grant:
    """Ask once; there has to be an answer."""
    seen = await schedule.ask(rate, slots=slots, pause=pause)
    assert isinstance(seen, Grant), seen
    return seen


def asked(server: RedisServer, *asks: tuple[float, int, float]) -> list[Grant]:
    """Ask so often, each time for (rate, slots, pause), and return the answers."""

    async def do(schedule: Schedule) -> list[Grant]:
        return [await ask(schedule, rate, slots=slots, pause=pause) for rate, slots, pause in asks]

    return with_schedule(server, do)


def kept(server: RedisServer) -> dict[str, float]:
    """Return what is kept: microseconds of the server's clock, and a rate."""
    with server.client() as client:
        found: dict[bytes, bytes] = client.hgetall(KEY)
    return {name.decode(): float(value) for name, value in found.items()}


def move(server: RedisServer, seconds: float, *names: str) -> None:
    """Move kept moments, as if the server's clock had been set the other way."""
    before = kept(server)
    with server.client() as client:
        client.hset(KEY, mapping={name: repr(before[name] + seconds * 1e6) for name in names})


def test_slots_follow_one_another(server: RedisServer) -> None:
    """What was asked for last comes after all before it, evenly spaced."""
    first, second, third = asked(server, (0.5, 1, 0.0), (0.5, 3, 0.0), (0.5, 1, 0.0))
    assert first.wait == 0.0
    assert [one.slots for one in (first, second, third)] == [1, 3, 1]
    assert {one.interval for one in (first, second, third)} == {2.0}
    assert 0.0 < second.wait <= 2.0
    assert 6.0 < third.wait <= second.wait + 6.0
    assert kept(server)["rate"] == 0.5


def test_no_slot_is_given_twice(server: RedisServer) -> None:
    """Eight clients at once: together they get exactly as many slots as the schedule moved on."""
    before = asked(server, (50.0, 1, 0.0))
    assert before[0].slots == 1
    began = kept(server)["next"]

    def client(number: int) -> int:
        found = asked(server, *((50.0, 1 + (number + turn) % 3, 0.0) for turn in range(40)))
        return sum(one.slots for one in found)

    with ThreadPoolExecutor(8) as pool:
        slots = sum(pool.map(client, range(8)))
    # Far more than the time allows was asked for, so the schedule never stood still.
    assert kept(server)["next"] - began == pytest.approx(slots * 20_000.0, abs=1.0)


@given(
    rate=st.floats(min_value=5.0, max_value=50_000.0),
    slots=st.lists(st.integers(min_value=1, max_value=50), min_size=1, max_size=12),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_sum_is_never_above_the_rate(
    server: RedisServer, rate: float, slots: Sequence[int]
) -> None:
    """From the first slot to the next free one there is all the time that the rate wants."""
    with server.client() as client:
        client.flushall()
        first = asked(server, (rate, 1, 0.0))[0]
        begun = kept(server)["next"] - 1e6 / rate
        asked(server, *((rate, many, 0.0) for many in slots))
    total = first.slots + sum(slots)
    assert kept(server)["next"] - begun >= total * 1e6 / rate * (1.0 - 1e-3) - 1.0


def test_what_was_not_used_is_not_made_up_for(server: RedisServer) -> None:
    """After a second without a request the next slots begin now, and not a second ago."""

    async def do(schedule: Schedule) -> list[Grant]:
        await ask(schedule)
        await anyio.sleep(1.0)
        return [await ask(schedule, slots=5), await ask(schedule)]

    burst, after = with_schedule(server, do)
    assert burst.wait == 0.0
    assert after.wait <= 5 * 0.0025


def test_a_slot_that_was_just_missed_is_given_out(server: RedisServer) -> None:
    """A few milliseconds of lateness cost nothing: the rate is held, not a lower one."""
    asked(server, (400.0, 1, 0.0))
    move(server, -0.001, "next")
    found = asked(server, (400.0, 1, 0.0))[0]
    assert -LATE <= found.wait <= 0.0025


def test_the_lowest_rate_in_use_counts(server: RedisServer) -> None:
    """Never the sum, nor the highest; once nobody asks for it any more the others' counts."""
    found = asked(server, (400.0, 1, 0.0), (100.0, 1, 0.0), (400.0, 1, 0.0))
    assert [one.rate for one in found] == [400.0, 100.0, 100.0]
    assert found[2].interval == pytest.approx(0.01)
    move(server, -4.0, "rate_at")
    assert asked(server, (400.0, 1, 0.0))[0].rate == 100.0
    move(server, -7.0, "rate_at")
    assert asked(server, (400.0, 1, 0.0))[0].rate == 400.0


def test_a_rate_of_one_in_minutes_is_in_use_for_longer(server: RedisServer) -> None:
    """Who sends once in a hundred seconds is not forgotten in between."""
    asked(server, (0.01, 1, 0.0))
    move(server, -250.0, "rate_at", "next")
    assert asked(server, (400.0, 1, 0.0))[0].rate == 0.01


def test_a_look_changes_nothing(server: RedisServer) -> None:
    """Neither on an empty server nor on one with a schedule."""
    assert asked(server, (25.0, 0, 0.0))[0].slots == 0
    assert kept(server) == {}
    asked(server, (400.0, 1, 0.0))
    before = kept(server)
    assert asked(server, (25.0, 0, 0.0))[0].rate == 400.0
    assert kept(server) == before


def test_a_pause_is_heard_by_all(server: RedisServer) -> None:
    """No slot while it lasts; a shorter one does not end a longer one; then slots begin anew."""
    told, heard, short, longer = asked(
        server, (400.0, 1, 5.0), (400.0, 1, 0.0), (400.0, 0, 1.0), (400.0, 1, 8.0)
    )
    assert [one.slots for one in (told, heard, short, longer)] == [0, 0, 0, 0]
    assert told.paused == pytest.approx(5.0)
    assert 4.0 < heard.paused <= 5.0
    assert 4.0 < short.paused <= 5.0
    assert longer.paused == pytest.approx(8.0)
    move(server, -8.0, "paused")
    after = asked(server, (400.0, 3, 0.0))[0]
    assert (after.slots, after.paused) == (3, 0.0)
    assert -LATE <= after.wait <= 0.0


def test_a_clock_that_is_set_back_stops_nobody(server: RedisServer) -> None:
    """The schedule, the rate and a pause of an hour's future are seen through."""
    asked(server, (100.0, 1, 0.0), (100.0, 0, 3.0))
    move(server, 3600.0, "next", "rate_at", "paused")
    assert asked(server, (400.0, 1, 0.0))[0].paused <= 3.0
    move(server, -4.0, "paused")
    found = asked(server, (400.0, 1, 0.0))[0]
    assert (found.slots, found.rate) == (1, 400.0)
    assert -LATE <= found.wait <= 0.0


def test_a_clock_that_is_set_forward_gives_no_burst(server: RedisServer) -> None:
    """An hour that never was is not made up for."""
    asked(server, (100.0, 1, 0.0))
    move(server, -3600.0, "next", "rate_at")
    assert asked(server, (100.0, 5, 0.0))[0].wait == 0.0


def test_a_high_rate_is_exact(server: RedisServer) -> None:
    """A hundred thousand a second: a thousand slots are ten milliseconds, not eleven."""
    asked(server, (100_000.0, 1, 0.0))
    began = kept(server)["next"]
    asked(server, *((100_000.0, 50, 0.0) for _ in range(20)))
    assert kept(server)["next"] - began >= 10_000.0 * 0.999
    assert kept(server)["next"] - kept(server)["rate_at"] < 60_000.0


def test_nothing_is_kept_for_long(server: RedisServer) -> None:
    """A schedule that nobody asks for goes by itself; it says nothing of the account."""
    asked(server, (400.0, 1, 0.0))
    with server.client() as client:
        (name,) = client.keys()
        assert 60_000 < client.pttl(KEY) < 120_000
    assert TARGET.account not in name.decode()
    assert "127.0.0.1" not in name.decode()
    asked(server, (0.01, 1, 600.0))
    with server.client() as client:
        assert client.pttl(KEY) > 600_000


def test_accounts_and_origins_have_schedules_of_their_own() -> None:
    """The path does not count: it is one API."""
    other = Target(base_url=TARGET.base_url, account="another1another1another1")
    elsewhere = Target(base_url="http://127.0.0.1:2/api/v2", account=TARGET.account)
    same = Target(base_url="http://127.0.0.1:1/api/v3", account=TARGET.account)
    assert len({KEY, key_of(other), key_of(elsewhere)}) == 3
    assert key_of(same) == KEY


def test_a_restart_with_nothing_kept_goes_on(tmp_path: Path, server: RedisServer) -> None:
    """The script is taught anew, and the first slot is now: no burst, no wait."""
    assert server.port
    own = RedisServer(folder=tmp_path)
    own.start()

    async def do(schedule: Schedule) -> list[Grant]:
        await ask(schedule, slots=500)
        await anyio.to_thread.run_sync(own.kill)
        gone = await schedule.ask(400.0, slots=1, pause=0.0)
        assert isinstance(gone, NoGrant)
        assert not gone.denied
        await anyio.to_thread.run_sync(own.start)
        return [await ask(schedule), await ask(schedule, slots=5), await ask(schedule)]

    try:
        first, second, third = with_schedule(own, do)
    finally:
        own.kill()
    assert first.wait == 0.0
    assert second.wait <= 0.0025
    assert third.wait <= 6 * 0.0025


def test_a_client_that_is_killed_leaves_nothing_behind(server: RedisServer) -> None:
    """Its last slots are lost and no more: the others' next one is at once."""
    words = [sys.executable, "-c", FOREVER, server.url]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(20):
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    ahead = kept(server)["next"]
    # It asked without sleeping; when its time is over, nothing of it is left.
    with server.client() as client:
        seconds, micros = client.time()
    time.sleep(max(0.0, (ahead - ((seconds - 1672531200) * 1e6 + micros)) / 1e6))
    found = asked(server, (200.0, 1, 0.0))[0]
    assert (found.slots, found.rate) == (1, 200.0)
    assert found.wait <= 0.0


def test_asking_is_one_round_trip(server: RedisServer) -> None:
    """A send costs one command, the first one on a connection apart."""

    def commands() -> int:
        with server.client() as client:
            found = client.info("commandstats")
        return int(found.get("cmdstat_evalsha", {"calls": 0})["calls"])

    asked(server, (400.0, 1, 0.0))
    before = commands()
    asked(server, *((400.0, 1, 0.0) for _ in range(50)))
    assert commands() - before == 50


@pytest.mark.parametrize("slots", [1, 3])
def test_an_answer_that_is_cut_off_does_not_shift_the_next(server: RedisServer, slots: int) -> None:
    """An answer that nobody waited for is not taken for that of a later question."""

    async def do(schedule: Schedule) -> list[Grant]:
        found = []
        for turn in range(30):
            with anyio.move_on_after(0.0002 * (turn % 4)):
                await schedule.ask(400.0, slots=7, pause=0.0)
            found.append(await ask(schedule, slots=slots))
        return found

    assert {one.slots for one in with_schedule(server, do)} == {slots}


def test_many_threads_agree_on_a_pause(server: RedisServer) -> None:
    """Whoever asks after it was told gets none."""
    asked(server, (400.0, 1, 30.0))
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(partial(asked, server), [(400.0, 1, 0.0)] * 8)
    assert {one.slots for answers in found for one in answers} == {0}
