"""The files that a run leaves for people: reconciliation, breaks, retry list, summary."""

from bulkcancel.report.source import ReportSource
from bulkcancel.report.write import Written, write_reports

__all__ = ["ReportSource", "Written", "write_reports"]
