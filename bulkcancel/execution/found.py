"""What was found as an input for a run: a CSV file, or plain JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bulkcancel.errors import RefusedError, ReportError
from bulkcancel.execution.find import Found
from bulkcancel.model.listing import Listed
from bulkcancel.report.atomic import atomic
from bulkcancel.report.cells import encodable
from bulkcancel.report.csvtext import (
    csv_bytes,
    csv_header,
    csv_lines,
    number_column,
    safe_column,
)

COLUMNS = (
    "allocation_id",
    "po_number",
    "vendor_id",
    "status",
    "version",
    "location",
    "order_ids",
    "quantity",
    "allocation_num",
    "allocated_at",
    "updated_at",
)
"""The columns of the result, as the reports name them too."""

_NO_TEXT = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".parquet", ".gz", ".zip", ".json"})


def as_csv(allocations: Sequence[Listed]) -> bytes:
    """Return allocations as a CSV file that a run takes as its input and no spreadsheet runs."""
    columns = (
        safe_column(one.allocation_id for one in allocations),
        safe_column(one.po_number for one in allocations),
        safe_column(one.vendor_id for one in allocations),
        safe_column(one.status for one in allocations),
        number_column(one.version for one in allocations),
        safe_column(one.location for one in allocations),
        safe_column(" ".join(one.order_ids) for one in allocations),
        number_column(one.quantity for one in allocations),
        safe_column(one.allocation_num for one in allocations),
        safe_column(one.allocated_at for one in allocations),
        safe_column(one.updated_at for one in allocations),
    )
    lines = csv_lines(columns) if allocations else []
    return csv_bytes([*csv_header(COLUMNS), *lines])


def found_facts(found: Found, output: Path | None) -> dict[str, Any]:
    """Return all of it as plain JSON values; the allocations only if no file holds them."""
    facts: dict[str, Any] = {
        "purchase_orders": list(found.wanted.purchase_orders),
        "vendors": list(found.wanted.vendors),
        "statuses": list(found.wanted.statuses),
        "found": len(found.allocations),
        "looked_at": found.looked_at,
        "by_purchase_order": dict(found.by_order),
        "left_out": [
            {"reason": why.reason, "value": why.value, "allocations": count}
            for why, count in sorted(found.left_out.items(), key=lambda pair: -pair[1])
        ],
        "unfiltered": found.unfiltered,
        "passes": found.passes,
        "queries": found.queries,
        "said": found.words or None,
        "output": None if output is None else str(output),
    }
    if output is None:
        facts["allocations"] = [_plain(one) for one in found.allocations]
    return facts


def check_output(path: Path, *, force: bool) -> None:
    """Return if the result may be written there.

    Raises:
        RefusedError: It may not: something is there already, or no file can be.
    """
    if path.suffix.lower() in _NO_TEXT:
        raise RefusedError(
            f"--output {path}: what is found is written as CSV; give a name that ends in .csv. "
            "Nothing was sent."
        )
    if not path.parent.is_dir():
        raise RefusedError(f"--output {path}: there is no folder {path.parent}. Nothing was sent.")
    if path.is_dir():
        raise RefusedError(f"--output {path} is a folder. Nothing was sent.")
    if path.exists() and not force:
        raise RefusedError(
            f"--output {path} is there already; --force writes over it. Nothing was changed."
        )


def write_output(path: Path, content: bytes, *, force: bool) -> None:
    """Let a file appear whole or not at all, readable by its owner only.

    Raises:
        RefusedError: Something is there now.
        ReportError: It can't be written.
    """
    check_output(path, force=force)
    try:
        with atomic(path) as file:
            file.write(content)
    except ReportError as error:
        cause = error.__cause__
        why = (cause.strerror if isinstance(cause, OSError) else None) or "input/output error"
        raise ReportError(f"{path} can't be written ({why}); nothing was changed.") from error


def _plain(one: Listed) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in COLUMNS}
    return {
        name: encodable(value)
        if isinstance(value, str)
        else [encodable(part) for part in value]
        if isinstance(value, tuple)
        else value
        for name, value in values.items()
    }
