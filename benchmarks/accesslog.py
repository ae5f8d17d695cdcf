"""What nginx's access log tells: counts, times and rates. Pure, but for the reading."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

_CANCEL = "/api/v2/allocation/cancel/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One answer. ``at`` is when it was given, Unix seconds; ``worker`` is nginx's process id."""

    at: float
    worker: int
    status: int
    method: str
    path: str

    @property
    def accepted(self) -> bool:
        """Whether it was let through and answered."""
        return self.status == HTTPStatus.OK

    @property
    def refused(self) -> bool:
        """Whether it was refused for rate."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many answers of each sort. ``others`` were neither let through nor refused for rate."""

    requests: int
    accepted: int
    refused: int
    others: int

    @property
    def refused_share(self) -> float:
        """The refused of all requests, 0 to 1."""
        return self.refused / self.requests if self.requests else 0.0


class AccessLog:
    """The answers in the order in which they were given."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.at)
        self._times = [entry.at for entry in self._entries]

    @property
    def begin(self) -> float:
        """When the first answer was given, Unix seconds; 0 if none was."""
        return self._times[0] if self._times else 0.0

    def counts(self, start: float = float("-inf"), stop: float = float("inf")) -> Counts:
        """Count the answers at or after ``start`` and before ``stop``, Unix seconds."""
        within = self._entries[bisect_left(self._times, start) : bisect_left(self._times, stop)]
        accepted = sum(entry.accepted for entry in within)
        refused = sum(entry.refused for entry in within)
        return Counts(
            requests=len(within),
            accepted=accepted,
            refused=refused,
            others=len(within) - accepted - refused,
        )

    def cancelled(self) -> dict[str, float]:
        """Return when each allocation's cancel was let through for the first time."""
        first: dict[str, float] = {}
        for entry in self._entries:
            if entry.accepted and entry.method == "PUT" and entry.path.startswith(_CANCEL):
                first.setdefault(entry.path.removeprefix(_CANCEL), entry.at)
        return first

    def seconds_to_rate(
        self, rate: float, *, start: float, stop: float, window: float
    ) -> float | None:
        """Return the seconds from ``start`` to the end of the first window with such a rate.

        Windows begin at or after ``start`` and end before ``stop``; within one, the accepted
        divided by its length (seconds) reach ``rate``. ``None``: there is no such window.
        """
        times = [entry.at for entry in self._entries if entry.accepted and start <= entry.at < stop]
        needed = rate * window
        for number, at in enumerate(times, start=1):
            # The window that ends with this answer, or the first of all if that ends later.
            end = max(at, start + window)
            last = number if end == at else bisect_left(times, end)
            if end < stop and last - bisect_left(times, end - window) >= needed:
                return end - start
        return None


def read_access_log(path: Path) -> AccessLog:
    """Read the log in the form that ``nginx.conf.in`` gives it."""
    entries = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        at, worker, status, method, uri = line.split(" ", 4)
        entry = Entry(at=float(at), worker=int(worker), status=int(status), method=method, path=uri)
        entries.append(entry)
    return AccessLog(entries)


def first_answer(path: Path, offset: int) -> float:
    """Return when the first answer beyond so many bytes of the log was given, Unix seconds.

    Raises:
        ValueError: there is none.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(offset)
        return float(file.readline().partition(" ")[0])
