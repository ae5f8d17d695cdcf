"""Python's collector of cycles, kept from looking through a run's millions of objects too often."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 5_000
"""So many new objects may come before it looks; by default it is 700. It is some 5 MiB at most."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the collector look at what is new only, and less often, for as long as this is open.

    Each answer leaves a few cycles (of the HTTP library), so it is not switched off. Of what a
    request costs in all, an eighth went to it.
    """
    before = gc.get_threshold()
    gc.freeze()  # modules and the manifest: nothing of it becomes garbage
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
