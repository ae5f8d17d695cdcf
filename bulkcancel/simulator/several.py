"""Several allocations in one cancel: how far it goes, and what its answer shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bulkcancel.simulator.allocations import Allocation, Effect
from bulkcancel.simulator.options import Already, Several, SimulatorOptions
from bulkcancel.simulator.replies import Reply, cancel_refusal, message, page
from bulkcancel.simulator.selection import chance

SEVERAL: Mapping[Several, str] = MappingProxyType(
    {
        "each": "each is tried; 200 with all that exist, an error only if none took effect",
        "all-or-nothing": "the error of the first that can't be cancelled, and no effect on any",
        "partial-list": "each is tried; 200 with those that took effect, the others left out",
        "error-after-some": "up to the first that can't be cancelled, whose error is the answer",
        "500-after-some": "the same, but the answer is 500",
        "shuffled": "as each, but in another order",
        "stale": "as each, but with status and version before",
        "first-only": "only the first is tried and shown",
        "refused": "400 for a list, and no effect",
        "repeated": "as each, but one is shown twice and another not at all",
    }
)
"""What a cancel of several allocations does, by its mode."""


def describe_several() -> str:
    """Return one line for each mode: its name and what it does."""
    return "\n".join(f"--several {mode}: {summary}" for mode, summary in SEVERAL.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a cancel goes: its first ``tried`` allocations are tried, the others left alone.

    ``refused`` is what it is answered; ``None`` where that depends on what took effect.
    """

    tried: int
    refused: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An allocation in an answer; ``before``: as it was before its last change."""

    allocation: Allocation
    before: bool = False


def course(asked: Sequence[Allocation], options: SimulatorOptions, already: Already) -> Course:
    """Decide how far a cancel of these allocations goes; ``already`` is for those cancelled."""
    count = len(asked)
    if count == 1:
        return Course(tried=1)
    if options.several_most is not None and count > options.several_most:
        return Course(tried=0, refused=_too_many(options))
    mode = options.several
    if mode == "refused":
        return Course(tried=0, refused=message(400, "One allocation id is expected"))
    if mode == "first-only":
        return Course(tried=1)
    if mode not in {"all-or-nothing", "error-after-some", "500-after-some"}:
        return Course(tried=count)
    for place, one in enumerate(asked):
        own = cancel_refusal([one], [one.outlook], already=already, shipped=options.shipped)
        if own is not None:
            refused = message(500, "Internal Server Error") if mode == "500-after-some" else own
            return Course(tried=0 if mode == "all-or-nothing" else place, refused=refused)
    return Course(tried=count)


def refused_by_effects(
    tried: Sequence[Allocation],
    effects: Sequence[Effect],
    options: SimulatorOptions,
    already: Already,
) -> Reply | None:
    """Return the refusal of a cancel that went its course, ``None`` where it shows allocations."""
    if len(tried) > 1 and options.several == "partial-list":
        return None
    return cancel_refusal(tried, effects, already=already, shipped=options.shipped)


def views(
    tried: Sequence[Allocation], effects: Sequence[Effect], options: SimulatorOptions
) -> list[View]:
    """Return what the 200 of a cancel shows, in its order."""
    mode = options.several if len(tried) > 1 else "each"
    shown = []
    for one, effect in zip(tried, effects, strict=True):
        # Where a fault keeps the cancel from being tried, nothing failed that could be left out.
        left_out = mode == "partial-list" and effect not in {Effect.APPLIED, Effect.NONE}
        if one.exists and not left_out:
            before = mode == "stale" and effect is Effect.APPLIED
            shown.append(View(allocation=one, before=before))
    if len(shown) < 2:  # noqa: PLR2004 - fewer have no order
        return shown
    if mode == "shuffled":
        return _shuffled(shown, options.seed)
    if mode == "repeated":
        ids = (one.allocation.allocation_id for one in shown)
        place = int(chance(options.seed, "repeated", *ids) * len(shown))
        shown[place] = shown[place - 1]
    return shown


def _shuffled(shown: list[View], seed: int) -> list[View]:
    ids = [one.allocation.allocation_id for one in shown]
    order = sorted(range(len(shown)), key=lambda place: chance(seed, "shuffled", place, *ids))
    if order == sorted(order):
        order = [*order[1:], order[0]]
    return [shown[place] for place in order]


def _too_many(options: SimulatorOptions) -> Reply:
    # The length of an address is a gateway's affair, the length of a list the API's.
    if options.several_over == "414":
        return page(414)
    return message(400, f"At most {options.several_most} allocation ids are expected")
