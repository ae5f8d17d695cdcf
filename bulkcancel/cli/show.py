"""Plans and summaries in words, for standard output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bulkcancel.execution import Finished, RunSettings
from bulkcancel.manifest import Manifest

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def seconds_in_words(seconds: float) -> str:
    """Return a duration for a person: 0.4 s, 45 s, 12 min, 3 h 5 min."""
    if seconds < 10:  # noqa: PLR2004 - below ten seconds a decimal says something
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: 1 row, 5,000 rows."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def least_seconds(manifest: Manifest, settings: RunSettings) -> float:
    """Return how long the sends take at the ceiling, if each allocation needs one."""
    return max(0, manifest.counts.unique - 1) / settings.rate


def plan_facts(manifest: Manifest, settings: RunSettings) -> dict[str, Any]:
    """Return a plan as JSON values."""
    return {
        "input": msgspec.to_builtins(manifest.facts),
        "rows": msgspec.to_builtins(manifest.counts),
        "first_ids": list(manifest.first_ids),
        "last_ids": list(manifest.last_ids),
        "target": msgspec.to_builtins(settings.target),
        "options": settings.options_json(),
        "to_cancel": manifest.counts.unique,
        "least_seconds": round(least_seconds(manifest, settings), 3),
    }


def plan_lines(manifest: Manifest, settings: RunSettings) -> Iterator[str]:
    """Yield a plan as lines."""
    facts, counts, target = manifest.facts, manifest.counts, settings.target
    delimiter = _DELIMITERS.get(facts.delimiter or "", facts.delimiter)
    form = ", ".join(part for part in (facts.format.upper(), delimiter, facts.encoding) if part)
    path = "standard input" if facts.path == "-" else facts.path
    yield f"Input      {path} ({form}), ids in column {facts.id_column!r}"
    yield (
        f"Rows       {counts.read:,} read: {counted(counts.unique, 'allocation')}, "
        f"{counted(counts.duplicate, 'duplicate')}, {counts.invalid:,} invalid, "
        f"{counts.blank:,} blank"
    )
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
    yield f"To cancel  {counted(counts.unique, 'allocation')}"


def finished_lines(finished: Finished) -> Iterator[str]:
    """Yield the end of a run as lines."""
    summary = finished.summary
    rows, outcomes, attempts = summary["rows"], summary["outcomes"], summary["attempts"]
    yield finished.verdict
    yield ""
    for outcome, count in outcomes.items():
        if count:
            yield f"  {outcome:<20}{count:>12,}"
    yield f"  {'allocations':<20}{rows['unique']:>12,}"
    yield ""
    yield (
        f"Rows       {rows['read']:,} read = {rows['unique']:,} allocations + "
        f"{rows['duplicate']:,} duplicates + {rows['invalid']:,} invalid + {rows['blank']:,} blank"
    )
    yield (
        f"Requests   {counted(attempts['sent'], 'cancel')} sent, "
        f"{counted(attempts['read_backs'], 'read-back')}"
    )
    pacing = summary["pacing"]
    if pacing["learned_limit"] is not None:
        yield (
            f"Pace       {pacing['throttled']:,} refused for their rate "
            f"({pacing['refused_percent']:.1f} %); the API takes about "
            f"{pacing['learned_limit']:g} requests/s"
        )
    balanced = summary["control"]["balanced"]
    yield f"Totals     {'balance' if balanced else 'DO NOT BALANCE'}"
    yield f"Report     {finished.folder.path}"
    if finished.resumable:
        yield f"Go on      bulkcancel resume {finished.folder.path}"
