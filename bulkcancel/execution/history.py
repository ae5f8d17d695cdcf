"""What earlier runs say of allocations: which stay breaks, and which were cancelled already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from bulkcancel.errors import BulkcancelError
from bulkcancel.execution.catalogue import PastSummary, SummaryTarget, read_summary, run_folders
from bulkcancel.execution.runfiles import DETAIL_NAME
from bulkcancel.model import BREAKS, Outcome, Target
from bulkcancel.reconcile.ages import Ages, PastRun, Standing

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A run whose report is published."""

    path: Path
    summary: PastSummary
    run: PastRun


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The breaks that stand after all runs, by target and allocation id.

    ``runs`` is how many runs that is told from, ``left_out`` says which could not be, and why.
    """

    standing: Mapping[SummaryTarget, Mapping[str, Standing]]
    runs: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledBefore:
    """So many allocations were cancelled by an earlier run, with the first of their ids."""

    run_id: str
    finished_at: str
    allocations: int
    examples: tuple[str, ...]


def history(reports: Path) -> History:
    """Return which allocations stand among the breaks after the runs of a reports folder.

    Only published reports count, and only as long as they are as the run wrote them. Memory grows
    with the breaks that stand, not with the rows.

    Raises:
        RefusedError: The folder can't be read.
    """
    known: dict[SummaryTarget, Ages] = {}
    left_out: list[str] = []
    runs = _published(reports, left_out)
    counted = sum(_add(known.setdefault(run.summary.target, Ages()), run, left_out) for run in runs)
    return History(
        standing={target: ages.standing for target, ages in known.items()},
        runs=counted,
        left_out=tuple(left_out),
    )


def earlier_runs(
    reports: Path, target: Target, *, before: PastRun, left_out: list[str]
) -> list[Published]:
    """Return the runs for a target that began before a run did, the oldest first.

    That run's own folder is not looked into, nor is any journal. ``left_out`` takes the sentences
    on runs whose summary can't be read.

    Raises:
        RefusedError: The folder can't be read.
    """
    return [
        run
        for run in _published(reports, left_out)
        if run.summary.target == _key(target)
        and (run.run.started_at, run.run.run_id) < (before.started_at, before.run_id)
        and run.run.run_id != before.run_id
    ]


def recently_cancelled(
    reports: Path,
    target: Target,
    ids: Iterable[str],
    *,
    within: float,
    now: float,
    left_out: list[str] | None = None,
) -> list[CancelledBefore]:
    """Return which earlier runs cancelled some of these allocations, the newest first.

    Only runs for the same target count that ended less than ``within`` seconds before ``now``
    (since the epoch); an allocation is counted for the newest of them. ``ids`` are read once, and
    not at all if there is no such run; eight bytes of each are held. Runs whose reports can't be
    trusted are left out; ``left_out`` takes the sentences that say so.

    Raises:
        RefusedError: The folder can't be read.
    """
    left_out = [] if left_out is None else left_out
    recent = [
        run
        for run in _published(reports, left_out)
        if run.summary.target == _key(target)
        and run.summary.outcomes.get(Outcome.CANCELLED, 0)
        and 0.0 <= now - _ended(run) < within
    ]
    if not recent:
        return []
    asked = np.fromiter(map(hash, ids), np.int64)
    asked.sort()
    seen = np.zeros(len(asked), np.bool_)
    found = [_among(run, asked, seen, left_out) for run in reversed(recent)]
    return [one for one in found if one is not None]


def _among(
    run: Published, asked: np.ndarray, seen: np.ndarray, left_out: list[str]
) -> CancelledBefore | None:
    """Return how many of the ids asked about a run cancelled, and note them as seen."""
    from bulkcancel.report.lookup import (  # noqa: PLC0415 - pyarrow is loaded when it is needed
        cancelled_ids,
    )

    if not len(asked) or not is_sound(run, left_out):
        return None
    count, examples = 0, list[str]()
    try:
        for portion in cancelled_ids(run.path / DETAIL_NAME):
            hashes = np.fromiter(map(hash, portion), np.int64, len(portion))
            order = hashes.argsort()  # looked up in order, they are found six times as fast
            hashes = hashes[order]
            places = np.minimum(np.searchsorted(asked, hashes), len(asked) - 1)
            fresh = (asked[places] == hashes) & ~seen[places]
            seen[places[fresh]] = True
            count += int(fresh.sum())
            examples += [portion[one] for one in np.sort(order[fresh])[:_EXAMPLES]]
    except BulkcancelError as error:
        left_out.append(str(error))
    if not count:
        return None
    return CancelledBefore(
        run_id=run.run.run_id,
        finished_at=run.summary.finished_at or "",
        allocations=count,
        examples=tuple(examples[:_EXAMPLES]),
    )


def _published(reports: Path, left_out: list[str]) -> list[Published]:
    """Return the runs with a published report, the oldest first."""
    found = []
    for path in run_folders(reports):
        try:
            summary = read_summary(path)
        except OSError as error:
            left_out.append(f"{path} can't be read ({error.strerror}).")
        except BulkcancelError as error:
            left_out.append(str(error))
        else:
            if summary is not None and summary.started_at is not None:
                run = PastRun(run_id=path.name, started_at=summary.started_at)
                found.append(Published(path=path, summary=summary, run=run))
    found.sort(key=lambda one: (one.run.started_at, one.run.run_id))
    return _each_once(found)


def _each_once(found: Sequence[Published]) -> list[Published]:
    """Leave out what another run holds as well: shards that were merged, and earlier merges."""
    merges: dict[frozenset[tuple[str, str]], Published] = {}
    for one in found:
        shards = _shards(one)
        before = merges.get(shards)
        if shards and (before is None or _merged_at(before) <= _merged_at(one)):
            merges[shards] = one
    joined = frozenset[tuple[str, str]]().union(*merges)
    kept = {one.run.run_id for one in merges.values()}
    return [one for one in found if one.run.run_id in kept or not _is_joined(one, joined)]


def _shards(run: Published) -> frozenset[tuple[str, str]]:
    """Return which runs of which input (its digest) a merge joined; nothing for other runs."""
    digest, merged = run.summary.input.digest, run.summary.merged
    return frozenset((digest, one.run_id) for one in merged.runs) if merged else frozenset()


def _is_joined(run: Published, joined: frozenset[tuple[str, str]]) -> bool:
    if run.summary.merged is not None:
        return True
    # Shards of other machines may be called as a run of this folder that is none of them.
    return run.summary.shard is not None and (run.summary.input.digest, run.run.run_id) in joined


def _merged_at(run: Published) -> str:
    """Return when a merge was made; when its run began and ended is told of its shards."""
    return "" if run.summary.merged is None else run.summary.merged.merged_at


def _add(ages: Ages, run: Published, left_out: list[str]) -> bool:
    """Take one run into the ages; say whether it could be."""
    from bulkcancel.report.lookup import (  # noqa: PLC0415 - pyarrow is loaded when it is needed
        breaks_and,
    )

    has_breaks = any(run.summary.outcomes.get(outcome, 0) for outcome in BREAKS)
    if not has_breaks and not ages.standing:
        return True
    if not is_sound(run, left_out):
        return False
    try:
        # Whole before the ages are touched: half a run must not count.
        rows = list(breaks_and(run.path / DETAIL_NAME, ages.standing))
    except BulkcancelError as error:
        left_out.append(str(error))
        return False
    ages.add(run.run, rows)
    return True


def is_sound(run: Published, left_out: list[str]) -> bool:
    """Say whether a run's reconciliation is the one that its summary speaks of.

    ``left_out`` takes the sentence that says why it is not.
    """
    path = run.path / DETAIL_NAME
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        left_out.append(f"{path} can't be read ({error.strerror}).")
        return False
    if found != run.summary.files.get(DETAIL_NAME):
        left_out.append(
            f"{path} is not as the run wrote it: `bulkcancel report {run.run.run_id}` writes it "
            "again."
        )
        return False
    return True


def _ended(run: Published) -> float:
    """Return when a run ended, in seconds since the epoch; long ago where that is not told."""
    try:
        return datetime.fromisoformat(run.summary.finished_at or "").timestamp()
    except ValueError:
        return float("-inf")


def _key(target: Target) -> SummaryTarget:
    return SummaryTarget(base_url=target.base_url, account=target.account, stage=target.stage)
