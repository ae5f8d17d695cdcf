"""The worker pool: the only place with tasks, sleeping and signals."""

from bulkcancel.runner.clock import Clock
from bulkcancel.runner.pool import Pool, PoolOptions
from bulkcancel.runner.snapshot import Snapshot
from bulkcancel.runner.stop import Stop, StopKind

__all__ = ["Clock", "Pool", "PoolOptions", "Snapshot", "Stop", "StopKind"]
