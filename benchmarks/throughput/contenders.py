"""Who takes part: the program, the bare loop, and what people use today."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.throughput.phases import SYNCHRONOUS
from benchmarks.workplace import ACCOUNT, TOKEN, curl_command, site_context

RATE = 100_000
"""What the program and the script are told as the rate, requests/s: more than any of them sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done; the ids lie in ``ids.csv`` and ``ids.txt`` in ``folder``."""

    base_url: str
    folder: Path
    concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to cancel a file of allocations.

    ``needs`` are the programs that it calls. It is given one ``portion``-th of the ids, for the
    slow ones to come to an end. The other fields say what it does beside sending:

    - ``durable``: what was sent is on the disk before it leaves, the answer before it counts;
    - ``resumable``: started again after a kill, it does not begin from the first id;
    - ``reconciled``: each row of the input is reported with what became of it, and it adds up.
    """

    name: str
    words: str
    command: Callable[[Job], Sequence[str]]
    needs: tuple[str, ...] = ()
    portion: int = 1
    is_bare: bool = False
    durable: bool = False
    resumable: bool = False
    reconciled: bool = False


def _bulkcancel(job: Job) -> list[str]:
    return [
        sys.executable, "-m", "bulkcancel", "run", "ids.csv", *_where(job),
        "--rate", str(RATE), "--fixed-rate", "--reports", "reports", "--run-id", "throughput",
        "--yes", "--no-progress", "--quiet",
    ]  # fmt: skip


def _python(module: str, job: Job, *more: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.throughput.{module}", *more, *_where(job)]


def _where(job: Job) -> list[str]:
    return [
        "--base-url", job.base_url, "--account", ACCOUNT, "--concurrency", str(job.concurrency),
    ]  # fmt: skip


def _phases(synchronous: str, job: Job) -> list[str]:
    more = ("--rate", str(RATE), "--synchronous", synchronous)
    return _python("phases", job, "ids.csv", *more)


def _curl(job: Job) -> list[str]:
    ids = (job.folder / "ids.txt").read_text(encoding="utf-8").split()
    context = site_context(ACCOUNT).replace('"', '\\"')
    lines = [
        'request = "PUT"',
        f'header = "Authorization: Bearer {TOKEN}"',
        f'header = "x-site-context: {context}"',
        'header = "Accept: application/json"',
        'write-out = "%{http_code} %{url}\\n"',
        *(f'url = "{job.base_url}/allocation/cancel/{one}"\noutput = "/dev/null"' for one in ids),
    ]
    (job.folder / "curl.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [
        "curl", "--silent", "--show-error", "--parallel", "--parallel-max", str(job.concurrency),
        "--config", "curl.conf",
    ]  # fmt: skip


def _parallel(job: Job) -> list[str]:
    return [
        "parallel", "--will-cite", "-j", str(job.concurrency), "--joblog", "jobs.txt", "--resume",
        curl_command(job.base_url), "::::", "ids.txt",
    ]  # fmt: skip


# What the ratio of sending is made of runs one after the other: a machine's pace changes.
CONTENDERS = (
    Contender(
        name="bare-json",
        words="bare loop: aiohttp workers, `json`",
        command=lambda job: _python("bare", job, "ids.txt", "--decoder", "json"),
        is_bare=True,
    ),
    Contender(
        name="bare-parts",
        words="bare loop without aiohttp's session: the program's own exchange, msgspec",
        command=lambda job: _python("bare", job, "ids.txt", "--loop", "parts"),
    ),
    Contender(
        name="bare-partial",
        words="bare loop: aiohttp workers, msgspec for three fields",
        command=lambda job: _python("bare", job, "ids.txt", "--decoder", "partial"),
        is_bare=True,
    ),
    Contender(
        name="library",
        words="`bulkcancel` as a library",
        command=partial(_phases, "FULL"),
        durable=True,
        resumable=True,
        reconciled=True,
    ),
    Contender(
        name="bulkcancel",
        words="`bulkcancel run`",
        command=_bulkcancel,
        durable=True,
        resumable=True,
        reconciled=True,
    ),
    Contender(
        name="httpx",
        words="httpx workers, `json`",
        command=lambda job: _python("workers", job, "ids.txt"),
        portion=20,
    ),
    Contender(
        name="curl",
        words="`curl --parallel --config FILE`",
        command=_curl,
        needs=("curl",),
    ),
    Contender(
        name="parallel",
        words="`parallel --joblog FILE --resume` of `curl`",
        command=_parallel,
        needs=("parallel", "curl"),
        portion=40,
        resumable=True,
    ),
    Contender(
        name="processor",
        words='"parallel request processor" script',
        command=lambda job: _python("processor", job, "ids.txt", "--rate", str(RATE)),
        portion=4,
    ),
)

DURABILITY = tuple(
    Contender(
        name=name.lower(),
        words=f"`synchronous={name}`",
        command=partial(_phases, name),
        durable=name == "FULL",
        resumable=True,
        reconciled=True,
    )
    for name in SYNCHRONOUS
)
