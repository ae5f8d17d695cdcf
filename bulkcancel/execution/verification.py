"""Hold a finished run's report against the API once more."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bulkcancel.client import Secret, TokenSource
from bulkcancel.decision import Agreement
from bulkcancel.errors import ExitCode
from bulkcancel.execution.folder import RunFolder
from bulkcancel.execution.reach import reach
from bulkcancel.execution.settings import RunSettings, settings_from_json
from bulkcancel.journal import Journal, detail_rows
from bulkcancel.model import DetailRow, RowKind
from bulkcancel.report import verification_file
from bulkcancel.runner import Clock, Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification found. ``stopped`` is a sentence if it did not come to its end."""

    folder: RunFolder
    counts: dict[Agreement, int]
    reads: int
    stopped: str
    stop_code: ExitCode = ExitCode.OK

    @property
    def exit_code(self) -> ExitCode:
        """Return 0 if every outcome agrees (or was unknown and is known now), else 3.

        What stopped the verification before its end has its own code.
        """
        if self.stop_code is not ExitCode.OK:
            return self.stop_code
        good = {Agreement.AGREES, Agreement.RESOLVED}
        return ExitCode.OK if set(self.counts) <= good else ExitCode.BREAKS


async def verify(
    folder: RunFolder,
    token: Secret | TokenSource,
    *,
    rate: float | None = None,
    sample: int | None = None,
    ca_file: Path | None = None,
    shared_password: Secret | None = None,
) -> Verified:
    """Read the allocations of a run again and write ``verification.csv``; sends no cancel.

    ``rate`` (requests/s) and ``ca_file`` take the place of the run's own; ``sample`` reads that
    many, drawn by chance, in place of all. ``shared_password`` is for the Redis of the run's
    shared rate, if it has one.

    Raises:
        BulkcancelError: The journal can't be read, or the file can't be written.
    """
    with Journal.open(folder.journal) as journal:
        settings: RunSettings = settings_from_json(journal.fact("settings"))
        if rate is not None:
            settings = settings.at_rate(rate).checked()
        if ca_file is not None:
            settings = replace(settings, ca_file=str(ca_file))
        drawn = _drawn(journal, sample)
        async with reach(settings, token, shared_password=shared_password) as api:
            verifier = Verifier(
                api=api,
                options=settings.pool(),
                chance=random.random,
                clock=Clock(),
                shared=api.shared,
            )
            with verification_file(folder.path) as file:
                async for chunk in verifier.findings(_allocations(journal, drawn)):
                    for row, found in chunk:
                        file.add(row, found)
    return Verified(
        folder=folder,
        counts=dict(file.counts),
        reads=verifier.reads,
        stopped=verifier.stopped,
        stop_code=verifier.exit_code,
    )


def _drawn(journal: Journal, sample: int | None) -> frozenset[int] | None:
    """Return which allocations of a run to read, by their place; ``None`` for all."""
    total = journal.unique()
    if sample is None or sample >= total:
        return None
    return frozenset(random.sample(range(total), sample))


def _allocations(journal: Journal, drawn: frozenset[int] | None) -> Iterator[DetailRow]:
    place = -1
    for chunk in detail_rows(journal):
        for row in chunk:
            if row.kind is not RowKind.ALLOCATION:
                continue
            place += 1
            if drawn is None or place in drawn:
                yield row
