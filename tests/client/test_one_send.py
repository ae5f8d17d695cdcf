"""One call is one wire send, on new and on reused connections, however it ends."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import aiohttp
import anyio
import pytest

from bulkcancel.client import Client
from bulkcancel.errors import RefusedError
from bulkcancel.model import (
    AllocationView,
    Answer,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    OneAllocation,
)

ID = "62ff5c0bec0aed3c86202c32"
ACCOUNT = "1234abcd5678efgh9ijklmno"
CANCELLED = json.dumps([{"allocationId": ID, "statusCode": "CANCELLED", "version": 3}]).encode()
PROOF = Answer(
    http_status=200,
    body=OneAllocation(view=AllocationView(allocation_id=ID, status="CANCELLED", version=3)),
)


def signal(event: threading.Event) -> Callable[[object], bool]:
    """Return a step that sets an event."""

    def step(_: object) -> bool:
        event.set()
        return True

    return step


@pytest.mark.parametrize("name", ["cancel", "read"])
@pytest.mark.parametrize("break_", ["hang_up", "reset"])
def test_a_broken_connection_is_one_send_and_in_doubt(
    serve: Any, steps: Any, call: Any, name: str, break_: str
) -> None:
    """By itself aiohttp would send again; one call leaves one request at the server."""
    peer = serve(getattr(steps, break_)(), steps.answer(CANCELLED))

    async def use(client: Client) -> tuple[Any, int, int, int]:
        exchange = await getattr(client, name)(ID)
        return exchange, client.wire_sends, client.cancels_sent, client.reads_sent

    exchange, *counts = call(peer.base_url, use)
    assert isinstance(exchange.observation, NoAnswer)
    assert exchange.observation.cause in {NoAnswerCause.DISCONNECTED, NoAnswerCause.RESET}
    assert (len(peer.requests), peer.connections) == (1, 1)
    assert counts == ([1, 1, 0] if name == "cancel" else [1, 0, 1])


@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize("break_", ["hang_up", "reset"])
def test_the_guard_is_needed(serve: Any, steps: Any, method: str, break_: str) -> None:
    """A plain aiohttp session sends twice to the same server, and takes that for success."""
    peer = serve(getattr(steps, break_)(), steps.answer(CANCELLED))

    async def main() -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, peer.base_url) as response,
        ):
            return response.status

    assert anyio.run(main) == 200
    assert len(peer.requests) == 2


@pytest.mark.parametrize("break_", ["hang_up", "reset"])
def test_a_reused_connection_that_breaks_before_the_read_is_one_send(
    serve: Any, steps: Any, call: Any, break_: str
) -> None:
    """The second request meets a reset, unread: in doubt, and not sent on a new connection."""
    peer = serve(
        steps.then(steps.answer(CANCELLED), steps.await_bytes(), getattr(steps, break_)()),
        steps.answer(CANCELLED),
    )

    async def use(client: Client) -> tuple[Any, Any, int]:
        return await client.cancel(ID), await client.cancel(ID), client.wire_sends

    first, second, sends = call(peer.base_url, use)
    assert first.observation == PROOF
    assert isinstance(second.observation, NoAnswer)
    assert sends == 2
    assert (len(peer.requests), peer.connections) == (1, 1), "it was sent again"


def test_a_connection_that_was_closed_while_idle_is_not_used(
    serve: Any, steps: Any, call: Any
) -> None:
    """A known-dead connection leads to a new one, not to a doubt."""
    peer = serve(steps.answer(CANCELLED, keep=False), steps.answer(CANCELLED))

    async def use(client: Client) -> list[Any]:
        first = await client.cancel(ID)
        await asyncio.sleep(0.2)
        return [first, await client.cancel(ID)]

    assert [one.observation for one in call(peer.base_url, use)] == [PROOF, PROOF]
    assert (len(peer.requests), peer.connections) == (2, 2)


NOT_FOUND = (
    b'HTTP/1.1 404 Not Found\r\nContent-Length: 38\r\n\r\n"AllocationRequestId Not Found/Valid"\n'
)


@pytest.mark.parametrize("stray", [NOT_FOUND, NOT_FOUND[:-20], b"220 ready\r\n"])
def test_an_answer_from_before_the_request_is_not_its_answer(
    serve: Any, steps: Any, call: Any, stray: bytes
) -> None:
    """What a server sent on the idle connection must not become a false "not found".

    Whole or in part, it is seen before anything is sent, and another connection is taken.
    """
    idle, came = threading.Event(), threading.Event()
    peer = serve(
        steps.then(
            steps.answer(CANCELLED),
            lambda _: idle.wait(20),
            steps.raw(stray, keep=True),
            signal(came),
        ),
        steps.answer(CANCELLED),
    )

    async def use(client: Client) -> tuple[Any, Any, int]:
        first = await client.cancel(ID)
        idle.set()
        await asyncio.to_thread(came.wait, 20)
        await asyncio.sleep(0.2)
        return first.observation, (await client.cancel(ID)).observation, client.wire_sends

    assert call(peer.base_url, use) == (PROOF, PROOF, 2)
    assert (len(peer.requests), peer.connections) == (2, 2)


def test_a_server_that_speaks_first_again_and_again_is_sent_nothing(
    serve: Any, steps: Any, call: Any
) -> None:
    """Three connections are given up at most, and then it is certain that nothing was sent."""
    together, idle, came = threading.Barrier(4), threading.Event(), threading.Semaphore(0)

    def told(_: object) -> bool:
        came.release()
        return True

    peer = serve(
        *[
            steps.then(
                lambda _: together.wait(20) >= 0,
                steps.answer(CANCELLED),
                lambda _: idle.wait(20),
                steps.raw(NOT_FOUND, keep=True),
                told,
            )
        ]
        * 4,
        steps.answer(CANCELLED),
    )

    async def use(client: Client) -> tuple[list[Any], int]:
        seen = await asyncio.gather(*(client.cancel(ID) for _ in range(4)))
        idle.set()
        for _ in range(4):
            await asyncio.to_thread(came.acquire, timeout=20)
        await asyncio.sleep(0.2)
        seen += [await client.cancel(ID) for _ in range(2)]
        return [one.observation for one in seen], client.wire_sends

    seen, sends = call(peer.base_url, use)
    assert seen[:4] == [PROOF] * 4
    assert isinstance(seen[4], NotSent)
    assert "before it is asked" in seen[4].detail
    assert (seen[5], sends, len(peer.requests)) == (PROOF, 5, 5)


def test_what_is_left_of_a_stray_head_is_no_answer(serve: Any, steps: Any, call: Any) -> None:
    """A head that began before the request and ends after it leaves the send in doubt."""
    idle, came = threading.Event(), threading.Event()
    peer = serve(
        steps.then(
            steps.answer(CANCELLED),
            lambda _: idle.wait(20),
            steps.raw(NOT_FOUND[:12], keep=True),
            signal(came),
        ),
        steps.raw(NOT_FOUND[12:]),
    )

    async def use(client: Client) -> tuple[Any, Any]:
        first = await client.cancel(ID)
        idle.set()
        await asyncio.to_thread(came.wait, 20)
        await asyncio.sleep(0.2)
        return first.observation, (await client.cancel(ID)).observation

    first, second = call(peer.base_url, use)
    assert first == PROOF
    assert second.cause is NoAnswerCause.BAD_HTTP


def test_true_answers_are_never_taken_for_early_ones(serve: Any, steps: Any, call: Any) -> None:
    """However fast the server is, one after the other and many at a time."""
    peer = serve(steps.answer(CANCELLED))

    async def use(client: Client) -> list[Any]:
        seen = [await client.cancel(ID) for _ in range(200)]
        for _ in range(5):
            seen += await asyncio.gather(*(client.cancel(ID) for _ in range(40)))
        return seen

    seen = call(peer.base_url, use)
    assert [one.observation for one in seen] == [PROOF] * 400
    assert len(peer.requests) == 400
    assert peer.connections <= 41, "connections are not reused"


def test_calls_never_queue_for_a_connection(serve: Any, steps: Any, call: Any) -> None:
    """As many calls as `connections` are at the server at the same time, and no more."""
    together = threading.Barrier(30)
    peer = serve(steps.then(lambda _: together.wait(20) >= 0, steps.answer(CANCELLED)))

    async def use(client: Client) -> list[Any]:
        calls = [asyncio.create_task(client.cancel(ID)) for _ in range(30)]
        await asyncio.sleep(0)
        with pytest.raises(RefusedError, match="more than 30 calls at a time"):
            await client.read(ID)
        return await asyncio.gather(*calls)

    seen = call(peer.base_url, use, connections=30)
    assert [one.observation for one in seen] == [PROOF] * 30
    assert len(peer.requests) == 30


def test_a_cancelled_call_ends_at_once_and_frees_its_place(
    serve: Any, steps: Any, call: Any
) -> None:
    """Being told to stop escapes as such; the client goes on working."""
    arrived = threading.Event()
    peer = serve(steps.then(signal(arrived), steps.silence()), steps.answer(CANCELLED))

    async def use(client: Client) -> tuple[Any, int]:
        stuck = asyncio.create_task(client.cancel(ID))
        await asyncio.to_thread(arrived.wait, 10)
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck
        return (await client.cancel(ID)).observation, client.wire_sends

    assert call(peer.base_url, use, connections=1) == (PROOF, 2)
    assert len(peer.requests) == 2
