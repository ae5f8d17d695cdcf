"""What is checked before the first send: the count, the size, the plan's digest. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from statistics import median

from bulkcancel.errors import RefusedError
from bulkcancel.execution.settings import RunSettings
from bulkcancel.model import InputFacts

_COUNT = re.compile(r"([0-9][0-9_,.]*)(?:(?:±|\+-|~)([0-9]+(?:\.[0-9]+)?)%)?")
_GROUPED = re.compile(r"[0-9]+(?:([_,.])[0-9]{3}(?:\1[0-9]{3})*)?")
_DIGEST_LENGTH = 16
_FAR, _AT_LEAST, _FEW = 5.0, 100, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCount:
    """How many allocations an input should hold; ``text`` is as it was given."""

    low: int
    high: int
    text: str

    def check(self, count: int) -> None:
        """Raise if an input holds another number.

        Raises:
            RefusedError: It does.
        """
        if not self.low <= count <= self.high:
            raise RefusedError(
                f"--expect-count {self.text} does not match: the input holds {count:,} "
                "allocations. Nothing was sent."
            )


def parse_expected_count(text: str) -> ExpectedCount:
    """Return the count that ``N`` or ``N±M%`` stands for (``+-`` and ``~`` are ``±`` as well).

    Raises:
        RefusedError: It is neither.
    """
    found = _COUNT.fullmatch(text.replace(" ", ""))
    if not found or not _GROUPED.fullmatch(found[1]):
        raise RefusedError(f"--expect-count {text}: give a number, such as 5000 or 5000±2%.")
    number = int(re.sub(r"[_,.]", "", found[1]))
    spread = number * float(found[2] or 0) / 100.0
    return ExpectedCount(low=max(0, round(number - spread)), high=round(number + spread), text=text)


def plan_digest(facts: InputFacts, settings: RunSettings) -> str:
    """Return a short digest that binds input, target and settings: a change of any changes it.

    Of the input its ids in their order and the columns count, not its name or its format. Of the
    settings all count but those that change nothing of what is sent (``ca_file``, ``xlsx_rows``,
    ``deadline``).
    """
    bound = settings.as_json()
    for name in ("ca_file", "xlsx_rows", "deadline"):
        bound.pop(name, None)
    plain = {
        "ids": facts.digest,
        "hash_total": facts.hash_total,
        "id_column": facts.id_column,
        "settings": bound,
    }
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def check_digest(given: str, facts: InputFacts, settings: RunSettings) -> None:
    """Raise if a plan's digest is not that of this input, target and settings.

    Raises:
        RefusedError: It is not.
    """
    found = plan_digest(facts, settings)
    if given.strip().lower() != found:
        raise RefusedError(
            f"--plan-digest {given} is not that of this input, target and settings ({found}): "
            "something changed since it was planned, or an option differs. Nothing was sent."
        )


def is_unusual(count: int, earlier: Sequence[int]) -> bool:
    """Say whether an input is far larger than the usual ones.

    ``earlier`` are the counts of allocations of earlier runs. Far larger is more than five times
    their median, and a hundred more; of fewer than three runs nothing is usual.
    """
    if len(earlier) < _FEW:
        return False
    usual = median(earlier)
    return count > _FAR * usual and count > usual + _AT_LEAST
