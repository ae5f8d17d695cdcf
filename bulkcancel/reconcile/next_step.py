"""What an operator does next about a row."""

from __future__ import annotations

from typing import assert_never

from bulkcancel.model import Outcome


def next_step(outcome: Outcome | None, run: str) -> str:
    """Return one sentence for an outcome, or for an invalid row (``None``).

    ``run`` is the run's id, as ``bulkcancel resume`` takes it.
    """
    match outcome:
        case Outcome.CANCELLED | Outcome.ALREADY_CANCELLED:
            return "Nothing is left to do."
        case Outcome.PARTIALLY_CANCELLED:
            return (
                "Look it up in the order-management system: a part of it is cancelled, the rest "
                "has to be settled there."
            )
        case Outcome.NOT_CANCELLED:
            return "Settle it in the order-management system: its status forbids a cancel."
        case Outcome.NOT_FOUND:
            return "Check the id and the account: the API does not know such an allocation."
        case Outcome.REJECTED:
            return "Mend what the reason names, then run this row again in a new input."
        case Outcome.FAILED:
            return "Run `retry.csv` as a new input once the API is well: no attempt took effect."
        case Outcome.UNKNOWN:
            return (
                "Look it up in the order-management system, or go on with "
                f"`bulkcancel resume {run}`, which reads it back first."
            )
        case Outcome.NOT_ATTEMPTED:
            return f"Go on with `bulkcancel resume {run}`: it was never sent."
        case None:
            return "Correct the id and run this row again in a new input."
        case _:
            assert_never(outcome)
