"""The bare loop: workers that only send and decode. The least that a run can take with aiohttp."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from benchmarks.throughput.part import job_parser, tell_loop
from benchmarks.workplace import headers


class _Seen(msgspec.Struct):
    """The three fields that say what became of an allocation; the parser skips the rest."""

    allocation_id: str = msgspec.field(name="allocationId")
    status: str = msgspec.field(name="statusCode")
    version: int


_PARTIAL = msgspec.json.Decoder(list[_Seen])


def partial_status(body: bytes) -> str:
    """Return an allocation's status, decoding three fields only."""
    return _PARTIAL.decode(body)[0].status


def whole_status(body: bytes) -> str:
    """Return an allocation's status, decoding all."""
    found: list[dict[str, Any]] = json.loads(body)
    status: str = found[0]["statusCode"]
    return status


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
        timeout=aiohttp.ClientTimeout(total=30.0),
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


def main() -> int:
    """Run it from the command line."""
    parser = job_parser(__doc__)
    parser.add_argument("--decoder", choices=DECODERS, default="partial")
    given = parser.parse_args()
    return tell_loop(
        given,
        partial(
            cancel_all,
            status_of=DECODERS[given.decoder],
            base_url=given.base_url,
            account=given.account,
            concurrency=given.concurrency,
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
