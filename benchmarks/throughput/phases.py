"""The program as a library in three parts: reading, sending, reporting."""

from __future__ import annotations

import argparse
import logging
import os
import time
from pathlib import Path

import anyio
import structlog

from benchmarks.throughput.part import Parts
from bulkcancel.client import Secret
from bulkcancel.execution import RunSession, RunSettings, new_run
from bulkcancel.journal import connection
from bulkcancel.manifest import InputOptions, read_manifest
from bulkcancel.model import Target

SYNCHRONOUS = {"FULL": 2, "NORMAL": 1, "OFF": 0}
"""How far a commit goes, in SQLite's numbers: to the disk, to the system, nowhere in particular."""


def main() -> int:
    """Run it from the command line; the token comes from BULKCANCEL_TOKEN."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", metavar="FILE", help="the input")
    parser.add_argument("--base-url", required=True, metavar="URL")
    parser.add_argument("--account", required=True, metavar="ID")
    parser.add_argument("--concurrency", type=int, required=True, metavar="N")
    parser.add_argument("--rate", type=float, required=True, metavar="N")
    parser.add_argument("--synchronous", choices=SYNCHRONOUS, default="FULL")
    given = parser.parse_args()
    # The program has no such option, and must not: what is less than FULL loses intents.
    connection._FULL = SYNCHRONOUS[given.synchronous]  # noqa: SLF001
    settings = RunSettings(
        target=Target(base_url=given.base_url, account=given.account),
        rate=given.rate,
        fixed_rate=True,
        concurrency=given.concurrency,
    ).checked()
    log = structlog.wrap_logger(
        structlog.PrintLogger(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    parts = Parts()
    with parts.counted("reading"), read_manifest(InputOptions(path=given.ids)) as manifest:
        folder = new_run(Path("reports"), "phases", now=time.time())
        session = RunSession.begin(folder, manifest, settings, log)
    with session:
        with parts.counted("sending"):
            anyio.run(session.work, Secret(os.environ["BULKCANCEL_TOKEN"]))
        with parts.counted("reporting"):
            finished = session.finish()
    parts.tell()
    return finished.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
