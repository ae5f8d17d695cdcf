"""Cancel a file of allocations through a REST API, and prove what became of each.

As a library: `cancel_all` (async) and `run` (blocking), with `InputOptions`, `RunSettings`,
`Target` and `Secret` as their arguments and `Finished` as what they return.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bulkcancel.version import __version__

if TYPE_CHECKING:
    from bulkcancel.client import Secret
    from bulkcancel.execution import Finished, RunSettings
    from bulkcancel.library import cancel_all, run
    from bulkcancel.manifest import InputOptions
    from bulkcancel.model import Target

__all__ = [
    "Finished",
    "InputOptions",
    "RunSettings",
    "Secret",
    "Target",
    "__version__",
    "cancel_all",
    "run",
]

_HOMES = {
    "Finished": "bulkcancel.execution",
    "InputOptions": "bulkcancel.manifest",
    "RunSettings": "bulkcancel.execution",
    "Secret": "bulkcancel.client",
    "Target": "bulkcancel.model",
    "cancel_all": "bulkcancel.library",
    "run": "bulkcancel.library",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: ``--help`` must not load pandas."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bulkcancel' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
