"""The rate that several processes share: one schedule of sends, kept in Redis."""

from bulkcancel.shared.address import Address, shared_address
from bulkcancel.shared.opening import SharedRate
from bulkcancel.shared.schedule import NoGrant, Schedule

__all__ = ["Address", "NoGrant", "Schedule", "SharedRate", "shared_address"]
