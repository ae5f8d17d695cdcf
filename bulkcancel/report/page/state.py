"""How a run ended, in two words and a shape, and the one command that goes on with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bulkcancel.errors import ExitCode
from bulkcancel.report.words import resumable

_RESUMABLE = ", resumable"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a run ended: the name of a shape and of a colour, and words."""

    mood: str
    words: str


def state(summary: Mapping[str, Any]) -> State:
    """Return how a run ended, by its exit code."""
    after = _RESUMABLE if resumable(summary) else ""
    match summary["exit_code"]:
        case ExitCode.OK:
            return State(mood="good", words="Complete")
        case ExitCode.BREAKS:
            return State(mood="breaks", words="Finished with breaks")
        case ExitCode.UNKNOWNS:
            return State(mood="unknown", words="Some are unknown")
        case ExitCode.STOPPED:
            return State(mood="stopped", words=f"Stopped early{after}")
        case ExitCode.AUTHENTICATION:
            return State(mood="stopped", words=f"Token refused{after}")
        case ExitCode.INTERRUPTED | ExitCode.TERMINATED:
            return State(mood="stopped", words=f"Interrupted{after}")
        case ExitCode.UNSOUND:
            return State(mood="unknown", words="Not to be relied on")
        case _:
            return State(mood="unknown", words="Ended with an error")
