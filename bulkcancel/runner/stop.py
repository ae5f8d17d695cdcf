"""Why a run ends before its work is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bulkcancel.errors import ExitCode


class StopKind(StrEnum):
    """What made the run stop."""

    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    BREAKER = "breaker"
    MISCONFIGURED = "misconfigured"
    AUTHENTICATION = "authentication"
    FAILURES = "failures"
    JOURNAL = "journal"
    LIMIT = "limit"
    CANARY = "canary"
    DEADLINE = "deadline"
    SHARED_RATE = "shared_rate"


_EXIT_CODES = {
    StopKind.INTERRUPTED: ExitCode.INTERRUPTED,
    StopKind.TERMINATED: ExitCode.TERMINATED,
    StopKind.BREAKER: ExitCode.STOPPED,
    StopKind.FAILURES: ExitCode.STOPPED,
    StopKind.MISCONFIGURED: ExitCode.STOPPED,
    StopKind.AUTHENTICATION: ExitCode.AUTHENTICATION,
    StopKind.JOURNAL: ExitCode.UNSOUND,
    StopKind.LIMIT: ExitCode.STOPPED,
    StopKind.CANARY: ExitCode.STOPPED,
    StopKind.DEADLINE: ExitCode.STOPPED,
    StopKind.SHARED_RATE: ExitCode.STOPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop with its sentence for a person."""

    kind: StopKind
    sentence: str

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code of a run that ended so."""
        return _EXIT_CODES[self.kind]


class StopSign:
    """Raised once: the first reason to stop is the one that counts."""

    def __init__(self) -> None:
        self.stop: Stop | None = None

    @property
    def is_up(self) -> bool:
        """Say whether nothing more may be sent."""
        return self.stop is not None

    def put_up(self, stop: Stop) -> bool:
        """Stop the run; returns whether this was the first reason."""
        if self.stop is not None:
            return False
        self.stop = stop
        return True
