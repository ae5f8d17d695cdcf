"""Carry a run through: pool, progress, reports, summary, exit code."""

from __future__ import annotations

import json
from typing import Any

import anyio
from structlog.typing import FilteringBoundLogger

from bulkcancel.cli.intake import newer_token_of
from bulkcancel.cli.pipes import say
from bulkcancel.cli.progress import showing
from bulkcancel.cli.show import finished_lines
from bulkcancel.client import Secret
from bulkcancel.execution import Finished, RunSession


def carry_through(
    session: RunSession, token: Secret, options: dict[str, Any], log: FilteringBoundLogger
) -> int:
    """Work a session off, write its reports, print its summary; return the exit code."""
    with showing(log, bar=not options["no_progress"], quiet=options["quiet"]) as on_tick:

        async def work() -> None:
            newer = newer_token_of(options) if "token_file" in options else None
            await session.work(token, newer_token=newer, on_tick=on_tick)

        anyio.run(work)
    finished = session.finish()
    print_finished(finished, as_json=options["as_json"])
    return finished.exit_code


def print_finished(finished: Finished, *, as_json: bool) -> None:
    """Print a run's summary on standard output."""
    if as_json:
        say(json.dumps(finished.summary, indent=2, ensure_ascii=False))
        return
    say("\n".join(finished_lines(finished)))
