"""A plan in words and as JSON: what was read, what would be sent where, and what it foretells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from bulkcancel.decision import Belonging
from bulkcancel.execution import Precheck, RunSettings
from bulkcancel.execution.deadline import seconds_until, sending_seconds
from bulkcancel.execution.guards import plan_digest
from bulkcancel.execution.history import CancelledBefore
from bulkcancel.execution.shards import shard_json
from bulkcancel.manifest import Manifest
from bulkcancel.model import InputFacts, Outcome
from bulkcancel.report.cells import one_line
from bulkcancel.report.words import DELIMITERS, counted, seconds_in_words
from bulkcancel.shared import shared_address

_MOST_VALUES = 10
_MOST_EXAMPLES = 5

_FORETOLD = {
    Outcome.CANCELLED: "would be cancelled",
    Outcome.ALREADY_CANCELLED: "cancelled already",
    Outcome.PARTIALLY_CANCELLED: "cancelled in part already",
    Outcome.NOT_CANCELLED: "would not be cancelled",
    Outcome.NOT_FOUND: "not known to the API",
    Outcome.REJECTED: "would be held back",
    None: "not foretold",
}


def least_seconds(manifest: Manifest, settings: RunSettings) -> float:
    """Return how long the requests take at the ceiling, if no cancel has to be repeated."""
    return max(0, _requests(manifest, settings) - 1) / settings.rate


def reading_seconds(manifest: Manifest, settings: RunSettings) -> float:
    """Return how long it takes at the ceiling to read each allocation once."""
    return max(0, manifest.counts.unique - 1) / settings.rate


def likely_seconds(manifest: Manifest, settings: RunSettings, limit: float) -> float:
    """Return how long they take at a limit, in requests per second, that was learned before."""
    return max(0, _requests(manifest, settings) - 1) / min(settings.rate, limit)


def plan_facts(
    manifest: Manifest,
    settings: RunSettings,
    *,
    limit: float | None,
    seen: Precheck | None,
    before: Sequence[CancelledBefore] = (),
) -> dict[str, Any]:
    """Return a plan as JSON values; ``limit`` is the learned one, ``seen`` the look beforehand.

    ``before`` are the earlier runs that cancelled some of the allocations.
    """
    likely = None if limit is None else round(likely_seconds(manifest, settings, limit), 3)
    return {
        "input": msgspec.to_builtins(manifest.facts),
        "rows": msgspec.to_builtins(manifest.counts),
        "shard": shard_json(manifest),
        "first_ids": list(manifest.first_ids),
        "last_ids": list(manifest.last_ids),
        "target": msgspec.to_builtins(settings.target),
        "options": settings.options_json(),
        "to_cancel": to_begin(manifest, settings),
        "least_cancels": _cancels(manifest, settings),
        "plan_digest": plan_digest(manifest.facts, settings),
        "least_seconds": round(least_seconds(manifest, settings), 3),
        "known_limit": limit,
        "likely_seconds": likely,
        "forecast": None if seen is None else seen.as_json(),
        "cancelled_before": [msgspec.to_builtins(run) for run in before],
    }


def plan_lines(
    manifest: Manifest, settings: RunSettings, limit: float | None = None
) -> Iterator[str]:
    """Yield a plan as lines; ``limit`` (requests/s) is the one that an earlier run learned."""
    facts, counts, target = manifest.facts, manifest.whole, settings.target
    path = "standard input" if facts.path == "-" else one_line(facts.path)
    yield f"Input      {path} ({_form(facts)}), ids in column {facts.id_column!r}"
    yield (
        f"Rows       {counts.read:,} read: {counted(counts.unique, 'allocation')}, "
        f"{counted(counts.duplicate, 'duplicate')}, {counts.invalid:,} invalid, "
        f"{counts.blank:,} blank"
    )
    if facts.hidden:
        yield f"Hidden     {counted(facts.hidden, 'hidden row')} of the sheet included"
    if facts.trimmed:
        were = "id was" if facts.trimmed == 1 else "ids were"
        yield f"Trimmed    {facts.trimmed:,} {were} padded with spaces or invisible characters"
    if manifest.shard is not None:
        shard, share = manifest.shard, counted(manifest.counts.unique, "allocation")
        yield f"Shard      {shard.index:,} of {shard.of:,}: {share} of {counts.unique:,}"
    if manifest.first_ids:
        yield f"Ids        {manifest.first_ids[0]} … {manifest.last_ids[-1]}"
    context = [f"account {target.account}"]
    if target.stage:
        context.append(f"stage {target.stage}")
    if target.channel is not None:
        context.append(f"channel {target.channel}")
    yield f"Target     {target.base_url}"
    yield f"Context    {', '.join(context)}"
    bound = "always" if settings.fixed_rate else "at most"
    least = seconds_in_words(least_seconds(manifest, settings))
    yield (
        f"Pace       {bound} {settings.rate:g} requests/s, {settings.concurrency} in flight; "
        f"at least {least}"
    )
    if settings.shared_rate is not None:
        yield f"Shared     that rate, by all that name {shared_address(settings.shared_rate)}"
    if limit is not None and not settings.fixed_rate and limit < settings.rate:
        likely = seconds_in_words(likely_seconds(manifest, settings, limit))
        yield f"Limit      {limit:g} requests/s, learned by an earlier run: about {likely}"
    if settings.deadline is not None:
        yield f"Deadline   {_deadline(manifest, settings, settings.deadline, limit)}"
    begun = to_begin(manifest, settings)
    left = manifest.counts.unique - begun
    rest = f", {left:,} are left (--limit)" if left else ""
    several = ""
    if settings.ids_per_request > 1:
        cancels = counted(_cancels(manifest, settings), "request")
        several = f" in {cancels} at least, of up to {settings.ids_per_request} each"
    yield f"To cancel  {counted(begun, 'allocation')}{several}{rest}"


def before_lines(before: Sequence[CancelledBefore]) -> Iterator[str]:
    """Yield which earlier runs cancelled some of the allocations, as lines."""
    for run in before:
        yield (
            f"Before     {counted(run.allocations, 'allocation')} cancelled by run {run.run_id}, "
            f"which ended {run.finished_at} (such as {run.examples[0]})"
        )


def precheck_lines(seen: Precheck) -> Iterator[str]:
    """Yield what a look at each allocation foretells, as lines."""
    yield f"Forecast   {counted(seen.counts.total(), 'allocation')} read"
    for outcome, words in _FORETOLD.items():
        by_status = [
            (status, count) for (status, known), count in seen.counts.items() if known is outcome
        ]
        if by_status:
            by_status.sort(key=lambda pair: (-pair[1], pair[0] or ""))
            statuses = ", ".join(
                f"{count:,} {one_line(status) if status else 'without a status'}"
                for status, count in by_status[:_MOST_VALUES]
            )
            more = len(by_status) - _MOST_VALUES
            yield f"  {words:<28}{seen.foretold(outcome):>10,}  ({statuses}{_more(more)})"
    yield from _belonging_lines("PO", seen.purchase_orders)
    yield from _belonging_lines("Vendor", seen.vendors)


def to_begin(manifest: Manifest, settings: RunSettings) -> int:
    """Return how many allocations a run would begin."""
    unique = manifest.counts.unique
    return unique if settings.limit is None else min(unique, settings.limit)


def _requests(manifest: Manifest, settings: RunSettings) -> int:
    reads = to_begin(manifest, settings) if settings.looks_first else 0
    return reads + _cancels(manifest, settings)


def _cancels(manifest: Manifest, settings: RunSettings) -> int:
    """Return how many cancels are sent at least."""
    return -(-to_begin(manifest, settings) // settings.ids_per_request)


def _deadline(manifest: Manifest, settings: RunSettings, deadline: str, limit: float | None) -> str:
    """Return in words how far off the deadline is, and whether the requests fit before it."""
    left = seconds_until(deadline, datetime.now().astimezone())
    needed = likely_seconds(manifest, settings, limit or settings.rate)
    rows = manifest.counts.read
    fits = needed <= sending_seconds(left, timeout=settings.timeout, rows=rows)
    when = f"{deadline}, in" if ":" in deadline else "in"
    words = "it fits" if fits else "it does not fit, the rest can be resumed"
    return f"{when} {seconds_in_words(left)}: {words}"


def _form(facts: InputFacts) -> str:
    delimiter = DELIMITERS.get(facts.delimiter or "", facts.delimiter)
    sheet = f"sheet {facts.sheet!r}" if facts.sheet is not None else None
    parts = (facts.format.upper(), sheet, delimiter, facts.encoding, facts.container)
    return ", ".join(part for part in parts if part)


def _belonging_lines(noun: str, seen: Belonging) -> Iterator[str]:
    """Yield whose the allocations are, and which of them differ from the rest."""
    if seen.values == 0:
        return
    if seen.usual is None:
        yield f"{noun:<11}{seen.values:,} different ones, none of more than half"
        return
    value, count = seen.usual
    yield f"{noun:<11}{_value(value)} for {count:,} of {seen.allocations:,}"
    differing = seen.differing()
    for one in differing[:_MOST_VALUES]:
        examples = ", ".join(f"row {row}: {text}" for row, text in one.examples[:_MOST_EXAMPLES])
        more = one.allocations - min(len(one.examples), _MOST_EXAMPLES)
        yield (
            f"  ! {noun} {_value(one.value)} for {counted(one.allocations, 'allocation')} "
            f"({examples}{_more(more)})"
        )
    if len(differing) > _MOST_VALUES:
        left = differing[_MOST_VALUES:]
        yield (
            f"  ! {len(left):,} more values for "
            f"{counted(sum(one.allocations for one in left), 'allocation')}"
        )


def _value(text: str | None) -> str:
    return "none" if text is None else one_line(text)


def _more(count: int) -> str:
    return f" and {count:,} more" if count > 0 else ""
