"""The simulator: the API of the vendor on this machine, with a ledger of all that reached it."""

from bulkcancel.simulator.allocations import (
    MISSING,
    MISSING_ENDING,
    PERSONAL_SENTINELS,
    SHIPPED_ENDING,
)
from bulkcancel.simulator.faults import FAULT_FORM, Fault, parse_fault
from bulkcancel.simulator.kinds import KINDS, FaultKind, describe_kinds
from bulkcancel.simulator.ledger import Ledger
from bulkcancel.simulator.ledger_file import read_ledger
from bulkcancel.simulator.options import SimulatorOptions
from bulkcancel.simulator.server import Simulator, serve
from bulkcancel.simulator.several import SEVERAL, describe_several
from bulkcancel.simulator.thread import SimulatorThread
from bulkcancel.simulator.truth import (
    AllocationTruth,
    LedgerEntry,
    LedgerSnapshot,
    LedgerSummary,
)

__all__ = [
    "FAULT_FORM",
    "KINDS",
    "MISSING",
    "MISSING_ENDING",
    "PERSONAL_SENTINELS",
    "SEVERAL",
    "SHIPPED_ENDING",
    "AllocationTruth",
    "Fault",
    "FaultKind",
    "Ledger",
    "LedgerEntry",
    "LedgerSnapshot",
    "LedgerSummary",
    "Simulator",
    "SimulatorOptions",
    "SimulatorThread",
    "describe_kinds",
    "describe_several",
    "parse_fault",
    "read_ledger",
    "serve",
]
