"""The show: the sample input against the simulator, in one process and with nothing set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from bulkcancel.simulator import SimulatorOptions, SimulatorThread, parse_fault

DEMO_ACCOUNT = "1234abcd5678efgh9ijklmno"
DEMO_TOKEN = "simulator-token"  # noqa: S105 - the simulator's own, good for nothing else

_FAULTS = ("hangup-after=0.05*1", "500=0.05*1", "429:1=0.03*1", "stale=0.05*1")


@contextmanager
def demo_server() -> Iterator[str]:
    """Serve an API with a little latency and some faults; gives its base URL."""
    options = SimulatorOptions(
        token=DEMO_TOKEN,
        latency=0.02,
        faults=tuple(parse_fault(text) for text in _FAULTS),
        seed=7,
    )
    with SimulatorThread(options) as server:
        yield server.url


@contextmanager
def demo_input() -> Iterator[Path]:
    """Give the path of the sample input that ships with the program."""
    here = Path.cwd()
    with resources.as_file(resources.files("bulkcancel.demo") / "sample.csv") as path:
        yield path.relative_to(here) if path.is_relative_to(here) else path
