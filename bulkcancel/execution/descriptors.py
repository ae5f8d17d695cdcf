"""How many connections the system lets this process have."""

from __future__ import annotations

import resource

_FOR_OTHERS = 32
"""Files that are not connections: journal, log, reports, libraries, the event loop."""


def affordable(concurrency: int) -> int:
    """Return the concurrency that the limit on open files allows, at most what is wanted.

    The soft limit is raised as far as the system permits.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return concurrency
    wanted = concurrency + _FOR_OTHERS
    if soft < wanted:
        more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, more), hard))
        soft = max(soft, more)
    return max(1, min(concurrency, soft - _FOR_OTHERS))
