"""What an answer means and what follows from it. Pure: time and chance are arguments."""

from bulkcancel.decision.agreement import Agreement, Verification, hold_against
from bulkcancel.decision.belonging import Belonging, Differing
from bulkcancel.decision.classify import Finding, classify_cancel, classify_read
from bulkcancel.decision.forecast import foretell
from bulkcancel.decision.guard import CANCELLABLE, Guard
from bulkcancel.decision.history import Doubt, History, open_settlement
from bulkcancel.decision.policy import Policy, backoff
from bulkcancel.decision.several import BatchStep, after_batch
from bulkcancel.decision.shard import MOST_SHARDS, Shard, missing_shards, parse_shard, shard_of
from bulkcancel.decision.step import Halt, Next, Read, Send, Settle, Step
from bulkcancel.decision.steps_read import after_read
from bulkcancel.decision.steps_send import after_send

__all__ = [
    "CANCELLABLE",
    "MOST_SHARDS",
    "Agreement",
    "BatchStep",
    "Belonging",
    "Differing",
    "Doubt",
    "Finding",
    "Guard",
    "Halt",
    "History",
    "Next",
    "Policy",
    "Read",
    "Send",
    "Settle",
    "Shard",
    "Step",
    "Verification",
    "after_batch",
    "after_read",
    "after_send",
    "backoff",
    "classify_cancel",
    "classify_read",
    "foretell",
    "hold_against",
    "missing_shards",
    "open_settlement",
    "parse_shard",
    "shard_of",
]
