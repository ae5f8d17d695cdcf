"""Some hundred seeded runs in virtual time; `make simulate-seeds` makes ten thousand of them."""

from __future__ import annotations

from collections import Counter

import pytest
from seeds import Violation, main, run_seed

from bulkcancel.model import Outcome


def test_no_seed_breaks_an_invariant() -> None:
    """Three hundred mixes of faults: I1 to I5, the limits and the time hold; all is met with."""
    outcomes: Counter[Outcome] = Counter()
    crashes = 0
    for seed in range(300):
        try:
            result = run_seed(seed)
        except Violation as violation:
            pytest.fail(f"seed {seed}: {violation}")
        outcomes += result.outcomes
        crashes += result.crashes
    assert crashes > 100
    assert {outcome for outcome, count in outcomes.items() if count} >= {
        Outcome.CANCELLED,
        Outcome.ALREADY_CANCELLED,
        Outcome.PARTIALLY_CANCELLED,
        Outcome.NOT_CANCELLED,
        Outcome.NOT_FOUND,
        Outcome.FAILED,
        Outcome.UNKNOWN,
    }


def test_a_seed_is_reproducible(capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed tells the same story, word by word."""
    told = []
    for _ in range(2):
        assert main(["--first", "17", "--seeds", "1", "--verbose"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert len(told[0].splitlines()) > 3
