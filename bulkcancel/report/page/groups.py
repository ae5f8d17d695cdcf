"""Breaks put together by outcome and reason, with a few rows as examples; bounded in memory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.reconcile import is_break, next_step
from bulkcancel.report.breaks import BREAK_ORDER
from bulkcancel.report.cells import one_line
from bulkcancel.report.columns import shown_reason

_MOST_KINDS = 1_000
_MOST_EXAMPLES = 5
_LONGEST = 300
# Reasons that differ in a number or an id only are one kind; HTTP's statuses and the API's codes
# (ALLOCATION-2003) are told apart.
_VARIABLE = re.compile(r"(?<![\w-])(?<!HTTP )(?:[0-9a-fA-F]{16,}|[0-9][0-9,.]*)(?![\w-])")
_FOUND = re.compile(r" \(found: .*\)\Z", re.DOTALL)


@dataclass(slots=True, kw_only=True)
class Group:
    """Breaks of one outcome and one kind of reason.

    ``outcome`` is ``None`` for invalid rows. ``reason`` is that of the first of them; ``alike`` is
    how many of the ``count`` have another number or id in it. ``examples`` are (row, id).
    """

    outcome: Outcome | None
    reason: str
    count: int = 0
    alike: bool = True
    examples: list[tuple[int, str]] = field(default_factory=list)

    @property
    def word(self) -> str:
        """Return the word of the outcome, or of the kind of row."""
        return self.outcome.value if self.outcome is not None else RowKind.INVALID.value


class BreakGroups:
    """Takes the rows of a run in one pass and puts its breaks together."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Outcome | None, str], Group] = {}
        self._others: dict[Outcome | None, Group] = {}
        self.totals: Counter[Outcome | None] = Counter()

    def add(self, rows: Sequence[DetailRow]) -> None:
        """Take some rows."""
        for row in rows:
            if is_break(row.kind, row.outcome):
                self._take(row)

    def _take(self, row: DetailRow) -> None:
        self.totals[row.outcome] += 1
        reason = shown_reason(row) or "no reason is known"
        kind = _VARIABLE.sub("#", _FOUND.sub("", reason))
        group = self._groups.get((row.outcome, kind))
        if group is None:
            if len(self._groups) >= _MOST_KINDS:
                group = self._others.setdefault(
                    row.outcome, Group(outcome=row.outcome, reason="other reasons")
                )
            else:
                group = Group(outcome=row.outcome, reason=one_line(reason)[:_LONGEST])
                self._groups[row.outcome, kind] = group
        group.count += 1
        group.alike = group.alike and group.reason == one_line(reason)[:_LONGEST]
        if len(group.examples) < _MOST_EXAMPLES:
            group.examples.append((row.row, row.allocation_id or one_line(row.text)[:60]))

    def groups(self, most: int) -> tuple[list[Group], int, int]:
        """Return the groups, the most urgent outcome and the largest first, ``most`` at most.

        With them come how many groups are left out, and how many rows these have.
        """
        order = {outcome: place for place, outcome in enumerate(BREAK_ORDER)}
        found = sorted(
            [*self._groups.values(), *self._others.values()],
            key=lambda group: (order[group.outcome], -group.count, group.reason),
        )
        left = found[most:]
        return found[:most], len(left), sum(group.count for group in left)

    def steps(self, run: str) -> dict[str, str]:
        """Return what to do next, by the word of the outcome, for those that there are."""
        return {
            (outcome.value if outcome is not None else RowKind.INVALID.value): next_step(
                outcome, run
            )
            for outcome in BREAK_ORDER
            if self.totals[outcome]
        }
