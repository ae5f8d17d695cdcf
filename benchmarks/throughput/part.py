"""What a part of a process takes, told as one JSON object on standard output."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of the clock, and of the processor in all threads of the process."""

    seconds: float
    cpu: float


class Parts:
    """The parts of this process that were counted."""

    def __init__(self) -> None:
        self._found: dict[str, Part] = {}

    @contextmanager
    def counted(self, name: str) -> Iterator[None]:
        """Count what is done within."""
        began, used = time.perf_counter(), time.process_time()
        yield
        self._found[name] = Part(
            seconds=time.perf_counter() - began, cpu=time.process_time() - used
        )

    def tell(self) -> None:
        """Write them down for `parts_told`."""
        sys.stdout.write(msgspec.json.encode(self._found).decode() + "\n")


def parts_told(out: str) -> dict[str, Part]:
    """Return the parts that a process told in its last line; none if it tells of none."""
    last = out.rstrip().rpartition("\n")[2]
    if not last.startswith("{"):
        return {}
    return msgspec.json.decode(last, type=dict[str, Part])


def job_parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser for what each loop is told; the token comes from BULKCANCEL_TOKEN."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("ids", type=Path, metavar="FILE", help="ids, one a line")
    parser.add_argument("--base-url", required=True, metavar="URL")
    parser.add_argument("--account", required=True, metavar="ID")
    parser.add_argument("--concurrency", type=int, required=True, metavar="N")
    return parser


def tell_loop(
    given: argparse.Namespace, loop: Callable[[Iterator[str]], Coroutine[Any, Any, int]]
) -> int:
    """Let a loop cancel all ids and tell what it took; return 0 if all are cancelled, else 1."""
    ids = given.ids.read_text(encoding="utf-8").split()
    parts = Parts()
    with parts.counted("sending"):
        cancelled = asyncio.run(loop(iter(ids)))
    parts.tell()
    return 0 if cancelled == len(ids) else 1
