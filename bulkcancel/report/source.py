"""What a report is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bulkcancel.model import DetailColumns, Figures
from bulkcancel.reconcile import AttemptTotals, ManifestTotals, StopWord


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSource:
    """All that the reports of a run say, from wherever it is kept.

    ``rows`` starts at the first row of the input each time it is called, and gives the rows in
    order, in portions of any size; a row's ``extras`` stand for ``other_columns`` (none at all
    means that all are empty). ``id_column`` is the input's own name for the column of the ids.
    ``facts`` are values for JSON, by their names in ``summary.json``: ``run_id``,
    ``tool_version``, ``started_at``, ``finished_at``, ``input``, ``target``, ``options``,
    ``pacing``, ``forecast`` and what else is to stand there. ``attempts`` and ``figures`` (of
    the page's charts) are asked for once all rows were given. An input of more than ``xlsx_rows``
    rows is not written into the workbook, its breaks are. ``stop`` is ``None`` for a run that came
    to its end.
    """

    rows: Callable[[], Iterator[DetailColumns]]
    other_columns: tuple[str, ...]
    id_column: str
    manifest: ManifestTotals
    attempts: Callable[[], AttemptTotals]
    facts: Mapping[str, Any]
    figures: Callable[[], Figures] = Figures
    xlsx_rows: int = 100_000
    stop: StopWord | None = None
