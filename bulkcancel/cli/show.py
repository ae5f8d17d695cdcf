"""The end of a run in words, for standard output."""

from __future__ import annotations

from collections.abc import Iterator

from bulkcancel.execution import Finished
from bulkcancel.report.words import headlines, resumes


def finished_lines(finished: Finished) -> Iterator[str]:
    """Yield the end of a run as lines."""
    summary = finished.summary
    rows, outcomes = summary["rows"], summary["outcomes"]
    yield finished.verdict
    yield ""
    for outcome, count in outcomes.items():
        if count:
            yield f"  {outcome:<20}{count:>12,}"
    yield f"  {'allocations':<20}{rows['unique']:>12,}"
    yield ""
    for label, text in headlines(summary):
        yield f"{label:<11}{text}"
    yield f"Report     {finished.folder.path}"
    for command in resumes(summary, str(finished.folder.path)):
        again = ", then merge again" if summary.get("merged") is not None else ""
        yield f"Go on      {command}{again}"
