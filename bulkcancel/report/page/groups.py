"""Breaks put together by outcome and reason, with a few rows as examples; bounded in memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.reconcile import is_break, next_step
from bulkcancel.report.breaks import BREAK_ORDER
from bulkcancel.report.page.formats import foreign

_MOST_REASONS = 1_000
_MOST_KNOWN = 2_000
_MOST_EXAMPLES = 3
_LONGEST_REASON = 300
_LONGEST_TEXT = 60

_NO_REASON = "no reason is known"

# What differs from one allocation to the next: ids and numbers. HTTP statuses and the API's codes,
# such as ALLOCATION-2003, tell reasons apart.
_VARYING = re.compile(
    r"(?<![\w-])(?<!HTTP )(?:"
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|[0-9a-fA-F]{16,}"
    r"|[0-9]+(?:[.,:][0-9]+)*"
    r")(?![\w-])"
)


@dataclass(slots=True, kw_only=True)
class Group:
    """Breaks of one outcome and one reason, or of reasons that differ by ids and numbers only.

    ``reason`` has an ellipsis in place of what differs. ``examples`` are the first of the
    ``rows``: their numbers, and the ids or what was found in place of one. ``again`` rows were
    breaks in the run before that held them, for up to ``longest`` runs in a row with this one.
    """

    reason: str
    rows: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)
    again: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeBreaks:
    """The breaks of one outcome, of invalid rows if it is ``None``.

    ``groups`` are the largest ones; ``other_rows`` have other reasons.
    """

    outcome: Outcome | None
    rows: int
    groups: tuple[Group, ...]
    other_rows: int

    @property
    def word(self) -> str:
        """Return the word of the outcome, or of the kind of row."""
        return _word(self.outcome)

    def step(self, run: str) -> str:
        """Return what an operator does next about them."""
        return next_step(self.outcome, run)


class BreakGroups:
    """Takes the rows of a run in one pass and puts its breaks together.

    A thousand reasons are told apart; of rows with later ones only the number is kept.

    Attributes:
        rows: how many breaks there were.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._found: dict[Outcome | None, _Found] = {}
        # The group of each exact reason, so that alike ones are not looked at again.
        self._known: dict[tuple[Outcome | None, str], Group | None] = {}
        self._reasons = 0

    def add(self, rows: Sequence[DetailRow]) -> None:
        """Take the breaks among some rows."""
        for row in rows:
            if is_break(row.kind, row.outcome):
                self._take(row)

    def by_outcome(self, most: int) -> tuple[OutcomeBreaks, ...]:
        """Return the breaks by outcome, what is most urgent first.

        There are at most ``most`` groups in all, and each outcome has its largest among them.
        """
        present = [outcome for outcome in BREAK_ORDER if outcome in self._found]
        ranked = {
            outcome: sorted(
                self._found[outcome].groups.values(), key=lambda group: (-group.rows, group.reason)
            )
            for outcome in present
        }
        turns = [
            (rank, place) for place, one in enumerate(present) for rank in range(len(ranked[one]))
        ]
        shown = [place for _, place in sorted(turns)[:most]]
        return tuple(
            OutcomeBreaks(
                outcome=outcome,
                rows=self._found[outcome].rows,
                groups=(groups := tuple(ranked[outcome][: shown.count(place)])),
                other_rows=self._found[outcome].rows - sum(group.rows for group in groups),
            )
            for place, outcome in enumerate(present)
        )

    def _take(self, row: DetailRow) -> None:
        self.rows += 1
        found = self._found.setdefault(row.outcome, _Found())
        found.rows += 1
        key = row.outcome, row.reason
        if key in self._known:
            group = self._known[key]
        else:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            group = self._known[key] = self._group(found, row.reason)
        if group is not None:
            group.rows += 1
            if row.runs_before:
                group.again += 1
                group.longest = max(group.longest, row.runs_before + 1)
            if len(group.examples) < _MOST_EXAMPLES:
                shown = row.allocation_id or row.text
                group.examples.append((row.row, foreign(shown, _LONGEST_TEXT)))

    def _group(self, found: _Found, text: str) -> Group | None:
        """Return the group of a reason, ``None`` if there are too many already."""
        reason = foreign(text or _NO_REASON, _LONGEST_REASON)
        kind = _VARYING.sub("…", reason)
        group = found.groups.get(kind)
        if group is None:
            if self._reasons >= _MOST_REASONS:
                return None
            self._reasons += 1
            group = found.groups[kind] = Group(reason=reason)
        elif group.reason != reason:
            group.reason = kind
        return group


@dataclass(slots=True, kw_only=True)
class _Found:
    """What was found of one outcome."""

    rows: int = 0
    groups: dict[str, Group] = field(default_factory=dict)


def _word(outcome: Outcome | None) -> str:
    return RowKind.INVALID.value if outcome is None else outcome.value
