"""The nouns: frozen values that every layer shares, without behaviour that touches the world."""

from bulkcancel.model.allocation import AllocationView
from bulkcancel.model.columns import DetailColumns
from bulkcancel.model.detail import DetailRow
from bulkcancel.model.figures import Bar, Figures, Growth, Latency, Slot, Stretch
from bulkcancel.model.forecast import ForecastCell
from bulkcancel.model.kind import Kind
from bulkcancel.model.manifest import (
    Extras,
    InputFacts,
    ManifestRow,
    RowCounts,
    RowKind,
)
from bulkcancel.model.observation import (
    Allowance,
    Answer,
    ApiMessage,
    Body,
    Foreign,
    NoAnswer,
    NoAnswerCause,
    NotSent,
    NotSentCause,
    Observation,
    OneAllocation,
    SeveralAllocations,
)
from bulkcancel.model.outcome import BREAKS, CancelledBy, Outcome, Settlement
from bulkcancel.model.target import Target
from bulkcancel.model.times import FIRST_MILLIS, LAST_MILLIS, utc_text

__all__ = [
    "BREAKS",
    "FIRST_MILLIS",
    "LAST_MILLIS",
    "AllocationView",
    "Allowance",
    "Answer",
    "ApiMessage",
    "Bar",
    "Body",
    "CancelledBy",
    "DetailColumns",
    "DetailRow",
    "Extras",
    "Figures",
    "ForecastCell",
    "Foreign",
    "Growth",
    "InputFacts",
    "Kind",
    "Latency",
    "ManifestRow",
    "NoAnswer",
    "NoAnswerCause",
    "NotSent",
    "NotSentCause",
    "Observation",
    "OneAllocation",
    "Outcome",
    "RowCounts",
    "RowKind",
    "Settlement",
    "SeveralAllocations",
    "Slot",
    "Stretch",
    "Target",
    "utc_text",
]
