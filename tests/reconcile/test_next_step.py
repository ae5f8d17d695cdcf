"""What an operator does next."""

from __future__ import annotations

import pytest

from bulkcancel.model import BREAKS, Outcome
from bulkcancel.reconcile import next_step


def test_every_end_has_a_step_of_its_own() -> None:
    """Each break, an invalid row included, has one sentence that no other has."""
    steps = [next_step(outcome, "r1") for outcome in (None, *BREAKS)]
    assert len(set(steps)) == len(BREAKS) + 1
    assert all(step.endswith(".") and step[0].isupper() for step in steps)
    assert {next_step(outcome, "r1") for outcome in Outcome if outcome not in BREAKS} == {
        "Nothing is left to do."
    }


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (None, "Correct the id"),
        (Outcome.PARTIALLY_CANCELLED, "the rest has to be settled there"),
        (Outcome.NOT_CANCELLED, "its status forbids a cancel"),
        (Outcome.NOT_FOUND, "the API does not know"),
        (Outcome.REJECTED, "Mend what the reason names"),
        (Outcome.FAILED, "Run `retry.csv` as a new input"),
        (Outcome.UNKNOWN, "reads it back first"),
        (Outcome.NOT_ATTEMPTED, "it was never sent"),
    ],
)
def test_a_step_fits_its_end(outcome: Outcome | None, words: str) -> None:
    """No end is answered with the step of another one, or told that nothing is left to do."""
    assert words in next_step(outcome, "r1")


def test_what_can_be_resumed_names_the_run() -> None:
    """The command can be copied as it stands, and no command is promised that does not exist."""
    named = {
        outcome
        for outcome in (None, *Outcome)
        if "`bulkcancel resume 20261123T224501Z-3f9a`"
        in next_step(outcome, "20261123T224501Z-3f9a")
    }
    assert named == {Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED}
    assert not any("verify" in next_step(outcome, "r") for outcome in (None, *Outcome))


def test_an_unknown_one_is_read_before_it_is_sent() -> None:
    """Nobody is told to send an allocation again whose truth is not known."""
    assert next_step(Outcome.UNKNOWN, "r1") == (
        "Look it up in the order-management system, or go on with `bulkcancel resume r1`, "
        "which reads it back first."
    )
