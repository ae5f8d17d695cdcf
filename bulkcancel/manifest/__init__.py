"""The input as read and checked: rows, unique allocation ids, digest."""

from bulkcancel.manifest.manifest import Manifest, read_manifest
from bulkcancel.manifest.options import DEFAULT_ID_PATTERN, InputFormat, InputOptions
from bulkcancel.manifest.problems import refusal, write_problems
from bulkcancel.manifest.scan import MOST_PROBLEMS, SHOWN_IDS

__all__ = [
    "DEFAULT_ID_PATTERN",
    "MOST_PROBLEMS",
    "SHOWN_IDS",
    "InputFormat",
    "InputOptions",
    "Manifest",
    "read_manifest",
    "refusal",
    "write_problems",
]
