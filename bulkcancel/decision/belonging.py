"""To whom the allocations of an input belong, and which of them differ from the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

_MOST_VALUES = 10_000
_MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """Allocations that share a value which is not the usual one.

    ``value`` is ``None`` where the API shows none. ``examples`` are (row, allocation id), the
    first twenty at most of ``allocations``.
    """

    value: str | None
    allocations: int
    examples: tuple[tuple[int, str], ...]


class Belonging:
    """Collects one field of the allocations, such as the purchase order, in bounded memory."""

    def __init__(self) -> None:
        self._counts: Counter[str | None] = Counter()
        self._examples: dict[str | None, list[tuple[int, str]]] = {}
        self.beyond = 0
        """Allocations whose value came after ten thousand different ones."""

    def add(self, row: int, allocation_id: str, value: str | None) -> None:
        """Take the value of one allocation."""
        if value not in self._counts and len(self._counts) == _MOST_VALUES:
            self.beyond += 1
            return
        self._counts[value] += 1
        examples = self._examples.setdefault(value, [])
        if len(examples) < _MOST_EXAMPLES:
            examples.append((row, allocation_id))

    @property
    def allocations(self) -> int:
        """How many allocations were taken."""
        return self._counts.total() + self.beyond

    @property
    def values(self) -> int:
        """How many different values there are; those beyond ten thousand are not told apart."""
        return len(self._counts)

    @property
    def usual(self) -> tuple[str | None, int] | None:
        """The value of more than half of the allocations, and of how many; ``None``: there is none.

        The value is ``None`` where the API shows none for so many of them.
        """
        for value, count in self._counts.most_common(1):
            if 2 * count > self.allocations:
                return value, count
        return None

    def differing(self) -> tuple[Differing, ...]:
        """Return the allocations that differ from the usual value, by value, the most first.

        Empty where no value is usual: then all differ from each other.
        """
        usual = self.usual
        if usual is None:
            return ()
        return tuple(
            Differing(value=value, allocations=count, examples=tuple(self._examples[value]))
            for value, count in self._counts.most_common()
            if value != usual[0]
        )
