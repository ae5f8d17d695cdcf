"""The verdict on a run: one sentence in plain words, and the exit code."""

from __future__ import annotations

from dataclasses import dataclass

from bulkcancel.errors import ExitCode
from bulkcancel.model import Outcome, RowKind
from bulkcancel.reconcile.balance import Control
from bulkcancel.reconcile.tally import Tally

_APART = frozenset(
    {
        Outcome.CANCELLED,
        Outcome.ALREADY_CANCELLED,
        Outcome.PARTIALLY_CANCELLED,
        Outcome.UNKNOWN,
        Outcome.NOT_ATTEMPTED,
    }
)
"""The outcomes that the verdict names one by one; of the others it says "were not"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWord:
    """Why a run ended before its work was done, and the exit code of such an end."""

    exit_code: ExitCode
    sentence: str


def verdict(tally: Tally, stop: StopWord | None, control: Control) -> tuple[str, ExitCode]:
    """Return the sentence and the exit code for a run.

    Totals that do not balance outrank a stop, a stop outranks unknowns, these any other break.
    """
    if not control.balanced:
        failed = control.failed[0]
        return f"The control totals do not balance. {failed.sentence}", ExitCode.UNSOUND
    told = _told(tally, stopped=stop is not None)
    if stop is not None:
        return f"Stopped early: {_clause(stop.sentence)} {told}.", stop.exit_code
    return f"{told[0].upper()}{told[1:]}.", _exit_code(tally)


def _exit_code(tally: Tally) -> ExitCode:
    if tally.outcomes[Outcome.UNKNOWN]:
        return ExitCode.UNKNOWNS
    return ExitCode.BREAKS if tally.breaks else ExitCode.OK


def _told(tally: Tally, *, stopped: bool) -> str:
    """Return what became of the allocations, without the full stop."""
    rest = list(_rest(tally))
    invalid = tally.kinds[RowKind.INVALID]
    if invalid:
        rest.append(f"{invalid:,} invalid {'row was' if invalid == 1 else 'rows were'} skipped")
    head = _cancelled(tally, stopped=stopped)
    if not rest:
        return head
    return f"{head}{', ' if stopped else '; '}{', '.join(rest)}"


def _cancelled(tally: Tally, *, stopped: bool) -> str:
    """Return how many are cancelled, such as "4,990 of 5,000 allocations are cancelled"."""
    count = tally.outcomes.total()
    before = tally.outcomes[Outcome.ALREADY_CANCELLED]
    done = tally.outcomes[Outcome.CANCELLED] + before
    if not count:
        return "there was no allocation to cancel"
    noun = "" if stopped else " allocations"
    if done < count:
        head = f"{done:,} of {count:,}{noun} {'is' if done == 1 else 'are'}"
    else:
        head = "the one allocation is" if count == 1 else f"all {count:,} allocations are"
    return f"{head} cancelled{f' ({before:,} before this run)' if before else ''}"


def _rest(tally: Tally) -> list[str]:
    outcomes = tally.outcomes
    refused = sum(count for outcome, count in outcomes.items() if outcome not in _APART)
    return [
        f"{count:,} {one if count == 1 else many} {words}"
        for count, one, many, words in (
            (outcomes[Outcome.PARTIALLY_CANCELLED], "is", "are", "cancelled in part only"),
            (refused, "was", "were", "not"),
            (outcomes[Outcome.NOT_ATTEMPTED], "was", "were", "not attempted"),
            (outcomes[Outcome.UNKNOWN], "is", "are", "unknown"),
        )
        if count
    ]


def _clause(sentence: str) -> str:
    """Return a stop's sentence ready to be followed by the figures."""
    text = sentence.strip().removesuffix(".")
    # More than one sentence reads badly before a semicolon.
    return f"{text}." if ". " in text else f"{text};"
