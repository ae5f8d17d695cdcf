"""Several ids in one request: whatever an API makes of them, the report agrees with its ledger."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import get_args

import pytest
from rigging import Rig, make_ids

from bulkcancel.simulator.options import Several

MODES = get_args(Several)
TOGETHER = ("--ids-per-request", "20")
KINDS = ("SHIPPED", "missing", "CANCELLED")
IDS = make_ids(160)


def mixed(every: int = 8) -> dict[str, str]:
    """Return states for some of the ids: shipped, unknown and cancelled ones in turn."""
    return {one: KINDS[place % 3] for place, one in enumerate(IDS[3::every])}


def outcomes(rig: Rig) -> dict[str, str]:
    """Return the outcome of each id."""
    return {row["allocation_id"]: row["outcome"] for row in rig.rows()}


def lists(rig: Rig) -> list[int]:
    """Return how many ids each cancel held."""
    return [len(entry.ids) for entry in rig.server.ledger.entries() if entry.method == "PUT"]


@pytest.mark.parametrize(("mode", "already"), [*((mode, "409") for mode in MODES), ("each", "ok")])
def test_every_behaviour_with_ids_of_every_sort(rig: Rig, mode: Several, already: str) -> None:
    """Shipped, unknown and cancelled ids among the others: each gets its own true outcome."""
    states = mixed()
    rig.serve(several=mode, states=states, already=already)
    ran = rig.run(rig.write(IDS), *TOGETHER)
    assert ran.code == 3, ran.err
    rig.check(IDS)
    expected = {
        "SHIPPED": {"not_cancelled"},
        "missing": {"not_found"},
        "CANCELLED": {"cancelled", "already_cancelled"},
        "": {"cancelled"},
    }
    for one, outcome in outcomes(rig).items():
        assert outcome in expected[states.get(one, "")], one
    assert 20 in lists(rig)
    attempts = rig.summary()["attempts"]
    assert attempts["requests"] < attempts["sent"]
    assert f"in {attempts['requests']:,} requests, " in ran.out


@pytest.mark.parametrize("mode", ["each", "all-or-nothing", "error-after-some", "partial-list"])
def test_faults_beside(rig: Rig, mode: Several) -> None:
    """Errors and lost answers before and after the effect: nothing is lost, nothing mixed up."""
    rig.serve(
        "reset-after=0.1", "500-applied=0.1", "500=0.1/PUT", "429=0.05", "html=0.05/PUT",
        "truncated=0.1", "500=0.05/GET", several=mode, states=mixed(16), seed=5,
    )  # fmt: skip
    ran = rig.run(rig.write(IDS), *TOGETHER)
    assert ran.code == 3, ran.err
    rig.check(IDS)
    assert 20 in lists(rig)


def test_an_effect_that_comes_late(rig: Rig) -> None:
    """Effects after the answer: what is in doubt is read back before anything is sent again."""
    rig.serve("reset-after=0.5/PUT", effect_delay=0.05, seed=2)
    ran = rig.run(rig.write(IDS), *TOGETHER)
    assert ran.code == 0, ran.err
    rig.check(IDS)
    changes = rig.server.ledger.summary().changes
    assert changes == len(IDS), "none was cancelled twice"


@pytest.mark.parametrize("over", ["400", "414"])
def test_a_list_that_is_too_long_is_given_up(rig: Rig, over: str) -> None:
    """Three lists are refused, the reason is logged, and all goes singly; nothing is lost."""
    rig.serve(several_most=19, several_over=over)
    ran = rig.run(rig.write(IDS), *TOGETHER)
    assert ran.code == 0, ran.err
    rig.check(IDS)
    sizes = lists(rig)
    assert sorted(sizes) == [1] * len(IDS) + [20] * 3
    log = [json.loads(line) for line in (rig.folder() / "run.log").read_text().splitlines()]
    (given_up,) = [line for line in log if line["event"] == "batches.given_up"]
    assert given_up["reason"].startswith(f"a request of 20 allocations: HTTP {over}")


def test_with_one_id_per_request_nothing_changes(rig: Rig) -> None:
    """The default: every cancel of the ledger holds one id, and as many are sent as requested."""
    rig.serve("500=0.1", several="refused", states=mixed())
    ran = rig.run(rig.write(IDS))
    assert ran.code == 3, ran.err
    rig.check(IDS)
    assert set(lists(rig)) == {1}
    assert " requests, " not in ran.out


def test_without_reads(rig: Rig) -> None:
    """Where nothing can be read, what is in doubt is sent again alone."""
    rig.serve("reset-after=0.2/PUT", read_available=False, already="409", seed=3)
    ran = rig.run(rig.write(IDS), *TOGETHER)
    assert ran.code == 0, ran.err
    rig.check(IDS)


def test_another_allocation_in_the_answer_stops_the_run(rig: Rig) -> None:
    """An id that was not asked for: exit 5, nothing more is sent, and a resume reads all back."""
    rig.serve("other-id=1/PUT")
    ran = rig.run(rig.write(IDS), *TOGETHER, "--concurrency", "1")
    assert ran.code == 5, ran.err
    assert "another allocation than the one asked" in ran.out
    rig.check(IDS)
    assert lists(rig) == [20]
    rig.server.set_faults()
    resumed = rig.call("resume", "night")
    assert resumed.code == 0, resumed.err
    rig.check(IDS)
    assert sorted(outcomes(rig).values()) == ["cancelled"] * len(IDS)
    assert max(lists(rig)[1:]) == 20, "the settings of the run are kept"


def test_canaries_go_together(rig: Rig) -> None:
    """Twenty canaries are one request at most; they are read back, and the rest follows."""
    rig.serve()
    ran = rig.run(rig.write(IDS), *TOGETHER, "--canary", "20", "--concurrency", "1")
    assert ran.code == 0, ran.err
    rig.check(IDS)
    assert lists(rig) == [20] * 8


def test_one_failure_is_one_however_many_it_concerned(rig: Rig) -> None:
    """A refused list costs no failure; only outcomes count for --max-failures."""
    rig.serve(several="all-or-nothing", states=dict.fromkeys(IDS[:5], "SHIPPED"))
    ran = rig.run(rig.write(IDS), *TOGETHER, "--max-failures", "5", "--concurrency", "1")
    assert ran.code == 3, ran.err
    rig.check(IDS)
    assert lists(rig).count(20) == 8


def test_looked_at_first(rig: Rig) -> None:
    """With --precheck what is cancelled or unknown already is never sent, alone or with others."""
    states = mixed()
    rig.serve(states=states, latency=0.02)
    ran = rig.run(rig.write(IDS), *TOGETHER, "--precheck")
    assert ran.code == 3, ran.err
    rig.check(IDS)
    sent = {one for entry in rig.server.ledger.entries() if entry.method == "PUT"
            for one in entry.ids}  # fmt: skip
    assert sent == set(IDS) - set(states)
    whose = {row["cancelled_by"] for row in rig.rows() if row["outcome"] == "cancelled"}
    assert whose == {"this_run"}


def test_killed_in_the_middle(rig: Rig) -> None:
    """Killed with lists under way: each id of them is read back, and none is cancelled twice."""
    rig.serve(several="partial-list", latency=0.2, states={IDS[7]: "SHIPPED"})
    process = rig.start(rig.write(IDS), *TOGETHER, "--concurrency", "4")
    while sum(size == 20 for size in lists(rig)) < 3:
        time.sleep(0.01)
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    resumed = rig.call("resume", "night", "--verify-after", "0.1,0.3")
    assert resumed.code == 3, resumed.err
    rig.check(IDS, killed=True)
    by_outcome = rig.summary()["outcomes"]
    assert (by_outcome["cancelled"], by_outcome["not_cancelled"]) == (159, 1)
    truth = rig.server.ledger.summary().allocations
    assert {one.effects for one in truth.values() if one.status == "CANCELLED"} == {1}


def test_the_plan_says_how_many_requests(rig: Rig) -> None:
    """The number of cancels, and the time that they take at least, are those of lists."""
    rig.serve()
    source = str(rig.write(IDS))
    words = ("plan", source, *rig.aim(), "--rate", "1", "--ids-per-request", "50")
    ran = rig.call(*words)
    assert ran.code == 0, ran.err
    assert "To cancel  160 allocations in 4 requests at least, of up to 50 each" in ran.out
    assert "at least 3.0 s" in ran.out
    facts = json.loads(rig.call(*words, "--json").out)
    assert (facts["to_cancel"], facts["least_cancels"]) == (160, 4)
    assert facts["options"]["ids_per_request"] == 50
    for wrong in ("0", "51"):
        refused = rig.call(*words[:-1], wrong)
        assert refused.code == 2
        assert "--ids-per-request" in refused.err
        assert "between 1 and 50" in refused.err
