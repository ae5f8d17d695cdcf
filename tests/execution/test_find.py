"""Finding the allocations of a purchase order: all of them and no other, or a sentence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from bulkcancel.client import ClientCredentials, Grant, NoToken, Secret, TokenSource
from bulkcancel.decision.wanted import LeftOut, Reason, Wanted
from bulkcancel.errors import BulkcancelError, InputRefusedError, RefusedError, ReportError
from bulkcancel.execution import RunSettings
from bulkcancel.execution.find import Found, find
from bulkcancel.execution.found import COLUMNS, as_csv, found_facts, write_output
from bulkcancel.execution.passes import Reading
from bulkcancel.manifest import InputOptions, read_manifest
from bulkcancel.model import Target
from bulkcancel.model.listing import Listed
from bulkcancel.simulator import (
    PERSONAL_SENTINELS,
    SimulatorOptions,
    SimulatorThread,
    parse_fault,
)

ACCOUNT = "1234abcd5678efgh9ijklmno"
TOKEN = "sentinel-token-5f2c9a"
PO, OTHER = "4500000012", "4500000013"
WANTED = Wanted(purchase_orders=(PO,), vendors=("56",))


def stock(*places: int) -> list[str]:
    """Return the ids of these allocations of the stock."""
    return [f"62ff5c0b{place:012x}aaaa" for place in places]


OWNERS = (
    dict.fromkeys(stock(*range(1, 41)), (PO, "56"))
    | dict.fromkeys(stock(41, 42), (PO, "57"))
    | dict.fromkeys(stock(43, 44, 45), (OTHER, "56"))
    | dict.fromkeys(stock(46), (f"{PO} ", "56"))
)
STATES = {stock(1)[0]: "SHIPPED", stock(2)[0]: "CANCELLED", stock(3)[0]: "NEW_ONE"}
SERVED: dict[str, Any] = {"stock": 60, "po_number": "7", "owners": OWNERS, "states": STATES}


class Place:
    """A simulator and what asks it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.server: SimulatorThread

    def serve(self, *faults: str, **options: Any) -> None:
        """Serve a stock with some allocations of the purchase order in it."""
        made = SimulatorOptions(
            token=TOKEN, faults=tuple(map(parse_fault, faults)), **(SERVED | options)
        )
        self.server = self._stack.enter_context(SimulatorThread(made))

    def find(self, wanted: Wanted = WANTED, token: Any = None, **more: Any) -> Found:
        """Find what is wanted."""
        changes = {name: more.pop(name) for name in list(more) if name in RunSettings.__slots__}
        settings = RunSettings(
            target=Target(base_url=self.server.url, account=ACCOUNT),
            **({"rate": 5000.0, "fixed_rate": True, "wait_initial": 0.01} | changes),
        )
        reading = Reading(**{name: more.pop(name) for name in list(more) if name != "id_pattern"})
        call = partial(find, wanted, settings, token or Secret(TOKEN), reading=reading, **more)
        return anyio.run(call)

    @property
    def queries(self) -> int:
        """How many queries came."""
        path = "/api/v2/allocation/query"
        return sum(one.path == path for one in self.server.ledger.entries())


@pytest.fixture
def place() -> Iterator[Place]:
    """Give a place to serve and to find."""
    with ExitStack() as stack:
        yield Place(stack)


def test_all_of_the_purchase_order_and_no_other(place: Place) -> None:
    """In the order of the ids, with a reason for each other one that was shown."""
    place.serve()
    found = place.find()
    assert [one.allocation_id for one in found.allocations] == stock(*range(4, 41))
    assert found.left_out == {
        LeftOut(Reason.OTHER_VENDOR, "57"): 2,
        LeftOut(Reason.OTHER_STATUS, "SHIPPED"): 1,
        LeftOut(Reason.OTHER_STATUS, "CANCELLED"): 1,
        LeftOut(Reason.OTHER_STATUS, "NEW_ONE"): 1,
    }
    assert (found.looked_at, found.by_order, found.passes, found.queries) == (42, {PO: 42}, 2, 4)
    assert place.queries == 4
    assert place.server.ledger.summary().puts == 0
    assert place.server.ledger.summary().gets == 0


@pytest.mark.parametrize(
    "options",
    [
        {"query_filters": "ignored"},
        {"query_filters": "loose"},
        {"query_filters": "ignored", "query_cap": 7},
        {"query_cap": 1},
        {"query_offset": "rounded"},
        {"query_moves": 1},
        {"query_moves": 2, "query_cap": 20},
    ],
)
@pytest.mark.parametrize("size", [10, 41, 42, 43, 100])
def test_the_same_whatever_the_server_makes_of_a_query(
    place: Place, options: dict[str, Any], size: int
) -> None:
    """Filters that are ignored, pages that are capped or rounded, allocations that move."""
    place.serve(**options)
    found = place.find(page_size=size)
    assert [one.allocation_id for one in found.allocations] == stock(*range(4, 41))
    if options.get("query_filters"):
        assert found.left_out[LeftOut(Reason.ALIKE_ORDER, f"{PO} ")] == 1


@pytest.mark.parametrize("mode", ["ignored", "pages"])
def test_an_offset_that_is_not_heeded_gives_nothing(place: Place, mode: str) -> None:
    """There is more than one page, and no way to be sure of the others: exit 5."""
    place.serve(query_offset=mode)
    with pytest.raises(BulkcancelError, match="no two of 4 readings in a row") as stopped:
        place.find(page_size=20)
    assert stopped.value.exit_code == 5
    if mode == "pages":
        assert len(place.find(page_size=100).allocations) == 37, "one page can be trusted"


def test_what_moves_all_the_time_gives_nothing(place: Place) -> None:
    """It is said how the last readings differ, and what to do."""
    place.serve(query_moves=1000)
    with pytest.raises(BulkcancelError, match=r"changed. Nothing is given out: try again"):
        place.find()


@pytest.mark.parametrize("unfiltered", [True, False])
def test_none_is_no_trouble(place: Place, *, unfiltered: bool) -> None:
    """404 means none: nothing is found, and what the API said is kept."""
    place.serve()
    found = place.find(Wanted(purchase_orders=("no-such",)), unfiltered=unfiltered)
    assert (found.allocations, found.by_order) == ((), {"no-such": 0})
    assert found.looked_at == (60 if unfiltered else 0)
    assert found.words == ("" if unfiltered else "No allocations found")
    assert found.passes == 2


def test_several_purchase_orders_and_any_status(place: Place) -> None:
    """All statuses of both, of whatever vendor."""
    place.serve()
    found = place.find(Wanted(purchase_orders=(PO, OTHER), statuses=("ANY",)))
    assert [one.allocation_id for one in found.allocations] == stock(*range(1, 46))
    assert (found.by_order, found.left_out) == ({PO: 42, OTHER: 3}, {})


@pytest.mark.parametrize(
    "fault",
    [
        "500@query*3/POST", "429@query*3/POST", "429:1@query*1/POST", "503:1@query*1/POST",
        "hangup@query*3/POST", "reset@query*3/POST", "truncated@query*3/POST",
        "html@query*3/POST", "garbage@query*3/POST", "empty-200@query*3/POST",
        "html-502@query*3/POST", "408@query*3/POST", "bad-status-line@query*3/POST",
        "drop-idle@query/POST", "gzip-bomb:9000000@query*1/POST",
    ],
)  # fmt: skip
def test_what_passes_is_asked_again(place: Place, fault: str) -> None:
    """A query changes nothing: no answer, a sick server and a throttle cost only time."""
    place.serve(fault)
    assert len(place.find().allocations) == 37


@pytest.mark.parametrize(
    ("fault", "code", "said", "queries"),
    [
        ("500@query/POST", 5, "no answer to a query in 4 tries; last: HTTP 500", 4),
        ("hangup@query/POST", 5, "no answer to a query in 4 tries; last: sent, no trustworthy", 4),
        ("html@query/POST", 5, "no answer to a query in 4 tries; last: HTTP 200: no list", 4),
        ("400@query/POST", 5, "refuses the query: HTTP 400: Bad Request; perhaps", 1),
        ("422@query/POST", 5, "refuses the query: HTTP 422: .*--unfiltered", 1),
        ("405@query/POST", 5, "refuses the query: HTTP 405", 1),
        ("html-404@query/POST", 5, "refuses the query: HTTP 404: .*is the base URL right", 1),
        ("empty-404@query/POST", 5, "refuses the query: HTTP 404", 1),
        ("redirect:307@query/POST", 5, "a redirect, which is never followed", 1),
        ("oversized:9000000@query/POST", 5, "larger than 8 MiB: .*--page-size", 1),
        ("503:86400@query/POST", 5, "asks to wait 86,400 s", 1),
        ("401@query/POST", 6, "refuses the token", 1),
        ("403@query/POST", 6, "forbids the query: HTTP 403", 1),
        ("403-token@query/POST", 6, "refuses the token", 1),
    ],
)
def test_what_does_not_pass_gives_nothing(
    place: Place, fault: str, code: int, said: str, queries: int
) -> None:
    """A sentence and the right exit code, without the token and without personal data."""
    place.serve(fault)
    with pytest.raises(BulkcancelError, match=said) as stopped:
        place.find()
    assert stopped.value.exit_code == code
    assert place.queries == queries
    assert TOKEN not in str(stopped.value)
    assert not any(sentinel in str(stopped.value) for sentinel in PERSONAL_SENTINELS)


def test_a_token_that_expires_is_renewed(place: Place) -> None:
    """Each refusal costs another token and no attempt; one that was accepted counts anew."""
    # Token and queries are numbered together: the first query, and the third after a good one.
    faults = ("401@query/POST+1..2", "401@query/POST+4..5")
    place.serve(*faults, client_secret="s3cret-of-the-client")
    token = ClientCredentials(
        token_url=place.server.token_url,
        client_id="simulator-client",
        client_secret=Secret("s3cret-of-the-client"),
    )
    assert len(place.find(token=token, max_attempts=1).allocations) == 37
    assert place.server.ledger.summary().tokens == 3


class EverNewer(TokenSource):
    """Has another token after each query, none of which is good."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._fetched_at = -1

    def has_newer(self) -> bool:
        """Say whether a query came since the last one was fetched."""
        return self._place.queries > self._fetched_at

    async def fetch(self) -> Grant | NoToken:
        """Return the next one."""
        self._fetched_at = self._place.queries
        return Grant(token=Secret(f"another-token-{self._fetched_at}"))


def test_tokens_that_are_all_refused_are_not_tried_for_ever(place: Place) -> None:
    """A second refusal of the same query is the end: exit 6."""
    place.serve()
    with pytest.raises(BulkcancelError, match="refuses one token after another") as stopped:
        place.find(token=EverNewer(place))
    assert (stopped.value.exit_code, place.queries) == (6, 2)


def test_the_pace_is_kept(place: Place) -> None:
    """The queries come one after another, no faster than the rate."""
    place.serve()
    place.find(page_size=5, rate=50.0)
    came = [one.monotonic for one in place.server.ledger.entries()]
    assert len(came) >= 20
    assert came[-1] - came[0] >= (len(came) - 1) / 50.0 * 0.9
    assert place.server.ledger.summary().peak_in_flight == 1


def test_an_id_that_no_run_would_take_spoils_the_result(place: Place) -> None:
    """All or nothing: an allocation that can't be cancelled must not be missing unseen."""
    owners = {"not-an-id": (PO, "56"), **OWNERS}
    place.serve(owners=owners)
    with pytest.raises(BulkcancelError, match="'not-an-id' has 9 characters") as stopped:
        place.find()
    assert stopped.value.exit_code == 5
    assert len(place.find(id_pattern="[a-z0-9-]+").allocations) == 38
    with pytest.raises(InputRefusedError, match="--id-pattern"):
        place.find(id_pattern="[")


def test_ids_that_differ_in_case_spoil_the_result(place: Place) -> None:
    """A run would refuse them as one allocation under two names."""
    upper = stock(10)[0].upper()
    place.serve(owners={upper: (PO, "56"), **OWNERS})
    with pytest.raises(BulkcancelError, match="differ only in case"):
        place.find()


def test_what_is_left_out_may_have_any_id(place: Place) -> None:
    """Only what is given out has to be an input."""
    place.serve(owners={"not-an-id": (PO, "57"), **OWNERS})
    assert len(place.find().allocations) == 37


def test_a_wildcard_is_never_sent(place: Place) -> None:
    """Nor anything else that can't be looked for."""
    place.serve()
    with pytest.raises(RefusedError, match="no wildcard"):
        place.find(Wanted(purchase_orders=("45*",)))
    assert place.queries == 0


def test_the_result_is_an_input_that_a_spreadsheet_can_open(place: Place, tmp_path: Path) -> None:
    """Ids stay, nothing runs as a formula, and no personal data is in it."""
    formula, owners = "=cmd|'/C calc'!A0", dict(OWNERS)
    owners[stock(4)[0]] = (formula, "56")
    place.serve(owners=owners)
    found = place.find(Wanted(purchase_orders=(PO, formula)))
    content = as_csv(found.allocations)
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert tuple(rows[0]) == COLUMNS
    assert [row["allocation_id"] for row in rows] == stock(*range(4, 43))
    assert rows[0]["po_number"] == f"'{formula}"
    assert rows[1] == {
        name: " ".join(value) if isinstance(value, tuple) else str(value)
        for name in COLUMNS
        for value in [getattr(found.allocations[1], name)]
    }
    path = tmp_path / "found.csv"
    write_output(path, content, force=False)
    with read_manifest(InputOptions(path=str(path))) as manifest:
        assert (manifest.counts.unique, manifest.counts.invalid) == (39, 0)
    facts = repr(found_facts(found, None)).encode()
    assert not any(sentinel.encode() in content + facts for sentinel in PERSONAL_SENTINELS)


def test_none_is_an_input_too(tmp_path: Path) -> None:
    """A header and no rows."""
    write_output(tmp_path / "none.csv", as_csv(()), force=False)
    with read_manifest(InputOptions(path=str(tmp_path / "none.csv"))) as manifest:
        assert manifest.counts.read == 0


def test_cells_that_are_nothing_are_empty() -> None:
    """A field that the API did not show has no word for nothing in its place."""
    lines = as_csv((Listed(allocation_id="62ff5c0bec0aed3c86202c32", order_ids=("a", "b")),))
    assert lines.decode().splitlines()[1] == "62ff5c0bec0aed3c86202c32,,,,,,a b,,,,"


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """Nothing is written over unasked, and what can't be written changes nothing."""
    path = tmp_path / "found.csv"
    write_output(path, b"one\n", force=False)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RefusedError, match="--force"):
        write_output(path, b"two\n", force=False)
    assert path.read_bytes() == b"one\n"
    write_output(path, b"two\n", force=True)
    assert path.read_bytes() == b"two\n"
    for wrong, said in (
        (tmp_path / "no-such" / "x.csv", "there is no folder"),
        (tmp_path, "is a folder"),
        (tmp_path / "found.xlsx", "written as CSV"),
    ):
        with pytest.raises(RefusedError, match=said):
            write_output(wrong, b"x\n", force=True)
    (tmp_path / ".found.csv.partial").mkdir()
    with pytest.raises(ReportError, match=r"can't be written .*; nothing was changed"):
        write_output(path, b"three\n", force=True)
    assert path.read_bytes() == b"two\n"
    assert {one.name for one in tmp_path.iterdir()} == {"found.csv", ".found.csv.partial"}
