"""Several ids in one path: what takes effect, what is shown, and what the ledger says of it."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from bulkcancel.errors import RefusedError
from bulkcancel.simulator import (
    SEVERAL,
    LedgerSnapshot,
    SimulatorOptions,
    SimulatorThread,
    describe_several,
)
from bulkcancel.simulator.options import Several

A, B, C, D = (f"62ff5c0bec0aed3c86202c3{number}" for number in range(4))
GOOD = (A, B, C, D)
ACTIVE = {"ALLOCATED", "PENDING_PICK", "PENDING_DROP"}
MISSING = "62ff5c0bec0aed3c862040f4"
MISSING_TOO = "62ff5c0bec0aed3c863040f4"
SHIPPED = "62ff5c0bec0aed3c86205e1d"
UNKNOWN = "AllocationRequestId Not Found/Valid"


def _serving(mode: Any, **options: Any) -> SimulatorThread:
    return SimulatorThread(SimulatorOptions(several=mode, **options))


def _shown(answer: Any) -> list[tuple[str, str]]:
    """Return id and status of each object in a 200."""
    assert answer.status == 200
    return [(one["allocationId"], one["statusCode"]) for one in answer.json]


def _timeless(body: bytes) -> bytes:
    """Return an answer without the moment at which an allocation was changed."""
    return re.sub(rb'"updatedAt":"[^"]*"', b"", body)


def _cancelled(api: Any, simulator: SimulatorThread, ids: tuple[str, ...]) -> set[str]:
    """Return which of them a read shows as cancelled."""
    seen = {one: api.read(simulator, one) for one in ids}
    known = {one: answer.json for one, answer in seen.items() if answer.status == 200}
    return {one for one, shown in known.items() if shown["statusCode"] == "CANCELLED"}


def _check(ledger: LedgerSnapshot, ids: tuple[str, ...], changed: tuple[str, ...]) -> None:
    """Assert that one request, the first, named these ids and changed those, each once."""
    entry, figures = ledger.entries()[0], ledger.summary()
    assert (entry.method, entry.ids, entry.changed) == ("PUT", ids, changed)
    assert entry.applied == bool(changed)
    assert (figures.puts, figures.effects, figures.changes) == (1, bool(changed), len(changed))
    for one in ids:
        truth = ledger[one]
        took = one in changed
        assert (truth.puts, truth.effects) == (1, int(took))
        assert truth.effect_sequence == (entry.sequence if took else None)
        assert (truth.effect_at is not None) == took
        assert truth.version == truth.first_version + took


def _meet(
    api: Any, mode: str, ids: tuple[str, ...], changed: tuple[str, ...], **options: Any
) -> tuple[Any, LedgerSnapshot]:
    """Return the answer to a cancel of these ids, once reads and ledger agree on its effects."""
    with _serving(mode, **options) as simulator:
        answer = api.cancel(simulator, ",".join(ids))
        _check(simulator.ledger, ids, changed)
        assert _cancelled(api, simulator, ids) == set(changed)
        return answer, simulator.ledger


@pytest.mark.parametrize("mode", ["each", "all-or-nothing", "partial-list", "error-after-some"])
def test_a_list_of_which_all_can_be_cancelled_is_cancelled(api: Any, mode: str) -> None:
    """200 with all of them in the order asked, each CANCELLED: these modes differ in failures."""
    answer, _ = _meet(api, mode, GOOD, GOOD)
    assert _shown(answer) == [(one, "CANCELLED") for one in GOOD]


@pytest.mark.parametrize("mode", [mode for mode in SEVERAL if mode != "each"])
@pytest.mark.parametrize("lenient", [False, True])
def test_one_id_is_answered_alike_in_every_mode(api: Any, mode: str, lenient: bool) -> None:  # noqa: FBT001 - a case
    """A mode, and a limit, is about lists: a single id has the same answer with and without it."""
    options: dict[str, Any] = {
        "states": {D: "CANCELLED"},
        "already": "ok" if lenient else "409",
        "shipped": "ok" if lenient else "400",
    }
    seen = []
    for simulator in (_serving("each", **options), _serving(mode, several_most=1, **options)):
        with simulator:
            answers = [api.cancel(simulator, one) for one in (A, MISSING, SHIPPED, D)]
            seen.append([(one.status, _timeless(one.body)) for one in answers])
            assert simulator.ledger.summary().effects == 1
    assert seen[0] == seen[1]


def test_each_shows_every_allocation_as_it_is_afterwards(api: Any) -> None:
    """The default: those that can't be cancelled show their status, unknown ones are left out."""
    answer, _ = _meet(api, "each", (A, SHIPPED, MISSING, B), (A, B))
    assert _shown(answer) == [(A, "CANCELLED"), (SHIPPED, "SHIPPED"), (B, "CANCELLED")]
    assert SimulatorOptions().several == "each"


@pytest.mark.parametrize(
    ("ids", "status"),
    [((MISSING, SHIPPED), 400), ((MISSING, MISSING_TOO), 404), ((MISSING, A), 200)],
)
def test_each_answers_an_error_where_nothing_took_effect(
    api: Any, ids: tuple[str, ...], status: int
) -> None:
    """The error of the first that is in the way; unknown only where none is known."""
    with _serving("each") as simulator:
        answer = api.cancel(simulator, ",".join(ids))
        assert answer.status == status
        assert simulator.ledger.summary().effects == (status == 200)


@pytest.mark.parametrize(
    ("bad", "status", "words"),
    [(SHIPPED, 400, "already shipped"), (MISSING, 404, UNKNOWN), (D, 409, "already cancelled")],
)
@pytest.mark.parametrize(
    ("mode", "changed"), [("all-or-nothing", ()), ("error-after-some", (A, B))]
)
def test_the_first_that_cannot_be_cancelled_is_the_answer(
    api: Any, mode: str, changed: tuple[str, ...], bad: str, status: int, words: str
) -> None:
    """Its own error is the whole answer; nothing took effect, or what stands before it did."""
    answer, _ = _meet_bad(api, mode, bad, changed)
    assert answer.status == status
    assert words in answer.body.decode()


@pytest.mark.parametrize("bad", [SHIPPED, MISSING])
def test_500_after_some_hides_which_it_was(api: Any, bad: str) -> None:
    """Those before the first bad one are cancelled, the answer names none of them."""
    answer, _ = _meet_bad(api, "500-after-some", bad, (A, B))
    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})


def _meet_bad(
    api: Any, mode: str, bad: str, changed: tuple[str, ...]
) -> tuple[Any, LedgerSnapshot]:
    """Cancel two, a bad one and another; D was cancelled by somebody else before."""
    ids = (A, B, bad, C)
    with _serving(mode, already="409", states={D: "CANCELLED"}) as simulator:
        answer = api.cancel(simulator, ",".join(ids))
        _check(simulator.ledger, ids, changed)
        assert _cancelled(api, simulator, ids) - {D} == set(changed)
        return answer, simulator.ledger


@pytest.mark.parametrize("mode", ["all-or-nothing", "error-after-some"])
def test_what_would_be_no_error_alone_is_none_in_a_list(api: Any, mode: str) -> None:
    """Where a repeated cancel and a shipped allocation are answered 200, they stop no list."""
    options: dict[str, Any] = {"already": "ok", "shipped": "ok", "states": {D: "CANCELLED"}}
    with _serving(mode, **options) as simulator:
        answer = api.cancel(simulator, f"{SHIPPED},{D},{A}")
        _check(simulator.ledger, (SHIPPED, D, A), (A,))
    assert _shown(answer) == [(SHIPPED, "SHIPPED"), (D, "CANCELLED"), (A, "CANCELLED")]


def test_a_partial_list_leaves_out_what_did_not_take_effect(api: Any) -> None:
    """200 without a word on the others, and with an empty array where there are only others."""
    answer, _ = _meet(api, "partial-list", (SHIPPED, A, MISSING, B), (A, B))
    assert _shown(answer) == [(A, "CANCELLED"), (B, "CANCELLED")]
    nothing, _ = _meet(api, "partial-list", (SHIPPED, MISSING), ())
    assert _shown(nothing) == []


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("ids", [(A, B), (A, SHIPPED, B, C, D)])
def test_a_shuffled_list_has_another_order(api: Any, seed: int, ids: tuple[str, ...]) -> None:
    """The same objects as in ``each``, never in the order asked, and repeatable by the seed."""
    changed = tuple(one for one in ids if one != SHIPPED)
    answer, _ = _meet(api, "shuffled", ids, changed, seed=seed)
    again, _ = _meet(api, "shuffled", ids, changed, seed=seed)
    shown = _shown(answer)
    assert shown == _shown(again)
    assert sorted(shown) == sorted(
        (one, "SHIPPED" if one == SHIPPED else "CANCELLED") for one in ids
    )
    assert [one for one, _ in shown] != list(ids)


def test_a_stale_list_shows_the_states_before(api: Any) -> None:
    """Status and version from before the cancel, though it took effect; others as they are."""
    ids = (A, SHIPPED, B, D)
    with _serving("stale", states={D: "CANCELLED"}) as simulator:
        before = {one: api.read(simulator, one).json for one in (A, B)}
        answer = api.cancel(simulator, ",".join(ids))
        ledger = simulator.ledger
        assert _cancelled(api, simulator, ids) == {A, B, D}
        again = api.cancel(simulator, f"{A},{B}")
    shown = {one["allocationId"]: one for one in answer.json}
    assert list(shown) == list(ids)
    for one in (A, B):
        assert shown[one]["statusCode"] == before[one]["statusCode"] == ledger[one].first_status
        assert shown[one]["statusCode"] in ACTIVE
        assert shown[one]["version"] == before[one]["version"]
    assert [shown[one]["statusCode"] for one in (SHIPPED, D)] == ["SHIPPED", "CANCELLED"]
    assert ledger.entries()[2].changed == (A, B)
    assert _shown(again) == [(A, "CANCELLED"), (B, "CANCELLED")], "that was before this cancel"


@pytest.mark.parametrize(
    ("first", "changed", "status"), [(A, (A,), 200), (SHIPPED, (), 400), (MISSING, (), 404)]
)
def test_first_only_takes_the_first_and_no_other(
    api: Any, first: str, changed: tuple[str, ...], status: int
) -> None:
    """An API that reads the list as one id: the first one's own answer, the others untouched."""
    answer, _ = _meet(api, "first-only", (first, B, C), changed)
    assert answer.status == status
    if changed:
        assert _shown(answer) == [(A, "CANCELLED")]


def test_a_list_is_refused_without_an_effect(api: Any) -> None:
    """An API that takes one id only: 400 in its own shape, for good ids as well."""
    answer, _ = _meet(api, "refused", (A, B), ())
    assert (answer.status, answer.json) == (400, {"message": "One allocation id is expected"})


@pytest.mark.parametrize("seed", range(6))
def test_a_repeated_list_shows_one_twice_and_another_not_at_all(api: Any, seed: int) -> None:
    """As many objects as ids, all took effect, and one of the ids is not among them."""
    answer, _ = _meet(api, "repeated", GOOD, GOOD, seed=seed)
    shown = [one for one, _ in _shown(answer)]
    assert len(shown) == len(GOOD)
    assert len(set(shown)) == len(GOOD) - 1
    assert set(shown) < set(GOOD)


@pytest.mark.parametrize("mode", ["each", "partial-list", "first-only"])
@pytest.mark.parametrize(
    ("over", "kind"), [("414", "text/html; charset=utf-8"), ("400", "application/json")]
)
def test_more_ids_than_the_most_are_refused(api: Any, mode: str, over: Any, kind: str) -> None:
    """Up to the most as ever; one more is refused, in words or as a gateway's page, no effect."""
    with _serving(mode, several_most=2, several_over=over) as simulator:
        answer = api.cancel(simulator, f"{A},{B},{C}")
        _check(simulator.ledger, (A, B, C), ())
        assert (answer.status, answer.headers["content-type"]) == (int(over), kind)
        assert api.cancel(simulator, f"{A},{B}").status == 200


def test_impossible_options_are_refused() -> None:
    """No such mode, no such answer, no id at all: a sentence."""
    impossible: list[dict[str, Any]] = [
        {"several": "some"},
        {"several_most": 0},
        {"several_over": "413"},
    ]
    for options in impossible:
        with pytest.raises(RefusedError, match="can't be so"):
            SimulatorOptions(**options)


def test_every_mode_is_explained() -> None:
    """Each mode that the options know has its line."""
    assert set(SEVERAL) == set(get_args(Several))
    lines = describe_several().splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"--several {mode}" for mode in SEVERAL]
