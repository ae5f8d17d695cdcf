"""The measuring: each contender against a fresh nginx, in rounds whose order alternates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accesslog import read_access_log
from benchmarks.commandline import say
from benchmarks.nginx import serving
from benchmarks.spent import Spent, cores, spend
from benchmarks.throughput.contenders import Contender, Job
from benchmarks.throughput.part import Part, parts_told
from benchmarks.tools import missing
from benchmarks.workplace import workplace

TEMPLATE = Path(__file__).with_name("nginx.conf.in")


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one contender took once, and how many of its ``ids`` nginx was asked to cancel."""

    ids: int
    cancelled: int
    spent: Spent
    parts: Mapping[str, Part]


def play(
    contenders: Sequence[Contender], folder: Path, *, ids: int, concurrency: int, rounds: int
) -> dict[str, list[Took]]:
    """Let each contender run so many times; every other round goes backwards.

    A contender whose programs are missing is left out.
    """
    found: dict[str, list[Took]] = {}
    for number in range(rounds):
        for contender in contenders[:: 1 - 2 * (number % 2)]:
            if missing(*contender.needs):
                continue
            say(f"{contender.name}, {number + 1} of {rounds} ...")
            here = folder / f"{contender.name}-{number}"
            took = measure(contender, here, ids=ids, concurrency=concurrency)
            found.setdefault(contender.name, []).append(took)
    return found


def measure(contender: Contender, folder: Path, *, ids: int, concurrency: int) -> Took:
    """Let a contender cancel its portion of so many ids, against an nginx on the other core.

    Raises:
        SystemExit: It failed; what it said is shown.
    """
    own = max(1, ids // contender.portion)
    client = folder / "client"
    environment = workplace(client, own)
    servers, clients = cores()
    with serving(folder / "nginx", TEMPLATE, {}, core=servers) as nginx:
        job = Job(base_url=nginx.base_url, folder=client, concurrency=concurrency)
        spent = spend(contender.command(job), folder=client, environment=environment, core=clients)
        cancelled = len(read_access_log(nginx.access_log).cancelled())
    return Took(ids=own, cancelled=cancelled, spent=spent, parts=parts_told(spent.out))
