"""Cancel a file of allocations through a REST API, and prove what became of each.

As a library: `cancel_all` (async) and `run` (blocking), with `InputOptions`, `RunSettings`,
`Target` and a token as their arguments and `Finished` as what they return. The token is a `Secret`,
or a source that renews it: `ClientCredentials`, `TokenFile` or a `TokenSource` of your own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bulkcancel.version import __version__

if TYPE_CHECKING:
    from bulkcancel.client import ClientCredentials, Grant, NoToken, Secret, TokenFile, TokenSource
    from bulkcancel.execution import Finished, RunSettings
    from bulkcancel.library import cancel_all, run
    from bulkcancel.manifest import InputOptions
    from bulkcancel.model import Target

__all__ = [
    "ClientCredentials",
    "Finished",
    "Grant",
    "InputOptions",
    "NoToken",
    "RunSettings",
    "Secret",
    "Target",
    "TokenFile",
    "TokenSource",
    "__version__",
    "cancel_all",
    "run",
]

_HOMES = {
    "ClientCredentials": "bulkcancel.client",
    "Finished": "bulkcancel.execution",
    "Grant": "bulkcancel.client",
    "InputOptions": "bulkcancel.manifest",
    "NoToken": "bulkcancel.client",
    "RunSettings": "bulkcancel.execution",
    "Secret": "bulkcancel.client",
    "Target": "bulkcancel.model",
    "TokenFile": "bulkcancel.client",
    "TokenSource": "bulkcancel.client",
    "cancel_all": "bulkcancel.library",
    "run": "bulkcancel.library",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: ``--help`` must not load pandas."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bulkcancel' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
