"""What an answer means and what follows from it. Pure: time and chance are arguments."""

from bulkcancel.decision.classify import Finding, classify_cancel, classify_read
from bulkcancel.decision.history import Doubt, History, open_settlement
from bulkcancel.decision.policy import Policy, backoff
from bulkcancel.decision.step import Halt, Next, Read, Send, Settle, Step
from bulkcancel.decision.steps_read import after_read
from bulkcancel.decision.steps_send import after_send

__all__ = [
    "Doubt",
    "Finding",
    "Halt",
    "History",
    "Next",
    "Policy",
    "Read",
    "Send",
    "Settle",
    "Step",
    "after_read",
    "after_send",
    "backoff",
    "classify_cancel",
    "classify_read",
    "open_settlement",
]
