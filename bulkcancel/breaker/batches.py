"""Whether several allocations in one request pay, or are given up."""

from __future__ import annotations

from bulkcancel.model import Kind

_IN_A_ROW = 3
_SAYS_NOTHING = frozenset(
    {
        Kind.NOT_SENT,
        Kind.UNTRUSTED,
        Kind.THROTTLED,
        Kind.UNAUTHORIZED,
        Kind.MISCONFIGURED,
    }
)
_SERVER_FAILED = frozenset({Kind.IN_DOUBT, Kind.PROTOCOL})


class Batches:
    """How many allocations the next request may hold, by what became of those before.

    Until one batch has been of use, only one is under way at a time. One is of use if its answer
    showed at least half of what was asked. Three of no use in a row, refused whole or answered for
    few, and there are no more of them. A server that fails counts against them only as long as
    none was of use: later it says nothing of batches. Nor do refusals for rate or for the token.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._useless = 0
        self._proven = False
        self._out = 0
        self.given_up = False
        """Whether each allocation goes alone from now on."""

    @property
    def size(self) -> int:
        """Return how many allocations the next request may hold."""
        if self.given_up or (self._out and not self._proven):
            return 1
        return self._most

    def begun(self) -> None:
        """Note that a batch is under way; `ended` must follow."""
        self._out += 1

    def ended(self) -> None:
        """Note that a batch is not under way any more, whether it was sent or not."""
        self._out -= 1

    def note(self, kind: Kind, *, asked: int, shown: int) -> bool:
        """Take in a batch's answer: its class as a whole, and how many of ``asked`` it showed.

        Returns true if batches are given up by this one.
        """
        if kind in _SAYS_NOTHING or self.given_up:
            return False
        if shown * 2 >= asked:
            self._proven = True
            self._useless = 0
            return False
        if kind in _SERVER_FAILED and self._proven:
            return False
        self._useless += 1
        self.given_up = self._useless >= _IN_A_ROW
        return self.given_up
