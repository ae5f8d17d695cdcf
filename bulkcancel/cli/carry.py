"""Carry a run through: pool, progress, reports, summary, exit code."""

from __future__ import annotations

import json
import sys
from typing import Any

import anyio
import click
from structlog.typing import FilteringBoundLogger

from bulkcancel.cli.pipes import say
from bulkcancel.cli.progress import showing
from bulkcancel.cli.show import finished_lines
from bulkcancel.cli.telling import Teller
from bulkcancel.client import Secret, TokenSource
from bulkcancel.errors import ExitCode, JournalError
from bulkcancel.execution import Canaries, Finished, RunSession
from bulkcancel.runner import StopKind


def carry_through(
    session: RunSession,
    token: Secret | TokenSource,
    options: dict[str, Any],
    log: FilteringBoundLogger,
    teller: Teller | None = None,
    *,
    shared_password: Secret | None = None,
) -> int:
    """Work a session off, write its reports, print its summary; return the exit code.

    On a terminal the canaries are shown, if there are any, and whether to go on is asked.
    ``shared_password`` is for the Redis of a shared rate.
    """
    ask = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    def work() -> object:
        async def work_off() -> object:
            return await session.work(
                token, on_tick=on_tick, ask=ask, shared_password=shared_password
            )

        with showing(log, bar=not options["no_progress"], quiet=options["quiet"]) as on_tick:
            return anyio.run(work_off)

    try:
        seen = work()
        if isinstance(seen, Canaries) and _goes_on(session, seen):
            work()
        finished = session.finish()
    except KeyboardInterrupt:
        # The pool heeds Ctrl-C itself; this is one that came before it, or while reports are made.
        sentence = (
            f"Interrupted; the journal is complete: `bulkcancel resume {session.path}` goes on, "
            f"`bulkcancel report {session.path}` writes the reports."
        )
        if teller is not None:
            teller.failed(ExitCode.INTERRUPTED, sentence)
        click.echo(sentence, err=True)
        return ExitCode.INTERRUPTED
    except JournalError as error:
        raise JournalError(
            f"{error} `bulkcancel resume {session.path}` goes on from what the journal holds."
        ) from error
    if teller is not None:
        teller.finished(finished)
    print_finished(finished, as_json=options["as_json"])
    return finished.exit_code


def _goes_on(session: RunSession, seen: Canaries) -> bool:
    """Ask whether to go on after the canaries; anything but yes is no."""
    question = (
        f"{seen.words.capitalize()}: {seen.cancelled:,} cancelled, all read back as they should "
        f"be. Go on with the other {seen.rest:,}?"
    )
    try:
        if click.confirm(question, default=False, err=True):
            return True
        session.decline(f"After {seen.words} the answer was not to go on.")
    except (click.exceptions.Abort, KeyboardInterrupt):
        session.decline("Interrupted after the canaries.", StopKind.INTERRUPTED)
    return False


def print_finished(finished: Finished, *, as_json: bool) -> None:
    """Print a run's summary on standard output."""
    if as_json:
        say(json.dumps(finished.summary, indent=2, ensure_ascii=False))
        return
    say("\n".join(finished_lines(finished)))
