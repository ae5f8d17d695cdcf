"""Look allocations up in the reconciliation of an earlier run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bulkcancel.errors import ReportError
from bulkcancel.model import BREAKS, Outcome

_BREAKS = pa.array(sorted(BREAKS), pa.large_string())


def breaks_and(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, Outcome, str]]:
    """Yield id, outcome and reason of each allocation that is a break or one of ``wanted``.

    ``path`` is that of a ``reconciliation.parquet``. A row that repeats an allocation is left out.

    Raises:
        ReportError: It is none that a run wrote.
    """
    ids = pa.array(list(wanted), pa.large_string())
    for batch in _batches(path, ["allocation_id", "outcome", "duplicate_of", "reason"]):
        mask = pc.is_in(batch["outcome"], _BREAKS)
        if len(ids):
            mask = pc.or_(mask, pc.is_in(batch["allocation_id"], ids))
        mask = pc.and_(mask, pc.is_null(batch["duplicate_of"]))
        found = batch.filter(pc.and_(mask, pc.is_valid(batch["allocation_id"])))
        columns = (found[name].to_pylist() for name in ("allocation_id", "outcome", "reason"))
        for allocation_id, outcome, reason in zip(*columns, strict=True):
            yield allocation_id, Outcome(outcome), reason or ""


def ids_and_breaks(path: Path) -> Iterator[tuple[Sequence[str], np.ndarray]]:
    """Yield the ids of the allocations of a run, in portions, and which of them are breaks.

    Raises:
        ReportError: As `breaks_and`.
    """
    for batch in _batches(path, ["allocation_id", "outcome", "duplicate_of"]):
        mask = pc.and_(pc.is_valid(batch["allocation_id"]), pc.is_null(batch["duplicate_of"]))
        found = batch.filter(mask)
        breaks = pc.is_in(found["outcome"], _BREAKS).to_numpy(zero_copy_only=False)
        yield found["allocation_id"].to_pylist(), breaks


def cancelled_ids(path: Path) -> Iterator[Sequence[str]]:
    """Yield the ids of the allocations that a run cancelled, in portions.

    Raises:
        ReportError: As `breaks_and`.
    """
    for batch in _batches(path, ["allocation_id", "outcome", "duplicate_of"]):
        mask = pc.and_(
            pc.equal(batch["outcome"], Outcome.CANCELLED.value), pc.is_null(batch["duplicate_of"])
        )
        yield batch.filter(mask)["allocation_id"].to_pylist()


def _batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path) as file:
            if not set(columns) <= set(file.schema_arrow.names):
                raise ReportError(f"{path} is none that this program wrote: it lacks columns.")
            yield from file.iter_batches(columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise ReportError(
            f"{path} can't be read: it is damaged, or none that a run wrote."
        ) from error
