"""One answer to several allocations: each gets its own object's word, or is in doubt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bulkcancel.decision import (
    BatchStep,
    Doubt,
    Halt,
    History,
    Policy,
    Read,
    Send,
    Settle,
    Step,
    after_batch,
    after_read,
    after_send,
)
from bulkcancel.model import (
    AllocationView,
    Answer,
    ApiMessage,
    Body,
    Foreign,
    Kind,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    Outcome,
    SeveralAllocations,
)

IDS = [f"62ff5c0b{number:012x}aaaa" for number in range(6)]
STRANGER = "b" * 24
POLICY = Policy()
HTML = Foreign(kind="html")
STATUSES = ("CANCELLED", "PARTIALLY_CANCELLED", "SHIPPED", "ALLOCATED", "cancelled ", None)


def view(allocation_id: str | None, status: str | None, version: int | None = 7) -> AllocationView:
    """Return an allocation as an answer shows it."""
    return AllocationView(allocation_id=allocation_id, status=status, version=version)


def listed(*views: AllocationView, more: int = 0) -> Answer:
    """Return a list of allocations, and of ``more`` elements that are none."""
    body = SeveralAllocations(count=len(views) + more, shown=views)
    return Answer(http_status=200, body=body)


def said(http_status: int, text: str) -> Answer:
    """Return an answer in the API's own error shape."""
    return Answer(http_status=http_status, body=ApiMessage(text=text))


def batch(
    seen: Observation, ids: list[str] | None = None, history: History | None = None
) -> BatchStep:
    """Return what follows for some ids of which the same is known."""
    asked = [(one, history or History()) for one in ids or IDS]
    return after_batch(asked, seen, policy=POLICY, sent_at=10.0, now=2.0, chance=0.5)


def single(asked: str, seen: Observation, history: History | None = None) -> Step:
    """Return what follows where the same id was asked alone."""
    known = history or History()
    return after_send(known, asked, seen, policy=POLICY, sent_at=10.0, now=2.0, chance=0.5)


VIEWS = st.lists(
    st.builds(
        view,
        st.sampled_from([*IDS, None]),
        st.sampled_from(STATUSES),
        st.sampled_from([7, 8, None]),
    ),
    max_size=10,
)
WITH_STRANGERS = st.lists(
    st.builds(view, st.sampled_from([*IDS, None, STRANGER]), st.sampled_from(STATUSES)), max_size=10
)
BODIES: st.SearchStrategy[Body] = st.one_of(
    st.builds(
        lambda views, more: SeveralAllocations(count=len(views) + more, shown=tuple(views)),
        WITH_STRANGERS,
        st.integers(0, 2),
    ),
    st.builds(
        lambda one, status: OneAllocation(view=view(one, status)),
        st.sampled_from([*IDS, None, STRANGER]),
        st.sampled_from(STATUSES),
    ),
    st.builds(
        ApiMessage,
        text=st.sampled_from(
            ["AllocationRequestId Not Found/Valid", "already cancelled", "it is shipped", "bad",
             "modified by another request", "token expired"]
        ),
        code=st.sampled_from([None, "ALLOCATION-2005", "ALLOCATION-2003", "SERVICE-4006"]),
    ),
    st.builds(Foreign, kind=st.sampled_from(["empty", "html", "json", "text", "encoded"])),
)  # fmt: skip
SEEN: st.SearchStrategy[Observation] = st.one_of(
    st.builds(NotSent, cause=st.sampled_from(NotSentCause)),
    st.builds(NoAnswer, cause=st.sampled_from(NoAnswerCause)),
    st.builds(
        Answer,
        http_status=st.one_of(
            st.integers(100, 999), st.sampled_from([200, 201, 400, 403, 404, 409, 429, 503])
        ),
        body=BODIES,
        retry_after=st.sampled_from([None, 7.0]),
    ),
)


@settings(deadline=None)
@given(seen=SEEN)
def test_only_an_object_of_its_own_settles_an_allocation(seen: Observation) -> None:
    """Whatever comes: settled is what is shown exactly once as cancelled, in whole or in part."""
    for allocation_id, step in zip(IDS, batch(seen).steps, strict=True):
        if not isinstance(step.next, Settle):
            continue
        assert isinstance(seen, Answer)
        assert 200 <= seen.http_status < 300
        views: tuple[AllocationView, ...] = ()
        if isinstance(seen.body, OneAllocation):
            views = (seen.body.view,)
        elif isinstance(seen.body, SeveralAllocations):
            views = seen.body.shown
        (own,) = [one for one in views if one.allocation_id == allocation_id]
        outcome = {
            Outcome.CANCELLED: "CANCELLED",
            Outcome.PARTIALLY_CANCELLED: "PARTIALLY_CANCELLED",
        }[step.next.settlement.outcome]
        assert own.status == step.next.settlement.status == outcome


@settings(deadline=None)
@given(seen=SEEN)
def test_what_is_not_settled_is_sent_again_only_if_nothing_can_have_taken_effect(
    seen: Observation,
) -> None:
    """A send follows where it would follow for a single one; all else is in doubt and read."""
    for allocation_id, step in zip(IDS, batch(seen).steps, strict=True):
        following = step.next.then if isinstance(step.next, Halt) else step.next
        if isinstance(following, Send):
            assert step == single(allocation_id, seen)
            assert not step.history.ours_possible
        elif isinstance(following, Read):
            assert step.history.ours_possible
            assert step.history.doubt in {Doubt.PERHAPS, Doubt.ACCEPTED}


@settings(deadline=None)
@given(views=VIEWS, others=VIEWS, place=st.integers(0, len(IDS) - 1))
def test_the_objects_of_others_change_nothing(
    views: list[AllocationView], others: list[AllocationView], place: int
) -> None:
    """What follows for an id depends on the objects with that id, and on no other object."""
    mine = IDS[place]
    own = [one for one in views if one.allocation_id == mine]
    rest = [one for one in others if one.allocation_id != mine]
    first = batch(listed(*views)).steps[place]
    assert batch(listed(*own, *rest)).steps[place] == first
    assert batch(listed(*rest, *own)).steps[place] == first


@settings(deadline=None)
@given(
    views=WITH_STRANGERS.flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))),
    order=st.permutations(IDS),
)
def test_order_changes_nothing(
    views: tuple[list[AllocationView], list[AllocationView]], order: list[str]
) -> None:
    """Neither that of the ids in the path nor that of the objects in the answer."""
    first = batch(listed(*views[0]))
    second = batch(listed(*views[1]), order)
    assert first.finding == second.finding
    assert first.shown == second.shown
    by_id = dict(zip(order, second.steps, strict=True))
    assert [by_id[one] for one in IDS] == list(first.steps)


@settings(deadline=None)
@given(status=st.sampled_from(STATUSES[:-1]), version=st.integers(1, 9))
def test_shown_once_is_as_if_it_had_been_asked_alone(status: str, version: int) -> None:
    """Settled, accepted or read back: the same step, with the same words."""
    shown = view(IDS[2], status, version)
    step = batch(listed(view(IDS[0], "SHIPPED"), shown)).steps[2]
    alone = single(IDS[2], Answer(http_status=200, body=OneAllocation(view=shown)))
    assert step == alone


def test_another_status_is_accepted_and_read_back() -> None:
    """Shown as SHIPPED it is no cancellation yet: it is read back, and the last word is its own."""
    step = batch(listed(view(IDS[0], "SHIPPED"))).steps[0]
    assert step.next == Read(after=POLICY.verify_after[0])
    assert step.history.doubt is Doubt.ACCEPTED


@pytest.mark.parametrize(
    ("views", "words"),
    [
        ((), "does not show this one"),
        ((view(IDS[0], "CANCELLED"), view(IDS[0], "CANCELLED")), "shows this one 2 times"),
        ((view(IDS[0], "CANCELLED"), view(IDS[0], "SHIPPED")), "shows this one 2 times"),
        ((view(IDS[0], "CANCELLED", None),), "an allocation without an integer version"),
        ((view(IDS[0], None),), "an allocation without a status"),
        ((view(None, "CANCELLED"),), "does not show this one"),
    ],
)
def test_not_shown_or_not_readable_is_in_doubt(
    views: tuple[AllocationView, ...], words: str
) -> None:
    """It is read back after the first wait, and its words say what it was part of."""
    found = batch(listed(view(IDS[1], "CANCELLED"), *views))
    step = found.steps[0]
    assert step.next == Read(after=POLICY.verify_after[0])
    assert step.history.doubt is Doubt.PERHAPS
    assert step.history.ours_possible
    assert step.finding.kind is Kind.IN_DOUBT
    assert step.finding.reason.startswith("a request of 6 allocations: HTTP 200")
    assert words in step.finding.reason
    assert isinstance(found.steps[1].next, Settle)


def test_a_stranger_halts_the_run_and_settles_nothing() -> None:
    """An object that was not asked makes the whole answer void: all are read after a resume."""
    found = batch(listed(*(view(one, "CANCELLED") for one in IDS), view(STRANGER, "CANCELLED")))
    assert found.finding.kind is Kind.CONTRADICTION
    assert found.shown == 0
    for step in found.steps:
        assert isinstance(step.next, Halt)
        assert step.next.kind is Kind.CONTRADICTION
        assert step.next.then == Read(after=0.0)
        assert step.history.doubt is Doubt.PERHAPS
    alone = Answer(http_status=200, body=OneAllocation(view=view(STRANGER, "CANCELLED")))
    assert batch(alone).finding.kind is Kind.CONTRADICTION


def test_a_bare_object_speaks_for_the_one_it_shows() -> None:
    """The one it shows is settled, the others are in doubt."""
    found = batch(Answer(http_status=200, body=OneAllocation(view=view(IDS[3], "CANCELLED"))))
    assert [isinstance(step.next, Settle) for step in found.steps] == [
        place == 3 for place in range(6)
    ]
    assert found.shown == 1


@pytest.mark.parametrize(
    "seen",
    [
        said(400, "At most 10 allocation ids are expected"),
        said(404, "AllocationRequestId Not Found/Valid"),
        said(409, "ALLOCATION-2005: already cancelled"),
        said(409, "SERVICE-4006: modified by another request"),
        said(422, "ALLOCATION-2003: shipped"),
        said(403, "not yours"),
        said(500, "already cancelled"),
        Answer(http_status=404, body=HTML),
        Answer(http_status=405, body=HTML),
        Answer(http_status=413, body=HTML),
        Answer(http_status=414, body=HTML),
        Answer(http_status=400, body=SeveralAllocations(count=6)),
        listed(),
    ],
)
def test_a_refusal_is_put_in_doubt_and_is_no_failure_of_the_server(seen: Answer) -> None:
    """Whatever is refused, each is read back; who judges the server sees one that answers."""
    found = batch(seen)
    assert found.finding.kind is Kind.REFUSED
    assert found.shown == 0
    for step in found.steps:
        assert step.next == Read(after=POLICY.verify_after[0])
        assert step.history.doubt is Doubt.PERHAPS
        assert step.history.http_status == seen.http_status
        assert step.history.reason.startswith(
            f"a request of 6 allocations: HTTP {seen.http_status}"
        )


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (said(500, "Internal Server Error"), Kind.IN_DOUBT),
        (Answer(http_status=502, body=HTML), Kind.IN_DOUBT),
        (Answer(http_status=408, body=HTML), Kind.IN_DOUBT),
        (NoAnswer(cause=NoAnswerCause.TIMEOUT), Kind.IN_DOUBT),
        (NoAnswer(cause=NoAnswerCause.TRUNCATED, http_status=200), Kind.IN_DOUBT),
        (NoAnswer(cause=NoAnswerCause.OVERSIZED, http_status=200), Kind.IN_DOUBT),
        (Answer(http_status=200, body=HTML), Kind.PROTOCOL),
        (said(200, "ok"), Kind.PROTOCOL),
        (listed(more=6), Kind.PROTOCOL),
        (listed(view(None, "CANCELLED")), Kind.PROTOCOL),
        (Answer(http_status=199, body=HTML), Kind.PROTOCOL),
    ],
)
def test_a_failure_of_the_server_is_one(seen: Observation, kind: Kind) -> None:
    """Each is read back, and the server is judged as after a single send that failed so."""
    found = batch(seen)
    assert found.finding.kind is kind
    assert {step.next for step in found.steps} == {Read(after=POLICY.verify_after[0])}
    assert all(step.history.doubt is Doubt.PERHAPS for step in found.steps)


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (NotSent(cause=NotSentCause.REFUSED), Kind.NOT_SENT),
        (NotSent(cause=NotSentCause.CERTIFICATE), Kind.UNTRUSTED),
        (Answer(http_status=429, body=HTML), Kind.THROTTLED),
        (Answer(http_status=429, body=HTML, retry_after=7.0), Kind.THROTTLED),
        (Answer(http_status=503, body=HTML, retry_after=7.0), Kind.THROTTLED),
        (said(401, "token expired"), Kind.UNAUTHORIZED),
        (said(403, "token expired"), Kind.UNAUTHORIZED),
        (Answer(http_status=302, body=HTML), Kind.MISCONFIGURED),
        (Answer(http_status=407, body=HTML), Kind.MISCONFIGURED),
    ],
)
def test_what_speaks_of_no_allocation_is_as_for_a_single_one(seen: Observation, kind: Kind) -> None:
    """Nothing took effect: the step of each is that of a single send."""
    found = batch(seen)
    assert found.finding.kind is kind
    assert list(found.steps) == [single(one, seen) for one in IDS]


def test_where_nothing_can_be_read_the_cancel_is_repeated_alone() -> None:
    """An API without reads: each goes again by itself, and "already" then counts as done."""
    doubted = batch(said(409, "already cancelled")).steps[0].history
    no_read = Answer(http_status=405, body=HTML)
    again = after_read(doubted, IDS[0], no_read, policy=POLICY, now=3.0, chance=0.0)
    assert isinstance(again.next, Send)
    claimed = single(IDS[0], said(409, "already cancelled"), again.history)
    last = after_read(claimed.history, IDS[0], no_read, policy=POLICY, now=4.0, chance=0.0)
    assert isinstance(last.next, Settle)
    assert last.next.settlement.outcome is Outcome.CANCELLED


def test_each_keeps_what_was_known_of_it() -> None:
    """The version before, and whose it is, are those of the allocation's own history."""
    histories = [replace(History(), version_before=place) for place in range(6)]
    found = after_batch(
        list(zip(IDS, histories, strict=True)),
        listed(*(view(one, "CANCELLED", 3) for one in IDS)),
        policy=POLICY,
        sent_at=10.0,
        now=2.0,
        chance=0.5,
    )
    assert [step.history.version_before for step in found.steps] == list(range(6))
    whose = [
        step.next.settlement.cancelled_by for step in found.steps if isinstance(step.next, Settle)
    ]
    assert [one is not None for one in whose] == [place == 2 for place in range(6)]
