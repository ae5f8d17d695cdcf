"""What a run's pace was: kept for each start of it, and added up for the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bulkcancel.execution.settings import RunSettings
from bulkcancel.runner import Snapshot


def pacing_facts(seen: Snapshot, settings: RunSettings) -> dict[str, Any]:
    """Return what the journal keeps of the pace of one start; seconds, and requests per second."""
    return {
        "rate_ceiling": settings.rate,
        "fixed_rate": settings.fixed_rate,
        "requests": seen.sent + seen.reads,
        "throttled": seen.throttled,
        "seconds": round(seen.elapsed, 3),
        "held": seen.held,
        "limit": None if seen.limit is None else round(seen.limit, 2),
        "limit_used": None if seen.limit_used is None else round(seen.limit_used, 4),
    }


def pacing_summary(settings: RunSettings, starts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the summary's ``pacing``: sums over all starts, and what the last one went by.

    ``limit_used_percent`` is what was accepted, of what the learned limit would have let through
    while there was something to send, in the start that learned it. It may be above 100: a
    server's bucket lets some requests through early.
    """
    held: Counter[str] = Counter()
    for start in starts:
        held.update(start.get("held", {}))
    requests = sum(start.get("requests", 0) for start in starts)
    throttled = sum(start.get("throttled", 0) for start in starts)
    learned = [start for start in starts if start.get("limit") is not None]
    last = starts[-1] if starts else {}
    used = learned[-1].get("limit_used") if learned else None
    return {
        "rate_ceiling": last.get("rate_ceiling", settings.rate),
        "fixed_rate": last.get("fixed_rate", settings.fixed_rate),
        "throttled": throttled,
        "refused_percent": round(100.0 * throttled / requests, 3) if requests else 0.0,
        "learned_limit": learned[-1]["limit"] if learned else None,
        "limit_used_percent": None if used is None else round(100.0 * used, 1),
        "seconds_held": {reason: round(seconds, 3) for reason, seconds in held.items()},
        "seconds_working": round(sum(start.get("seconds", 0.0) for start in starts), 3),
    }


def joint_pacing(settings: RunSettings, starts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the summary's ``pacing`` of a merge: sums over all shards, and each one's own.

    Each start names its ``shard``. The ceiling is that of all shards together; what a shard
    learned of the API's limit is its own and says nothing of the whole.
    """
    by_shard: dict[int, list[Mapping[str, Any]]] = {}
    for start in starts:
        by_shard.setdefault(start["shard"], []).append(start)
    shards = {shard: pacing_summary(settings, by_shard[shard]) for shard in sorted(by_shard)}
    ceilings = [pace["rate_ceiling"] for pace in shards.values()]
    own = ("rate_ceiling", "throttled", "learned_limit", "limit_used_percent", "seconds_working")
    return {
        **pacing_summary(settings, starts),
        "rate_ceiling": round(sum(ceilings), 3) if ceilings else settings.rate,
        "fixed_rate": bool(shards) and all(pace["fixed_rate"] for pace in shards.values()),
        "learned_limit": None,
        "limit_used_percent": None,
        "shards": [
            {"shard": shard, **{name: pace[name] for name in own}} for shard, pace in shards.items()
        ],
    }
