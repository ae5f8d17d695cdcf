"""The library: the same run as the command's, from Python."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import cast

import anyio
import anyio.to_thread
import structlog
from structlog.typing import FilteringBoundLogger

from bulkcancel.client import Secret, TokenSource, check_target
from bulkcancel.errors import RefusedError
from bulkcancel.execution import Finished, RunSession, RunSettings, new_run
from bulkcancel.manifest import InputOptions, read_manifest, refusal


async def cancel_all(
    source: InputOptions,
    settings: RunSettings,
    *,
    token: Secret | TokenSource,
    confirm: int,
    reports: Path = Path("reports"),
    run_id: str | None = None,
    shared_password: Secret | None = None,
) -> Finished:
    """Cancel the allocations of an input; return the run's end when its reports are written.

    ``confirm`` is the number of allocations to be cancelled: an input with another number is
    refused before anything is sent. The run folder is made below ``reports``. Signals are left
    alone; when the call is cancelled from outside, what was in flight stays open in the journal,
    as in doubt, and ``bulkcancel resume`` goes on. ``shared_password`` is for the Redis of a shared
    rate.

    Raises:
        BulkcancelError: Its ``exit_code`` is the one that the command would end with.
    """
    begin = partial(_begin, source, settings, confirm, reports, run_id)
    session = await anyio.to_thread.run_sync(begin)
    with session:
        await session.work(token, handle_signals=False, shared_password=shared_password)
        return await anyio.to_thread.run_sync(session.finish)


def run(
    source: InputOptions,
    settings: RunSettings,
    *,
    token: Secret | TokenSource,
    confirm: int,
    reports: Path = Path("reports"),
    run_id: str | None = None,
    shared_password: Secret | None = None,
) -> Finished:
    """Do as `cancel_all`, and return when it is done."""
    call = partial(
        cancel_all,
        source,
        settings,
        token=token,
        confirm=confirm,
        reports=reports,
        run_id=run_id,
        shared_password=shared_password,
    )
    return anyio.run(call)


def _begin(
    source: InputOptions, settings: RunSettings, confirm: int, reports: Path, run_id: str | None
) -> RunSession:
    settings = settings.checked()
    settings = settings.aimed_at(check_target(settings.target, settings.client()))
    with read_manifest(source) as manifest:
        if manifest.counts.invalid and not settings.skip_invalid:
            raise refusal(manifest, None)
        if settings.share is not None:
            manifest.narrow(settings.share)
        if manifest.counts.unique != confirm:
            what = "The input" if settings.share is None else settings.share.words.capitalize()
            raise RefusedError(
                f"{what} holds {manifest.counts.unique:,} allocations, not {confirm:,}. "
                "Nothing was sent."
            )
        folder = new_run(reports, run_id, now=time.time())
        return RunSession.begin(folder, manifest, settings, _standard_log())


def _standard_log() -> FilteringBoundLogger:
    """Return a logger that hands events to the standard library's ``bulkcancel`` logger."""
    logger = structlog.wrap_logger(
        logging.getLogger("bulkcancel"),
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
    )
    return cast("FilteringBoundLogger", logger)
