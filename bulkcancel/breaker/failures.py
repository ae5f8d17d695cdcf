"""How many allocations may end badly before the run stops itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bulkcancel.errors import RefusedError
from bulkcancel.model import BREAKS, Outcome

_FORM = re.compile(r"(\d{1,9})(\.\d{1,3})?(%?)")
_LEAST_FOR_SHARE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureLimit:
    """The most breaks that a run may have: a number, or a share of what is settled.

    A share is looked at only when at least twenty allocations are settled.
    """

    count: int | None = None
    share: float | None = None

    def passed(self, settled: Mapping[Outcome, int]) -> str | None:
        """Return a sentence when the outcomes so far are above the limit."""
        if self.count is None and self.share is None:
            return None
        breaks = sum(count for outcome, count in settled.items() if outcome in BREAKS)
        total = sum(settled.values())
        if self.count is not None and breaks > self.count:
            return f"{breaks:,} allocations ended badly, more than --max-failures {self.count}"
        if self.share is None or total < _LEAST_FOR_SHARE or breaks <= self.share * total:
            return None
        return (
            f"{breaks:,} of {total:,} allocations ended badly, more than --max-failures "
            f"{self.share * 100:g}%"
        )


def parse_failure_limit(text: str) -> FailureLimit:
    """Return the limit written as ``50`` or ``2%``.

    Raises:
        RefusedError: It is neither.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None or (found[2] and not found[3]):
        raise RefusedError(f"--max-failures {text}: give a number such as 50, or a share as 2%.")
    if not found[3]:
        return FailureLimit(count=int(found[1]))
    share = float(f"{found[1]}{found[2] or ''}")
    if share > 100:  # noqa: PLR2004 - per cent
        raise RefusedError(f"--max-failures {text}: a share is at most 100%.")
    return FailureLimit(share=share / 100)
