"""Real processes that share one rate in a real Redis, through all that can go wrong with it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from redisserver import REDIS, RedisServer
from relay import Relay
from rigging import ACCOUNT, TOKEN, Rig, make_ids
from shared_rate import pace_of, share, start

PASSWORD = "sentinel-of-redis-77"
PATIENCE = ("--outage-patience", "1")


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Give a Redis of the test's own."""
    if REDIS is None:
        pytest.skip("there is no redis-server here; tests/install.sh installs it")
    made = RedisServer(folder=tmp_path_factory.mktemp("redis"))
    made.start()
    yield made
    made.kill()


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something to come true."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not come true"
        time.sleep(0.01)


def said(rig: Rig, number: int) -> str:
    """Return what the process of that number wrote."""
    return (rig.path / f"p{number}.out").read_text() + (rig.path / f"p{number}.err").read_text()


def arrivals(rig: Rig, ids: list[str]) -> list[float]:
    """Return when requests for these ids arrived, in seconds of one clock."""
    wanted = set(ids)
    return [one.monotonic for one in rig.server.ledger.entries() if wanted.intersection(one.ids)]


def test_four_processes_share_one_rate(rig: Rig, server: RedisServer) -> None:
    """Over the busy time the sum is within three percent, and no second holds a burst."""
    rig.serve(latency=0.01)
    pace = share(rig, server.url, processes=4, rate=400.0, allocations=600, more=())
    assert pace.rate <= 400.0 * 1.03
    # What a loaded machine takes in late, a third of a second or so, comes on top of what is due.
    assert pace.most <= 400.0 * 1.35
    for number in range(4):
        pacing = rig.summary(f"p{number}")["pacing"]
        assert pacing["seconds_held"]["shared rate"] > 0.0
        assert rig.summary(f"p{number}")["options"]["shared_rate"] == server.url


def test_without_sharing_the_same_processes_go_faster(rig: Rig) -> None:
    """The test above can fail: a rate for each of them is no rate for all."""
    rig.serve()
    parts = [make_ids(60, 1), make_ids(60, 101)]
    running = [start(rig, number, ids, "--rate", "20") for number, ids in enumerate(parts)]
    assert [process.wait(60) for process in running] == [0, 0]
    times = [at for ids in parts for at in arrivals(rig, ids)]
    assert pace_of(times, max(times)).most > 22


def test_one_is_killed_and_resumed(rig: Rig, server: RedisServer) -> None:
    """The other goes on meanwhile; the resume keeps to the shared rate, and both balance."""
    rig.serve()
    first, second = make_ids(200, 1), make_ids(200, 1001)
    words = ("--rate", "100", "--shared-rate", server.url)
    killed, other = start(rig, 0, first, *words), start(rig, 1, second, *words)
    until(lambda: len(arrivals(rig, first)) >= 40)
    killed.kill()
    killed.wait()
    ran = rig.call("resume", "p0")
    assert ran.code == 0, ran.err
    assert other.wait(60) == 0, said(rig, 1)
    everything = sorted([*arrivals(rig, first), *arrivals(rig, second)])
    assert pace_of(everything, everything[-1]).most <= 100 * 1.35
    assert "shared rate" in rig.summary("p0")["pacing"]["seconds_held"]
    for number, ids in ((0, first), (1, second)):
        outcomes = rig.summary(f"p{number}")["outcomes"]
        assert outcomes["cancelled"] == len(ids)
        assert rig.summary(f"p{number}")["control"]["balanced"]


def test_the_lowest_rate_counts_and_is_told(rig: Rig, server: RedisServer) -> None:
    """Whoever allows less is heard by the others; the log says which rate is in force."""
    rig.serve()
    quick, slow = make_ids(150, 1), make_ids(60, 1001)
    running = [
        start(rig, 0, quick, "--rate", "500", "--shared-rate", server.url),
        start(rig, 1, slow, "--rate", "40", "--shared-rate", server.url),
    ]
    assert [process.wait(60) for process in running] == [0, 0], said(rig, 0)
    times = arrivals(rig, slow)
    busy = [at for at in [*arrivals(rig, quick), *times] if times[0] + 0.1 < at < times[-1]]
    assert len(busy) <= 40 * 1.03 * (times[-1] - times[0]) + 10
    if len(busy) > len(times):  # both were at work at once
        assert "shared_rate.changed" in said(rig, 0)


def test_a_retry_after_of_one_holds_all(rig: Rig, server: RedisServer) -> None:
    """What the API tells one process the others heed, without being refused themselves."""
    first, second = make_ids(200, 1), make_ids(200, 1001)
    rig.serve(f"429:3@{first[60]}*1")
    words = ("--rate", "60", "--shared-rate", server.url)
    running = [start(rig, 0, first, *words), start(rig, 1, second, *words)]
    assert [process.wait(90) for process in running] == [0, 0], said(rig, 0)
    (refused,) = [one.monotonic for one in rig.server.ledger.entries() if one.status == 429]
    for ids in (first, second):
        early = [at for at in arrivals(rig, ids) if refused + 0.5 < at < refused + 2.9]
        assert early == []
    assert rig.summary("p1")["pacing"]["throttled"] == 0
    assert rig.summary("p1")["pacing"]["seconds_held"]["retry-after"] > 0.0


def test_another_one_is_told_to_wait_longer_than_we_may(rig: Rig, server: RedisServer) -> None:
    """A pause that is longer than --outage-patience ends this run too: exit 5, resumable."""
    first, second = make_ids(100, 1), make_ids(400, 1001)
    rig.serve(f"429:60@{first[40]}*1")
    words = ("--rate", "60", "--shared-rate", server.url)
    patient = start(rig, 0, first, *words)
    hasty = start(rig, 1, second, *words, "--outage-patience", "5")
    assert hasty.wait(60) == 5, said(rig, 1)
    assert "The API asked another process of this account to wait" in said(rig, 1)
    patient.kill()
    patient.wait()


def test_redis_dies_and_rises_in_mid_run(rig: Rig, server: RedisServer) -> None:
    """Nothing goes out while it is gone; then the run goes on by itself, without a burst."""
    rig.serve()
    wanted = make_ids(300)
    process = start(rig, 0, wanted, "--rate", "100", "--shared-rate", server.url)
    until(lambda: len(arrivals(rig, wanted)) >= 60)
    server.kill()
    died = time.monotonic()
    until(lambda: "shared_rate.lost" in said(rig, 0))
    time.sleep(1.0)
    rose = time.monotonic()
    server.start()
    assert process.wait(60) == 0, said(rig, 0)
    times = arrivals(rig, wanted)
    assert [at for at in times if died + 0.3 < at < rose] == []
    assert pace_of(times, times[-1]).most <= 100 * 1.03 + 20
    assert "shared_rate.back" in said(rig, 0)
    assert rig.summary("p0")["outcomes"]["cancelled"] == 300
    rig.check(wanted, run_id="p0")


def test_redis_stays_dead_in_mid_run(rig: Rig, server: RedisServer) -> None:
    """After --outage-patience: exit 5, a balanced report; a resume goes on when it is back."""
    rig.serve()
    wanted = make_ids(200)
    process = start(rig, 0, wanted, "--rate", "100", "--shared-rate", server.url, *PATIENCE)
    until(lambda: len(arrivals(rig, wanted)) >= 40)
    server.kill()
    assert process.wait(60) == 5, said(rig, 0)
    verdict = rig.summary("p0")["verdict"]
    assert f"{server.url} can't be reached (Connection refused)" in verdict
    assert rig.summary("p0")["outcomes"]["unknown"] == 0
    assert rig.summary("p0")["outcomes"]["not_attempted"] > 0
    rig.check(wanted, run_id="p0")
    server.start()
    ran = rig.call("resume", "p0")
    assert ran.code == 0, ran.err
    rig.check(wanted, run_id="p0")


def test_redis_is_not_there_at_the_start(rig: Rig, server: RedisServer) -> None:
    """Exit 5 and a sentence; nothing was sent or about to be; a resume may do without."""
    server.kill()
    rig.serve()
    wanted = make_ids(20)
    ran = rig.run(rig.write(wanted), "--shared-rate", server.url, *PATIENCE)
    assert ran.code == 5, ran.err
    assert f"{server.url} can't be reached (Connection refused)" in ran.out
    assert rig.server.ledger.summary().requests == 0
    assert rig.summary()["outcomes"]["not_attempted"] == 20
    assert rig.summary()["attempts"]["not_sent"] == {}
    rig.check(wanted)
    ran = rig.call("resume", "night", "--shared-rate", "off")
    assert ran.code == 0, ran.err
    rig.check(wanted)


def test_redis_comes_a_little_later(rig: Rig, server: RedisServer) -> None:
    """Machines that start together need no order: the run waits for it a while."""
    server.kill()
    rig.serve()
    process = start(rig, 0, make_ids(20), "--shared-rate", server.url)
    until(lambda: "shared_rate.lost" in said(rig, 0))
    assert rig.server.ledger.summary().requests == 0
    server.start()
    assert process.wait(60) == 0, said(rig, 0)


def test_ctrl_c_does_not_wait_for_redis(rig: Rig, server: RedisServer) -> None:
    """A run that waits for its first contact stops at once."""
    server.kill()
    rig.serve()
    process = start(rig, 0, make_ids(20), "--shared-rate", server.url)
    until(lambda: "shared_rate.lost" in said(rig, 0))
    process.terminate()
    assert process.wait(20) == 143, said(rig, 0)
    assert rig.server.ledger.summary().requests == 0


def test_a_slow_redis_only_delays(rig: Rig, server: RedisServer) -> None:
    """A tenth of a second for each answer: all is cancelled, and never faster than the rate."""
    rig.serve()
    relay = Relay(port=server.port, delay=0.05)
    rig.stack.callback(relay.die)
    wanted = make_ids(150)
    url = relay.origin.replace("http://", "redis://")
    ran = rig.run(rig.write(wanted), "--rate", "100", "--shared-rate", url)
    assert ran.code == 0, ran.err
    times = arrivals(rig, wanted)
    assert pace_of(times, times[-1]).most <= 100 * 1.03 + 10
    rig.check(wanted)


def kept_apart(rig: Rig, *texts: str) -> None:
    """Assert that the password is in none of these texts, nor in any file that a run made."""
    for text in texts:
        assert PASSWORD not in text
    for path in rig.path.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path


@pytest.fixture
def guarded(server: RedisServer) -> RedisServer:
    """Give a Redis that wants a password."""
    with server.client() as client:
        client.config_set("requirepass", PASSWORD)
    return server


@pytest.mark.parametrize("way", ["variable", "file", "file from the environment"])
def test_a_password_that_nothing_shows(rig: Rig, guarded: RedisServer, way: str) -> None:
    """It opens the Redis for run, verify, plan and doctor, and stands in no output or file."""
    rig.serve()
    file = rig.path.parent / f"{rig.path.name}.secret"
    file.write_text(f"{PASSWORD}\n")
    wanted, more = make_ids(20), dict[str, str]()
    words: tuple[str, ...] = ()
    if way == "variable":
        more = {"BULKCANCEL_SHARED_RATE_PASSWORD": PASSWORD}
    elif way == "file":
        words = ("--shared-rate-password-file", str(file))
    else:
        more = {"BULKCANCEL_SHARED_RATE_PASSWORD_FILE": str(file)}
    environment = rig.environment(**more)
    shared = ("--rate", "200", "--shared-rate", guarded.url, *words)
    source = str(rig.write(wanted))
    ran = [
        rig.call(
            "run", source, *rig.aim(), *shared, "--yes", "--run-id", "night", "--verbose",
            environment=environment,
        ),
        rig.call("verify", "night", *words, environment=environment),
        rig.call("plan", source, *rig.aim(), *shared, "--precheck", environment=environment),
        rig.call("doctor", *rig.aim(), *shared, environment=environment),
        rig.call("config", "show", *rig.aim(), *shared, environment=environment),
    ]  # fmt: skip
    assert [one.code for one in ran] == [0] * 5, [one.err for one in ran]
    assert f"Shared     that rate, by all that name {guarded.url}" in ran[2].out
    assert f"{guarded.url} answers; 200 requests/s for all together" in ran[3].out
    masked = [line for line in ran[4].out.splitlines() if line.startswith("shared-rate-password ")]
    assert [line.split()[1] for line in masked] == (["***"] if way == "variable" else [])
    assert rig.summary()["outcomes"]["cancelled"] == 20
    kept_apart(rig, *(one.out + one.err for one in ran))


def test_a_wrong_password(rig: Rig, guarded: RedisServer) -> None:
    """Exit 6 at once, nothing sent; the sentence says what to mend, and a resume goes on."""
    rig.serve()
    wanted = make_ids(20)
    ran = rig.run(rig.write(wanted), "--shared-rate", guarded.url)
    assert ran.code == 6, ran.err
    assert "refuses the user or the password" in ran.out
    assert rig.server.ledger.summary().requests == 0
    rig.check(wanted)
    right = rig.environment(BULKCANCEL_SHARED_RATE_PASSWORD=PASSWORD)
    resumed = rig.call("resume", "night", environment=right)
    assert resumed.code == 0, resumed.err
    rig.check(wanted)
    kept_apart(rig, ran.out, ran.err, resumed.out, resumed.err)


@pytest.mark.parametrize("place", ["flag", "variable", "file"])
def test_a_password_in_the_address_is_refused(rig: Rig, place: str) -> None:
    """Wherever it stands: exit 2, nothing made, and neither error nor `config show` shows it."""
    rig.serve()
    url, more = f"redis://:{PASSWORD}@127.0.0.1:1/0", dict[str, str]()
    words: tuple[str, ...] = ()
    source = str(rig.write(make_ids(3)))
    if place == "flag":
        words = ("--shared-rate", url)
    elif place == "variable":
        more = {"BULKCANCEL_SHARED_RATE": url}
    else:
        (rig.path / "bulkcancel.toml").write_text(f'shared-rate = "{url}"\n')
    environment = rig.environment(**more)
    ran = rig.call("run", source, *rig.aim(), "--yes", *words, environment=environment)
    assert ran.code == 2, ran.err
    assert "BULKCANCEL_SHARED_RATE_PASSWORD" in ran.err
    assert not (rig.path / "reports").exists()
    shown = rig.call("config", "show", *rig.aim(), *words, environment=environment)
    doctor = rig.call("doctor", *rig.aim(), *words, environment=environment)
    assert (shown.code, doctor.code) == (0, 2)
    for text in (ran.out, ran.err, shown.out, shown.err, doctor.out, doctor.err):
        assert PASSWORD not in text
    (rig.path / "bulkcancel.toml").unlink(missing_ok=True)


def test_a_password_is_no_setting(rig: Rig) -> None:
    """A settings file that holds it is refused like one that holds a token."""
    (rig.path / "bulkcancel.toml").write_text(f'shared-rate-password = "{PASSWORD}"\n')
    ran = rig.call("doctor")
    assert ran.code == 2
    assert "shared-rate-password is a secret, and no setting" in ran.err
    assert PASSWORD not in ran.err
    (rig.path / "bulkcancel.toml").unlink()


def test_a_profile_may_name_it(rig: Rig, server: RedisServer) -> None:
    """A setting like any other; a resume has the run's own, not a file's."""
    rig.serve()
    file = rig.path / "bulkcancel.toml"
    file.write_text(f'[profile.shards]\nshared-rate = "{server.url}"\nrate = 200\n')
    source = str(rig.write(make_ids(20)))
    words = ("--yes", "--run-id", "night", "--limit", "10", "--profile", "shards")
    ran = rig.call("run", source, *rig.aim(), *words)
    assert ran.code == 5, ran.err
    file.write_text('shared-rate = "redis://127.0.0.1:1"\n')
    ran = rig.call("resume", "night")
    assert ran.code == 0, ran.err
    journalled = json.loads(rig.call("report", "night", "--json").out)["options"]
    assert journalled["shared_rate"] == server.url


def test_doctor_and_verify_without_redis(rig: Rig, server: RedisServer) -> None:
    """Each says that it is not there; nothing is read past the shared rate."""
    rig.serve()
    assert rig.run(rig.write(make_ids(10)), "--shared-rate", server.url, *PATIENCE).code == 0
    before = rig.server.ledger.summary().requests
    server.kill()
    verified = rig.call("verify", "night")
    assert verified.code == 5, verified.err
    assert "The shared rate can't be kept" in verified.out
    assert rig.server.ledger.summary().requests == before
    doctor = rig.call("doctor", *rig.aim(), "--shared-rate", server.url)
    assert doctor.code == 5
    assert "can't be reached (Connection refused)" in doctor.out


def test_canaries_are_read_back_at_the_shared_rate(rig: Rig, server: RedisServer) -> None:
    """The look is part of the schedule, and the rest goes on after it."""
    rig.serve()
    wanted = make_ids(40)
    words = ("--canary", "10", "--rate", "20", "--shared-rate", server.url)
    ran = rig.run(rig.write(wanted), *words)
    assert ran.code == 0, ran.err
    times = arrivals(rig, wanted)
    assert len(times) == 50
    gaps = sorted(later - before for before, later in pairwise(times))
    assert gaps[len(gaps) // 2] >= 0.04
    rig.check(wanted)


def test_what_was_learned_beside_others_is_not_kept(rig: Rig, server: RedisServer) -> None:
    """The limit of one process among several is not the account's."""
    rig.serve(rate=12.0, burst=3)
    source = str(rig.write(make_ids(80)))
    words = ("--rate", "300", "--shared-rate", server.url, "--yes", "--run-id", "night")
    ran = rig.call("run", source, *rig.aim(), *words)
    assert ran.code == 0, ran.err
    assert rig.summary()["pacing"]["learned_limit"] is not None
    assert list((rig.path / "state").rglob("limits/*.json")) == []


def test_the_library_shares_a_rate(rig: Rig, guarded: RedisServer) -> None:
    """The same settings, with the password as a secret."""
    rig.serve()
    program = rig.path / "program.secret"
    program.write_text(
        "import sys\nfrom pathlib import Path\nimport bulkcancel\n"
        "done = bulkcancel.run(\n"
        "    bulkcancel.InputOptions(path='ids.csv'),\n"
        "    bulkcancel.RunSettings(\n"
        "        target=bulkcancel.Target(base_url=sys.argv[1], account=sys.argv[2]),\n"
        "        rate=100.0, shared_rate=sys.argv[3],\n"
        "    ),\n"
        f"    token=bulkcancel.Secret({TOKEN!r}), confirm=10,\n"
        f"    shared_password=bulkcancel.Secret({PASSWORD!r}),\n"
        ")\nprint(done.exit_code)\n"
    )
    rig.write(make_ids(10))
    words = (rig.command()[0], str(program), rig.server.url, ACCOUNT, guarded.url)
    done = subprocess.run(
        words, cwd=rig.path, env=rig.environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr
