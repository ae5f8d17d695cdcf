"""The worker pool: the only place with tasks, sleeping and signals."""

from bulkcancel.runner.access import Access
from bulkcancel.runner.api import Api
from bulkcancel.runner.clock import Clock
from bulkcancel.runner.noted import read_entry
from bulkcancel.runner.options import PoolOptions
from bulkcancel.runner.pool import Pool
from bulkcancel.runner.sharedpace import SharedPace
from bulkcancel.runner.snapshot import Snapshot
from bulkcancel.runner.stop import Stop, StopKind
from bulkcancel.runner.tokens import TokenKeeper
from bulkcancel.runner.verifier import Verifier

__all__ = [
    "Access",
    "Api",
    "Clock",
    "Pool",
    "PoolOptions",
    "SharedPace",
    "Snapshot",
    "Stop",
    "StopKind",
    "TokenKeeper",
    "Verifier",
    "read_entry",
]
