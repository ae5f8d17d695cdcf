"""One run from manifest to report: begin, work, finish; and the same again for a resume."""

from bulkcancel.execution.canary import Canaries
from bulkcancel.execution.ending import Finished, rebuild_reports
from bulkcancel.execution.folder import RunFolder, find_run, new_run
from bulkcancel.execution.merging import merge_runs
from bulkcancel.execution.precheck import Precheck, precheck
from bulkcancel.execution.remembered import known_limit
from bulkcancel.execution.session import RunSession
from bulkcancel.execution.settings import RunSettings
from bulkcancel.execution.verification import Verified, verify

__all__ = [
    "Canaries",
    "Finished",
    "Precheck",
    "RunFolder",
    "RunSession",
    "RunSettings",
    "Verified",
    "find_run",
    "known_limit",
    "merge_runs",
    "new_run",
    "precheck",
    "rebuild_reports",
    "verify",
]
