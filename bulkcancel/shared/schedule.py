"""What a shared schedule does for a process: it grants slots, and spreads the news of a pause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bulkcancel.pacing import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class NoGrant:
    """The schedule was not reached, or refused.

    ``reason`` is a sentence fragment about the server, such as ``refuses the connection``. With
    ``denied`` it refused who asked, and asking again will not change that.
    """

    reason: str
    denied: bool = False


class Schedule(Protocol):
    """One schedule of sends for an API's origin and an account."""

    name: str
    """Where it lies, for people: an address without anything secret."""

    async def ask(self, rate: float, *, slots: int, pause: float) -> Grant | NoGrant:
        """Ask for the next ``slots``, at most ``rate`` requests per second for all together.

        With no slots it is a look, which changes nothing. A ``pause`` (seconds, 0 for none) lets
        nobody send for so long; then, and while another's pause lasts, no slots are granted.
        """
