"""When the next send may go, and why it waits. Pure: the clock is an argument."""

from bulkcancel.pacing.hold import Hold, Reason
from bulkcancel.pacing.lease import Grant, Leases
from bulkcancel.pacing.options import PacerOptions
from bulkcancel.pacing.pacer import Pacer
from bulkcancel.pacing.verdict import Verdict
from bulkcancel.pacing.waits import Waits

__all__ = ["Grant", "Hold", "Leases", "Pacer", "PacerOptions", "Reason", "Verdict", "Waits"]
