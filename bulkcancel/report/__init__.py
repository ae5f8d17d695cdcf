"""The files that a run leaves for people: reconciliation, breaks, retry list, summary."""

from bulkcancel.report.atomic import sync_folder
from bulkcancel.report.source import ReportSource
from bulkcancel.report.verification import VERIFICATION_NAME, verification_file
from bulkcancel.report.write import Written, load_writers, write_reports

__all__ = [
    "VERIFICATION_NAME",
    "ReportSource",
    "Written",
    "load_writers",
    "sync_folder",
    "verification_file",
    "write_reports",
]
