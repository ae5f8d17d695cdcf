"""The bare loops: workers that only send and decode.

One goes through aiohttp's session, as everybody does. The other takes aiohttp's parts without it,
as the program does: what it takes less is what the program saves there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any, TypeAlias

import aiohttp
import msgspec
from yarl import URL

from benchmarks.throughput.part import job_parser, tell_loop
from benchmarks.workplace import headers
from bulkcancel.client.http import Connections, Reply
from bulkcancel.client.wire import SendCount, headers_for


class _Seen(msgspec.Struct):
    """The three fields that say what became of an allocation; the parser skips the rest."""

    allocation_id: str = msgspec.field(name="allocationId")
    status: str = msgspec.field(name="statusCode")
    version: int


_TIMEOUT = 30.0
_MOST_BODY = 1 << 20
_PARTIAL = msgspec.json.Decoder(list[_Seen])


def partial_status(body: bytes) -> str:
    """Return an allocation's status, decoding three fields only."""
    return _PARTIAL.decode(body)[0].status


def whole_status(body: bytes) -> str:
    """Return an allocation's status, decoding all."""
    found: list[dict[str, Any]] = json.loads(body)
    status: str = found[0]["statusCode"]
    return status


Loop: TypeAlias = Callable[..., Coroutine[Any, Any, int]]
DECODERS: dict[str, Callable[[bytes], str]] = {"partial": partial_status, "json": whole_status}


async def cancel_all(
    ids: Iterator[str],
    *,
    status_of: Callable[[bytes], str],
    base_url: str,
    account: str,
    concurrency: int,
) -> int:
    """Cancel every allocation once; return how many were shown as cancelled.

    Raises:
        aiohttp.ClientError: any failure; there is nothing here to deal with one.
    """
    prefix = f"{base_url}/allocation/cancel/"
    cancelled = 0
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        # One bound for the whole exchange: each further kind of timeout costs a fifth more.
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers(account),
        skip_auto_headers=["Content-Type"],
        auto_decompress=False,
        raise_for_status=True,
    ) as session:

        async def work() -> None:
            nonlocal cancelled
            for allocation_id in ids:
                url = URL(prefix + allocation_id, encoded=True)
                async with session.put(url, allow_redirects=False) as answer:
                    cancelled += status_of(await answer.read()) == "CANCELLED"

        await asyncio.gather(*(work() for _ in range(concurrency)))
    return cancelled


async def cancel_all_without_session(
    ids: Iterator[str],
    *,
    status_of: Callable[[bytes], str],
    base_url: str,
    account: str,
    concurrency: int,
) -> int:
    """Do the same without aiohttp's session.

    Raises:
        RuntimeError: There is no whole answer to one.
    """
    base = URL(base_url)
    prefix = f"{base.raw_path}/allocation/cancel/"
    prepared, count, cancelled = headers_for(base, headers(account)), SendCount(), 0
    async with Connections(None, timeout=_TIMEOUT) as connections:

        async def work() -> None:
            nonlocal cancelled
            for allocation_id in ids:
                url = base.with_path(prefix + allocation_id, encoded=True)
                answer = await connections.exchange(
                    "PUT", url, count, headers=prepared, max_body=_MOST_BODY
                )
                if not isinstance(answer, Reply):
                    raise RuntimeError(str(answer))  # noqa: TRY004 - it is no wrong type
                cancelled += status_of(answer.body) == "CANCELLED"

        await asyncio.gather(*(work() for _ in range(concurrency)))
    return cancelled


LOOPS: dict[str, Loop] = {"session": cancel_all, "parts": cancel_all_without_session}


def main() -> int:
    """Run it from the command line."""
    parser = job_parser(__doc__)
    parser.add_argument("--decoder", choices=DECODERS, default="partial")
    parser.add_argument("--loop", choices=LOOPS, default="session")
    given = parser.parse_args()
    return tell_loop(
        given,
        partial(
            LOOPS[given.loop],
            status_of=DECODERS[given.decoder],
            base_url=given.base_url,
            account=given.account,
            concurrency=given.concurrency,
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
