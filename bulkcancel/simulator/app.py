"""The API itself: what each request is answered, and when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import unquote

from aiohttp import web

from bulkcancel.errors import ReportError
from bulkcancel.simulator.allocations import Allocations
from bulkcancel.simulator.deeds import Deed, Doer
from bulkcancel.simulator.faults import Fault
from bulkcancel.simulator.gate import Gate
from bulkcancel.simulator.kinds import Family
from bulkcancel.simulator.ledger import TOKEN_PATH, Arrival, Ledger
from bulkcancel.simulator.misbehave import misbehaving, silence
from bulkcancel.simulator.options import SimulatorOptions
from bulkcancel.simulator.query import Queries
from bulkcancel.simulator.replies import Caller, Reply, message, other_body, page, refusal
from bulkcancel.simulator.selection import FaultBook, chance
from bulkcancel.simulator.tokens import Bearer, Tokens

BASE_PATH = "/api/v2"

_ALLOCATION = f"{BASE_PATH}/allocation/"
_CANCEL = f"{_ALLOCATION}cancel/"
_QUERY = f"{_ALLOCATION}query"


class App:
    """One API with its allocations and its ledger, without the socket.

    ``clock`` gives monotonic seconds, ``wall`` Unix seconds. `open` must be called in the loop
    that serves, before the first request.

    Raises:
        RefusedError: the ledger's file can't be opened.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.gate = Gate(options)
        self.tokens = Tokens(options)
        self.finished = asyncio.Event()
        self.failure: BaseException | None = None
        allocations = Allocations(
            seed=options.seed,
            states=options.states,
            conventions=options.conventions,
            po_number=options.po_number,
            owners=options.owners,
            vendor_id=options.vendor_id,
            stock=options.stock,
        )
        self.ledger = Ledger(allocations, options.ledger_path)
        self._options = options
        self._clock = clock
        self._wall = wall
        self._doer = Doer(allocations, options)
        self._queries = Queries(allocations, options)
        self._token_requests = 0
        self._stopping: asyncio.Future[None] | None = None
        self._later: set[asyncio.TimerHandle] = set()
        self.set_faults(options.faults)

    def open(self) -> None:
        """Begin: the faults' windows count from here."""
        self._stopping = asyncio.get_running_loop().create_future()
        self.set_faults(self.faults)

    def close(self) -> None:
        """Let everything that waits go; effects that were still to come don't come."""
        if self._stopping is not None and not self._stopping.done():
            self._stopping.set_result(None)
        for handle in self._later:
            handle.cancel()
        self._later.clear()

    def fail(self, error: BaseException) -> None:
        """Note what makes going on useless; the first failure counts."""
        self.failure = self.failure or error
        self.finished.set()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults in place."""
        return self._book.faults

    def set_faults(self, faults: tuple[Fault, ...]) -> None:
        """Put other faults in place; their counts begin anew."""
        self._book = FaultBook(faults, seed=self._options.seed, placed=self._clock())

    async def pause(self, seconds: float) -> bool:
        """Wait so many seconds; false where the simulator stops first."""
        if self._stopping is None:
            return False
        if seconds > 0:
            await asyncio.wait((self._stopping,), timeout=seconds)
        return not self._stopping.done()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path, _, query = request.raw_path.partition("?")
        self.ledger.entered()
        try:
            if path == TOKEN_PATH and request.method == "POST":
                return await self._token(request)
            if path == _QUERY and request.method == "POST":
                return await self._query(request)
            ids = _ids(request.method, path)
            if not ids:
                return self._elsewhere(request, path)
            # Where a redirect led meets no fault, so that following it shows something plausible.
            return await self._allocation(request, ids, spared=query.startswith("redirected"))
        except ReportError as error:
            self.fail(error)
            return silence()
        finally:
            self.ledger.left()

    async def _allocation(
        self, request: web.BaseRequest, ids: tuple[str, ...], *, spared: bool
    ) -> web.StreamResponse:
        """Cancel or read."""
        method, now, wall = request.method, self._clock(), self._wall()
        self._doer.count(method, ids)
        bearer = self.tokens.check(request.headers.get("Authorization"), now)
        arrival = self.ledger.arrive(method, request.raw_path, ids, bearer.standing, now, wall)
        passage = self.gate.check(bearer, request.headers, now, self._server_time(wall))
        latency = self._latency(ids[0], self._doer.requests_of(ids[0]))
        fault = None
        if passage.refused is not None:
            deed = Deed(reply=passage.refused)
            self.ledger.record(arrival, status=deed.reply.status)
        else:
            fault = None if spared else self._book.choose(method, ids[0], now, others=ids[1:])
            delay = self._delay_of_effect(method, fault)
            if delay:
                self.ledger.record(arrival, fault=_name(fault), pending=True)
                if not await self.pause(delay):
                    return silence()
            deed = self._do(arrival, fault, bearer, delayed=delay > 0)
        if not await self.pause(latency - (self._clock() - now)):
            return silence()
        return self._response(deed.reply, fault, passage.headers)

    def _do(self, arrival: Arrival, fault: Fault | None, bearer: Bearer, *, delayed: bool) -> Deed:
        """Take effect and write it down, in one go."""
        wall = self._wall()
        caller = Caller(token=bearer.token, path=arrival.path, wall=self._server_time(wall))
        if arrival.method == "PUT":
            deed = self._doer.cancel(arrival.ids, fault, caller, arrival.sequence)
        elif self._options.read_available:
            deed = self._doer.read(arrival.ids, fault, caller)
        else:
            deed = Deed(reply=_not_allowed("PUT"))
        status = _answered(fault, deed.reply)
        if delayed:
            self.ledger.settle(arrival.sequence, changed=deed.changed, status=status)
            return deed
        comes_later = fault is not None and fault.base == "stale-delayed"
        self.ledger.record(
            arrival, changed=deed.changed, status=status, fault=_name(fault), pending=comes_later
        )
        if fault is not None and comes_later:
            self._cancel_after(fault.number, arrival, status)
        elif fault is not None and fault.base == "revoke":
            self.tokens.revoke(bearer.token)
        return deed

    def _cancel_after(self, seconds: float, arrival: Arrival, status: int | None) -> None:
        def take_effect() -> None:
            self._later.discard(handle)
            try:
                changed: tuple[str, ...] = ()
                if arrival.method == "PUT":
                    changed = self._doer.cancel_unanswered(
                        arrival.ids, arrival.sequence, self._wall()
                    )
                self.ledger.settle(arrival.sequence, changed=changed, status=status)
            except ReportError as error:
                self.fail(error)

        handle = asyncio.get_running_loop().call_later(seconds, take_effect)
        self._later.add(handle)

    async def _token(self, request: web.BaseRequest) -> web.StreamResponse:
        """Issue a token."""
        now, wall = self._clock(), self._wall()
        self._token_requests += 1
        arrival = self.ledger.arrive("POST", request.raw_path, (), "none", now, wall)
        try:
            form = (await request.read()).decode("utf-8", "replace")
        except web.HTTPRequestEntityTooLarge:
            self.ledger.record(arrival, status=413)
            return self._response(message(413, "The form is too large"), None, {})
        except (ConnectionError, web.RequestPayloadError):
            self.ledger.record(arrival)
            return silence()
        fault = self._book.choose("POST", "token", now)
        caller = Caller(token="", path=arrival.path, wall=self._server_time(wall))
        if fault is not None and fault.what.family is Family.REFUSAL:
            reply = refusal(fault, caller)
        else:
            reply = self.tokens.answer(request.headers, form, now)
            if fault is not None and fault.what.family is Family.BODY:
                reply = other_body(fault, reply)
        self.ledger.record(arrival, status=_answered(fault, reply), fault=_name(fault))
        if not await self.pause(self._latency("token", self._token_requests)):
            return silence()
        return self._response(reply, fault, {})

    async def _query(self, request: web.BaseRequest) -> web.StreamResponse:
        """Show the allocations that a query asks for; its faults are those for POST@query."""
        now, wall = self._clock(), self._wall()
        bearer = self.tokens.check(request.headers.get("Authorization"), now)
        arrival = self.ledger.arrive("POST", request.raw_path, (), bearer.standing, now, wall)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            self.ledger.record(arrival, status=413)
            return self._response(message(413, "The query is too large"), None, {})
        except (ConnectionError, web.RequestPayloadError):
            self.ledger.record(arrival)
            return silence()
        passage = self.gate.check(bearer, request.headers, now, self._server_time(wall))
        fault, reply = None, passage.refused
        if reply is None:
            fault = self._book.choose("POST", "query", now)
            caller = Caller(token=bearer.token, path=arrival.path, wall=self._server_time(wall))
            if fault is not None and fault.what.family is Family.REFUSAL:
                reply = refusal(fault, caller)
            else:
                reply = self._queries.answer(request.headers.get("Content-Type", ""), body)
                if fault is not None and fault.what.family is Family.BODY:
                    reply = other_body(fault, reply)
        self.ledger.record(arrival, status=_answered(fault, reply), fault=_name(fault))
        latency = self._latency("query", self._queries.asked)
        if not await self.pause(latency - (self._clock() - now)):
            return silence()
        return self._response(reply, fault, passage.headers)

    def _elsewhere(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer what is no part of the API: 405 where another method would be, else 404."""
        now, wall = self._clock(), self._wall()
        bearer = self.tokens.check(request.headers.get("Authorization"), now)
        arrival = self.ledger.arrive(
            request.method, request.raw_path, (), bearer.standing, now, wall
        )
        allowed = next((one for one in ("PUT", "GET") if _ids(one, path)), None)
        if path in {TOKEN_PATH, _QUERY}:
            allowed = "POST"
        reply = page(404) if allowed is None else _not_allowed(allowed)
        self.ledger.record(arrival, status=reply.status)
        return self._response(reply, None, {})

    def _response(
        self, reply: Reply, fault: Fault | None, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        if fault is not None and fault.what.family is Family.WIRE:
            reply = replace(reply, headers={**reply.headers, **headers})
            return misbehaving(fault, reply, self.pause)
        return web.Response(
            body=reply.body,
            status=reply.status,
            headers={"Content-Type": reply.content_type, **headers, **reply.headers},
        )

    def _delay_of_effect(self, method: str, fault: Fault | None) -> float:
        delay = self._options.effect_delay if method == "PUT" else 0.0
        return delay + fault.number if fault is not None and fault.base == "late" else delay

    def _latency(self, key: str, count: int) -> float:
        latency, jitter = self._options.latency, self._options.latency_jitter
        if jitter:
            latency += jitter * chance(self._options.seed, "latency", key, count)
        return latency

    def _server_time(self, wall: float) -> float:
        return wall + self._options.clock_skew


def _ids(method: str, path: str) -> tuple[str, ...]:
    """Return the allocations that a path names for this method; none if it is no such path."""
    if method == "PUT" and path.startswith(_CANCEL):
        tail = path[len(_CANCEL) :]
        # A framework decodes the path before it splits the list, so a quoted comma splits too.
        return tuple(unquote(tail).split(",")) if tail and "/" not in tail else ()
    if method == "GET" and path.startswith(_ALLOCATION):
        tail = path[len(_ALLOCATION) :]
        return (unquote(tail),) if tail and "/" not in tail else ()
    return ()


def _answered(fault: Fault | None, reply: Reply) -> int | None:
    """Return the HTTP status that will stand on the wire, ``None`` for none."""
    speechless = {"hangup", "reset", "hang", "bad-status-line", "http-0.9"}
    return None if fault is not None and fault.base in speechless else reply.status


def _not_allowed(method: str) -> Reply:
    return Reply(status=405, body=b"", content_type="text/plain", headers={"Allow": method})


def _name(fault: Fault | None) -> str | None:
    return None if fault is None else fault.kind
