"""One run from manifest to report: begin, work, finish; and the same again for a resume."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkcancel.execution.canary import Canaries
    from bulkcancel.execution.ending import Finished, rebuild_reports
    from bulkcancel.execution.folder import RunFolder, find_run
    from bulkcancel.execution.merging import merge_runs
    from bulkcancel.execution.newrun import new_run
    from bulkcancel.execution.opening import opened_aside
    from bulkcancel.execution.prechecking import Precheck, precheck
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
    "opened_aside",
    "precheck",
    "rebuild_reports",
    "verify",
]

# No module is called as what it gives: once loaded it would stand here in its place.
_HOMES = {
    "Canaries": "canary",
    "Finished": "ending",
    "Precheck": "prechecking",
    "RunFolder": "folder",
    "RunSession": "session",
    "RunSettings": "settings",
    "Verified": "verification",
    "find_run": "folder",
    "known_limit": "remembered",
    "merge_runs": "merging",
    "new_run": "newrun",
    "opened_aside": "opening",
    "precheck": "prechecking",
    "rebuild_reports": "ending",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: a resume opens its journal before the rest."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bulkcancel.execution' has no attribute {name!r}")
    return getattr(importlib.import_module(f"bulkcancel.execution.{_HOMES[name]}"), name)
