"""Faults as text, and which request meets which."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkcancel.errors import RefusedError
from bulkcancel.simulator import KINDS, Fault, describe_kinds, parse_fault
from bulkcancel.simulator.faults import FaultMethod
from bulkcancel.simulator.kinds import Argument, Family
from bulkcancel.simulator.selection import FaultBook

ID = "62ff5c0bec0aed3c86202c32"
OTHER = "62ff5c0bec0aed3c86202c33"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("500", Fault(kind="500")),
        ("500=0.05*1", Fault(kind="500", probability=0.05, times=1)),
        ("429:7=0.1", Fault(kind="429", arg="7", probability=0.1)),
        ("429:date-60", Fault(kind="429", arg="date-60")),
        ("429:-5", Fault(kind="429", arg="-5")),
        ("429:²=1", Fault(kind="429", arg="²")),
        (
            "429:Wed, 21 Oct 2026 07:28:00 GMT",
            Fault(kind="429", arg="Wed, 21 Oct 2026 07:28:00 GMT"),
        ),
        (f"hangup-after@{ID}*1", Fault(kind="hangup-after", ids=frozenset({ID}), times=1)),
        (f"500@{ID},{OTHER}", Fault(kind="500", ids=frozenset({ID, OTHER}))),
        (f"500@{ID}=0.5", Fault(kind="500", ids=frozenset({ID}), probability=0.5)),
        ("hang/GET=1", Fault(kind="hang", method="GET")),
        ("hang=1/GET", Fault(kind="hang", method="GET")),
        ("500/any*2", Fault(kind="500", method="any", times=2)),
        ("500/POST", Fault(kind="500", method="POST")),
        ("503+10s..70s", Fault(kind="503", since=10.0, till=70.0)),
        ("401+100..200", Fault(kind="401", after=100, until=200)),
        ("401+..5", Fault(kind="401", until=5)),
        ("401+2.5s..", Fault(kind="401", since=2.5)),
        ("late:40@a.b", Fault(kind="late", arg="40", ids=frozenset({"a.b"}))),
        ("status:cancelled =1", Fault(kind="status", arg="cancelled ")),
        ('status:"A=1"*2', Fault(kind="status", arg="A=1", times=2)),
        ("status:=cmd|'/C calc'!A0", Fault(kind="status", arg="=cmd|'/C calc'!A0")),
        ("redirect:307,http://h:1/x/y", Fault(kind="redirect", arg="307,http://h:1/x/y")),
    ],
)
def test_each_form_of_the_text_is_read(text: str, fault: Fault) -> None:
    """The documented forms mean what they say, in any order of what follows the argument."""
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5000", "no such kind"),
        ("nonsense=1", "no such kind"),
        ("500=abc", "can't be read"),
        ("500=1.5", "between 0 and 1"),
        ("500=0.1=0.2", "twice"),
        ("500*0", "1 or more"),
        ("500@a/b", "can't be read"),
        ("", "can't be read"),
        ("late", "takes seconds"),
        ("late:soon", "takes seconds"),
        ("hangup:3", "takes no argument"),
        ("drip:0", "whole number"),
        ("status", "takes the statusCode"),
        ("redirect:200", "301, 302"),
        ("rival:maybe", "ok, 400"),
        ("429:7\r\nX: y", "Retry-After"),
        ("stale/POST", "a token request"),
        ("partial/POST", "a token request"),
    ],
)
def test_a_wrong_text_is_refused_in_words(text: str, words: str) -> None:
    """A text that means nothing is refused with a sentence that says what is wrong."""
    with pytest.raises(RefusedError, match=words):
        parse_fault(text)


def test_an_unknown_kind_is_answered_with_the_list() -> None:
    """Who mistypes a kind is told all that there are."""
    with pytest.raises(RefusedError) as refused:
        parse_fault("hangup-befor=0.1")
    assert all(kind in str(refused.value) for kind in KINDS)


@pytest.mark.parametrize(
    "values",
    [
        {"probability": float("nan")},
        {"after": -1},
        {"since": float("inf")},
        {"ids": frozenset({"a,b"})},
        {"times": 0},
    ],
)
def test_impossible_values_are_refused(values: dict[str, object]) -> None:
    """A fault built in code is checked like one that was read."""
    with pytest.raises(RefusedError):
        Fault(kind="500", **values)  # type: ignore[arg-type] # wrong on purpose


def test_every_kind_is_described_once() -> None:
    """The help names each kind, with whether it takes effect."""
    names = [
        name for line in describe_kinds().split("\n") for name in line.split(": ")[0].split(", ")
    ]
    assert sorted(names) == sorted(KINDS)
    assert "hangup, hangup-applied, hangup-before, hangup-after" in describe_kinds()
    assert not KINDS["hangup-before"].applied
    assert KINDS["hangup-after"].applied
    assert KINDS["500-applied"].applied
    assert not KINDS["truncated-unapplied"].applied


_TRICKY = st.text(st.sampled_from('=@*/+".:,1sGET a²'), min_size=1, max_size=12)
_EXAMPLES = {
    Argument.NONE: st.none(),
    Argument.SECONDS: st.sampled_from(["0", "40", "0.25"]),
    Argument.NUMBER: st.sampled_from(["1", "20000"]),
    Argument.RETRY_AFTER: _TRICKY,
    Argument.STATUS_CODE: st.sampled_from(["409", "500"]),
    Argument.STATUS_NAME: _TRICKY | st.text(min_size=1, max_size=30),
    Argument.REDIRECT: st.sampled_from(["301", "307,http://127.0.0.1:1/a=1*2/GET", "302,//h/@x"]),
    Argument.ALREADY: st.sampled_from(["ok", "500"]),
}


@st.composite
def _faults(draw: st.DrawFn) -> Fault:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    arg = draw(_EXAMPLES[kind.argument])
    if kind.accepts(None) and draw(st.booleans()):
        arg = None
    methods: list[FaultMethod] = ["PUT", "GET", "any"]
    if kind.family not in {Family.SHAPE, Family.COURSE}:
        methods.append("POST")
    start, end = draw(_bound()), draw(_bound())
    return Fault(
        kind=kind.name,
        arg=arg,
        probability=draw(st.floats(0, 1)),
        ids=draw(st.frozensets(st.from_regex(r"[0-9A-Za-z._~-]{1,8}", fullmatch=True), max_size=3)),
        times=draw(st.none() | st.integers(1, 99)),
        method=draw(st.sampled_from(methods)),
        after=start if isinstance(start, int) else None,
        since=start if isinstance(start, float) else None,
        until=end if isinstance(end, int) else None,
        till=end if isinstance(end, float) else None,
    )


def _bound() -> st.SearchStrategy[int | float | None]:
    return st.none() | st.integers(0, 10**6) | st.floats(0, 1e6)


@given(_faults())
@example(Fault(kind="status", arg="A=1"))
@example(Fault(kind="status", arg='"*2', times=3))
@example(Fault(kind="redirect", arg="307,http://127.0.0.1:1/a/GET", method="GET"))
@example(Fault(kind="429", arg="1+2..3", after=1))
@example(Fault(kind="503", arg="x@a", ids=frozenset({"a", "b"}), probability=1e-9))
def test_a_fault_and_its_text_are_one(fault: Fault) -> None:
    """Whatever a fault is, its text reads back as the same fault."""
    assert parse_fault(str(fault)) == fault


def _choices(book: FaultBook, ids: list[str], rounds: int) -> dict[tuple[str, int], str | None]:
    chosen = {}
    for number in range(rounds):
        for one in ids:
            fault = book.choose("PUT", one, 0.0)
            chosen[one, number] = None if fault is None else fault.kind
    return chosen


def _book(*texts: str, seed: int = 0, placed: float = 0.0) -> FaultBook:
    return FaultBook(tuple(map(parse_fault, texts)), seed=seed, placed=placed)


def test_the_choice_does_not_depend_on_the_order_of_arrival() -> None:
    """Seed, id and count decide: another order between the ids changes nothing, a seed all."""
    ids = [f"{number:024x}" for number in range(200)]
    faults = ("500=0.2", "429=0.2*1", "hangup-after=0.2")
    forward = _choices(_book(*faults), ids, 3)
    assert forward == _choices(_book(*faults), ids[::-1], 3)
    assert forward != _choices(_book(*faults, seed=1), ids, 3)
    assert {*forward.values()} == {None, "500", "429", "hangup-after"}


def test_a_probability_is_the_share_of_the_requests() -> None:
    """5 % of many requests meet the fault, give or take what chance allows."""
    chosen = _choices(_book("500=0.05"), [f"{number:024x}" for number in range(4000)], 1)
    assert 140 <= sum(kind == "500" for kind in chosen.values()) <= 260


def test_times_counts_for_each_allocation() -> None:
    """``*2`` strikes each allocation twice, then no more."""
    chosen = _choices(_book("500*2"), [ID, OTHER], 4)
    for one in (ID, OTHER):
        assert [chosen[one, number] for number in range(4)] == ["500", "500", None, None]


def test_ids_and_method_narrow_a_fault() -> None:
    """A fault strikes only its ids and its method; ``any`` is cancel and read, not the token."""
    book = _book(f"500@{ID}", "503/GET", "hang/any")
    assert str(book.choose("PUT", ID, 0)) == f"500@{ID}"
    assert str(book.choose("PUT", OTHER, 0)) == "hang/any"
    assert str(book.choose("GET", ID, 0)) == "503/GET"
    assert book.choose("POST", "token", 0) is None


def test_the_first_fault_that_fits_wins() -> None:
    """The order of the faults is the order in which they are tried."""
    book = _book("500*1", "503")
    assert [str(book.choose("PUT", ID, 0)) for _ in range(2)] == ["500*1", "503"]


def test_a_window_of_requests_counts_over_all_allocations() -> None:
    """``+2..4`` strikes the third and the fourth request, whoever sends them."""
    book = _book("500+2..4")
    kinds = [book.choose("PUT", one, 0) is not None for one in (ID, OTHER, ID, OTHER, ID)]
    assert kinds == [False, False, True, True, False]


def test_a_window_of_seconds_counts_from_when_the_fault_was_put_in_place() -> None:
    """``+10s..70s`` begins at second 10 and is over at second 70."""
    book = _book("503+10s..70s", placed=1000.0)
    struck = [book.choose("PUT", ID, at) is not None for at in (1009.9, 1010, 1069.9, 1070)]
    assert struck == [False, True, True, False]
