"""The ledger's file: lines of JSON that another process can read at any time."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bulkcancel.errors import RefusedError, ReportError
from bulkcancel.simulator.truth import LedgerEntry

_NAMES = tuple(field.name for field in fields(LedgerEntry))
_OF_EFFECT = ("sequence", "applied", "changed", "states", "status", "pending")


class LedgerFile:
    """A file to which each event is appended whole, unbuffered.

    Raises:
        RefusedError: it can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise RefusedError(
                f"The simulator's ledger {path} can't be opened: {error.strerror}."
            ) from error

    def request(self, entry: LedgerEntry) -> None:
        """Append a request.

        Raises:
            ReportError: it can't be written.
        """
        self._append({"event": "request"} | {name: getattr(entry, name) for name in _NAMES})

    def effect(self, entry: LedgerEntry) -> None:
        """Append what became of a request that was appended before, as pending.

        Raises:
            ReportError: it can't be written.
        """
        self._append({"event": "effect"} | {name: getattr(entry, name) for name in _OF_EFFECT})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, event: dict[str, Any]) -> None:
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        try:
            written = self._file.write(line)
        except OSError as error:
            raise ReportError(
                f"The simulator's ledger {self._path} can't be written: {error.strerror}."
            ) from error
        if written != len(line):
            raise ReportError(f"The simulator's ledger {self._path} can't be written: no space.")


def read_ledger(path: Path) -> tuple[LedgerEntry, ...]:
    """Return the requests in a ledger's file, in the order of arrival; it may still grow.

    Raises:
        ReportError: there is no such file, or a line in it is no line of a ledger.
    """
    entries: dict[int, LedgerEntry] = {}
    try:
        # What follows the last line end is a line that is being written right now.
        whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
        for line in whole.split("\n") if whole else ():
            values = json.loads(line)
            event = values.pop("event")
            for name in ("ids", "changed", "states"):
                if name in values:
                    values[name] = tuple(values[name])
            if event == "effect":
                sequence = values.pop("sequence")
                entries[sequence] = replace(entries[sequence], **values)
            else:
                entry = LedgerEntry(**{name: values[name] for name in _NAMES})
                entries[entry.sequence] = entry
    except OSError as error:
        raise ReportError(
            f"The simulator's ledger {path} can't be read: {error.strerror}."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"{path} is not a ledger that the simulator wrote.") from error
    return tuple(entries[sequence] for sequence in sorted(entries))
