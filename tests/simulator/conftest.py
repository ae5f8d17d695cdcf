"""Two clients that hide nothing: a bare socket, and one request on a connection of its own.

The tests take them as `Any`: test folders are no packages, so their types can't be imported there.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from bulkcancel.simulator import (
    AllocationTruth,
    LedgerEntry,
    SimulatorOptions,
    SimulatorThread,
    parse_fault,
)

ID = "62ff5c0bec0aed3c86202c32"
ACTIVE = {"ALLOCATED", "PENDING_PICK", "PENDING_DROP"}
HEADERS = {
    "Authorization": "Bearer simulator-token",
    "x-site-context": json.dumps({"account": "1234abcd5678efgh9ijklmno"}),
}
WAIT = 30.0
"""Seconds after which a test gives up; never reached unless something is broken."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a bare socket got. ``ending`` is ``closed``, ``reset`` or ``open``."""

    raw: bytes = b""
    ending: str = "open"
    pieces: int = 0

    @property
    def head(self) -> str:
        """The status line and the headers."""
        return self.raw.partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self) -> bytes:
        """What follows the headers."""
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.head.split(" ")[1])

    @property
    def headers(self) -> dict[str, str]:
        """The headers by their lower-case names."""
        lines = (line.partition(": ") for line in self.head.split("\r\n")[1:])
        return {name.lower(): value for name, _, value in lines}

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def only(self) -> dict[str, Any]:
        """The one object in the array that is the body."""
        shown = self.json
        assert isinstance(shown, list)
        assert len(shown) == 1
        assert isinstance(shown[0], dict)
        return shown[0]

    @property
    def is_whole(self) -> bool:
        """Whether the body has the length that was announced."""
        return len(self.body) == int(self.headers.get("content-length", -1))


class Wire:
    """A client on a bare socket, and what to hold the ledger against."""

    active = ACTIVE

    @staticmethod
    def serving(*faults: str, **options: Any) -> SimulatorThread:
        """Return a simulator with faults, not started yet."""
        return SimulatorThread(SimulatorOptions(faults=tuple(map(parse_fault, faults)), **options))

    @staticmethod
    def connect(simulator: SimulatorThread) -> socket.socket:
        """Open a connection."""
        where = urlsplit(simulator.origin)
        return socket.create_connection((where.hostname or "", where.port or 0), timeout=WAIT)

    @staticmethod
    def send(connection: socket.socket, method: str = "PUT", path: str | None = None) -> None:
        """Write a cancel, or another request."""
        path = path or f"/api/v2/allocation/{'cancel/' if method == 'PUT' else ''}{ID}"
        named = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{named}\r\n".encode())

    @staticmethod
    def receive(connection: socket.socket, *, enough: Callable[[Seen], bool] | None = None) -> Seen:
        """Read until the connection ends, or there is enough."""
        seen = Seen()
        while enough is None or not enough(seen):
            try:
                data = connection.recv(1 << 20)
            except ConnectionResetError:
                seen.ending = "reset"
                return seen
            if not data:
                seen.ending = "closed"
                return seen
            seen.raw += data
            seen.pieces += 1
        return seen

    @staticmethod
    def nothing(ending: str) -> Seen:
        """Return what is seen where not one byte came."""
        return Seen(ending=ending)

    @staticmethod
    def one_answer(seen: Seen) -> bool:
        """Tell whether a whole answer of an announced length is there."""
        return b"\r\n\r\n" in seen.raw and b"HTTP/1.1" in seen.raw and seen.is_whole

    def meet(
        self, simulator: SimulatorThread, method: str = "PUT", path: str | None = None
    ) -> Seen:
        """Send one request on a connection of its own and read one answer, or to the end."""
        with self.connect(simulator) as connection:
            self.send(connection, method, path)
            return self.receive(connection, enough=self.one_answer)

    def shown(self, fault: str, *, applied: bool = True) -> tuple[Seen, AllocationTruth]:
        """Return the 200 of a faulty cancel, and the allocation as the ledger has it."""
        with self.serving(fault) as simulator:
            seen = self.meet(simulator)
            assert seen.status == 200
            self.check(simulator, applied=applied, status=200, fault=fault.partition(":")[0])
            return seen, simulator.ledger[ID]

    @staticmethod
    def settled(simulator: SimulatorThread, check: Callable[[LedgerEntry], bool]) -> LedgerEntry:
        """Wait until the first entry of the ledger is as expected."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            entries = simulator.ledger.entries()
            if entries and check(entries[0]):
                return entries[0]
            time.sleep(0.01)
        raise AssertionError(simulator.ledger.entries())

    @staticmethod
    def check(simulator: SimulatorThread, *, applied: bool, status: int | None, fault: str) -> None:
        """Hold the ledger against what is expected of one cancel, the only one so far."""
        ledger = simulator.ledger
        entry, allocation = ledger.entries()[0], ledger[ID]
        assert (entry.applied, entry.status, entry.fault) == (applied, status, fault)
        assert entry.ids == (ID,)
        assert (allocation.puts, allocation.effects) == (1, int(applied))
        assert allocation.version == allocation.first_version + applied
        assert (allocation.status == "CANCELLED") == applied
        assert (allocation.status in ACTIVE) == (not applied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as an ordinary client has it; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Api:
    """An ordinary client: each request on a connection of its own."""

    headers = HEADERS

    @staticmethod
    def ask(
        simulator: SimulatorThread,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        """Send one request; without ``headers`` the right ones."""
        where = urlsplit(simulator.origin)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=WAIT)
        try:
            sent = HEADERS if headers is None else headers
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=named, body=answer.read())
        finally:
            connection.close()

    def cancel(self, simulator: SimulatorThread, ids: str, **options: Any) -> Answer:
        """Send a cancel."""
        return self.ask(simulator, "PUT", f"/api/v2/allocation/cancel/{ids}", **options)

    def read(self, simulator: SimulatorThread, one: str, **options: Any) -> Answer:
        """Send a read."""
        return self.ask(simulator, "GET", f"/api/v2/allocation/{one}", **options)

    def token(self, simulator: SimulatorThread, **options: Any) -> Answer:
        """Ask for a token."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        headers = form | options.pop("headers", {})
        return self.ask(simulator, "POST", "/v1/token", headers=headers, **options)


@pytest.fixture
def wire() -> Wire:
    """Return the bare client."""
    return Wire()


@pytest.fixture
def api() -> Api:
    """Return the ordinary client."""
    return Api()
