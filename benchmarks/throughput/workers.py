"""The same job by workers around httpx: 64 of them, one client, each answer decoded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

import httpx

from benchmarks.throughput.bare import whole_status
from benchmarks.throughput.part import job_parser, tell_loop
from benchmarks.workplace import headers


async def cancel_all(ids: Iterator[str], *, base_url: str, account: str, concurrency: int) -> int:
    """Cancel every allocation once; return how many were shown as cancelled.

    Raises:
        httpx.HTTPError: any failure.
    """
    cancelled = 0
    async with httpx.AsyncClient(
        headers=headers(account),
        limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        timeout=30.0,
    ) as client:

        async def work() -> None:
            nonlocal cancelled
            for allocation_id in ids:
                answer = await client.put(f"{base_url}/allocation/cancel/{allocation_id}")
                answer.raise_for_status()
                cancelled += whole_status(answer.content) == "CANCELLED"

        await asyncio.gather(*(work() for _ in range(concurrency)))
    return cancelled


def main() -> int:
    """Run it from the command line."""
    parser = job_parser(__doc__)
    given = parser.parse_args()
    return tell_loop(
        given,
        partial(
            cancel_all,
            base_url=given.base_url,
            account=given.account,
            concurrency=given.concurrency,
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
