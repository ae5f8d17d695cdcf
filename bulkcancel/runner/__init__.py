"""The worker pool: the only place with tasks, sleeping and signals."""

from bulkcancel.runner.clock import Clock
from bulkcancel.runner.options import PoolOptions
from bulkcancel.runner.pool import Pool
from bulkcancel.runner.snapshot import Snapshot
from bulkcancel.runner.stop import Stop, StopKind
from bulkcancel.runner.verifier import Verifier

__all__ = ["Clock", "Pool", "PoolOptions", "Snapshot", "Stop", "StopKind", "Verifier"]
