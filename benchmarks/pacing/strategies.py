"""What is measured: the program itself and what people use today, each as a command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.workplace import ACCOUNT, curl_command


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a strategy is to do. ``limit`` is the server's, ``ceiling`` the program's ``--rate``.

    Both are in requests per second. Ids lie in ``ids.csv`` with a header and in ``ids.txt``
    without one, in the folder that the command runs in.
    """

    base_url: str
    limit: int
    ceiling: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way to cancel a file of allocations; ``needs`` are the programs that it calls."""

    name: str
    words: str
    command: Callable[[Job], Sequence[str]]
    needs: tuple[str, ...] = ()


def bulkcancel(job: Job) -> list[str]:
    """Return the command line of the program itself."""
    return [
        sys.executable, "-m", "bulkcancel", "run", "ids.csv",
        "--base-url", job.base_url, "--account", ACCOUNT, "--rate", str(job.ceiling),
        "--reports", "reports", "--run-id", "pacing", "--yes", "--no-progress", "--quiet",
    ]  # fmt: skip


def _rival(name: str, job: Job, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "benchmarks.pacing.rivals", name, "ids.txt",
        "--base-url", job.base_url, "--account", ACCOUNT, *more,
    ]  # fmt: skip


def _parallel(job: Job) -> list[str]:
    curl = curl_command(job.base_url, "--retry 10 --retry-delay 0")
    return ["parallel", "--will-cite", "-j", "16", "--retries", "3", curl, "::::", "ids.txt"]


STRATEGIES = (
    Strategy(name="bulkcancel", words="`bulkcancel run`", command=bulkcancel),
    Strategy(
        name="semaphore-held",
        words="50 slots, backoff 0.5 s with full jitter, slot held",
        command=lambda job: _rival("semaphore-held", job),
    ),
    Strategy(
        name="semaphore-released",
        words="the same, slot given back",
        command=lambda job: _rival("semaphore-released", job),
    ),
    Strategy(
        name="fixed-twice",
        words="fixed rate, guessed at twice the limit",
        command=lambda job: _rival("fixed", job, "--rate", str(job.limit * 2)),
    ),
    Strategy(
        name="fixed-half",
        words="fixed rate, guessed at half the limit",
        command=lambda job: _rival("fixed", job, "--rate", str(job.limit / 2)),
    ),
    Strategy(
        name="aimd",
        words="AIMD: +10/s each second, to 0.7 at a refusal",
        command=lambda job: _rival("aimd", job),
    ),
    Strategy(
        name="parallel-curl",
        words="`parallel -j 16 --retries 3` of `curl --retry 10 --retry-delay 0`",
        command=_parallel,
        needs=("parallel", "curl"),
    ),
)
