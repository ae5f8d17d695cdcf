"""One run from manifest to report: begin, work, finish; and the same again for a resume."""

from bulkcancel.execution.ending import Finished, rebuild_reports
from bulkcancel.execution.folder import RunFolder, find_run, new_run
from bulkcancel.execution.session import RunSession
from bulkcancel.execution.settings import RunSettings
from bulkcancel.execution.verification import Verified, verify

__all__ = [
    "Finished",
    "RunFolder",
    "RunSession",
    "RunSettings",
    "Verified",
    "find_run",
    "new_run",
    "rebuild_reports",
    "verify",
]
