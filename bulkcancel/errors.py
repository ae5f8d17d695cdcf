"""What can stop a run, and the exit code each stop has."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command; the README's table is checked against this class."""

    OK = 0
    UNEXPECTED = 1
    REFUSED = 2
    BREAKS = 3
    UNKNOWNS = 4
    STOPPED = 5
    AUTHENTICATION = 6
    UNSOUND = 7
    LOCKED = 75
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: (
        "every allocation ended `cancelled` or `already_cancelled` (or there was none to cancel)"
    ),
    ExitCode.UNEXPECTED: "unexpected error",
    ExitCode.REFUSED: "usage, configuration or input refused: nothing was sent",
    ExitCode.BREAKS: "finished; some were not cancelled",
    ExitCode.UNKNOWNS: "finished; some are unknown (outranks 3)",
    ExitCode.STOPPED: "stopped early; resumable",
    ExitCode.AUTHENTICATION: "authentication refused; resumable",
    ExitCode.UNSOUND: "journal or report could not be written, or does not balance",
    ExitCode.LOCKED: "another run holds the lock; try later",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C after draining; resumable",
    ExitCode.TERMINATED: "interrupted by SIGTERM after draining; resumable",
}


class BulkcancelError(Exception):
    """A stop with a sentence for a person: what, where, what to do.

    The text never holds a secret, personal data or a foreign exception's ``repr``.
    """

    exit_code: ExitCode = ExitCode.UNEXPECTED


class RefusedError(BulkcancelError):
    """Usage or configuration is refused; nothing was sent."""

    exit_code = ExitCode.REFUSED


class InputRefusedError(RefusedError):
    """The input can't be read as a manifest, or holds invalid rows; nothing was sent."""


class JournalError(BulkcancelError):
    """The journal can't be opened, trusted or written."""

    exit_code = ExitCode.UNSOUND


class UnbegunError(JournalError):
    """The journal is one of a run that ended while it was being prepared: nothing was sent."""


class ReportError(BulkcancelError):
    """A report can't be written."""

    exit_code = ExitCode.UNSOUND


class OutOfBalanceError(ReportError):
    """The control totals contradict each other: no report is published."""


class LockedError(BulkcancelError):
    """Another run holds the lock."""

    exit_code = ExitCode.LOCKED
