"""What the journal of a merge keeps of its shards' runs, and how they ended together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bulkcancel.errors import ExitCode
from bulkcancel.execution.shards import ShardRun, differing
from bulkcancel.journal import Left, Segment, utc
from bulkcancel.reconcile import StopWord

NEVER_BEGUN = "it was never begun"
NEVER_ENDED = "the process ended before the run did"

_MOST_NAMED = 5


def merge_fact(
    runs: Sequence[ShardRun],
    left: Sequence[Left],
    lived: Sequence[Segment],
    names: Sequence[str],
    *,
    at: float,
) -> dict[str, Any]:
    """Return what a merge keeps of the runs that it joins, in the order of their shards.

    ``left`` is what is left to do of each, ``names`` how a command names it, and ``lived`` are the
    starts of all, each with its ``shard`` among its facts. ``at`` is now, in seconds since the
    epoch.
    """
    told = [
        _told(run, rest, [part for part in lived if part.facts["shard"] == run.shard.index], name)
        for run, rest, name in zip(runs, left, names, strict=True)
    ]
    ends = [run["finished_at"] for run in told]
    return {
        "of": len(told),
        "merged_at": at,
        "runs": told,
        "settings_differ": differing(runs),
        # Of a run that was killed nobody knows when it ended.
        "finished_at": None if None in ends else max(ends),
    }


def _told(run: ShardRun, left: Left, lived: Sequence[Segment], name: str) -> dict[str, Any]:
    stop: str | None = None
    if not lived:
        stop = NEVER_BEGUN
    elif lived[-1].finished_at is None:
        stop = NEVER_ENDED
    elif (noted := lived[-1].stop) is not None:
        stop = noted["sentence"]
    return {
        "shard": run.shard.index,
        "run_id": run.run_id,
        "run": name,
        "tool_version": run.tool_version,
        "started_at": lived[0].started_at if lived else None,
        "finished_at": lived[-1].finished_at if lived else None,
        "stop": stop,
        "rows": run.counts.read,
        "allocations": run.counts.unique,
        "hash_total": run.hash_total,
        "open": left.open,
        "unknown": left.unknown,
    }


def shown_merge(fact: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what a summary shows of a merge; ``None`` for any other run."""
    if fact is None:
        return None
    runs = [
        {
            **run,
            "started_at": utc(run["started_at"]),
            "finished_at": utc(run["finished_at"]),
            "resumable": bool(run["open"] or run["unknown"]),
        }
        for run in fact["runs"]
    ]
    return {
        "of": fact["of"],
        "merged_at": utc(fact["merged_at"]),
        "runs": runs,
        "settings_differ": fact["settings_differ"],
    }


def joint_stop(fact: Mapping[str, Any]) -> StopWord | None:
    """Return that some shards are unfinished, and which; ``None`` if each came to its end."""
    unfinished = [run for run in fact["runs"] if run["stop"] is not None]
    if not unfinished:
        return None
    named = [
        f"shard {run['shard']:,} (`bulkcancel resume {run['run']}`)"
        for run in unfinished[:_MOST_NAMED]
    ]
    if len(unfinished) > _MOST_NAMED:
        named.append(f"{len(unfinished) - _MOST_NAMED:,} more")
    verb, them = ("is", "it") if len(unfinished) == 1 else ("are", "them")
    return StopWord(
        exit_code=ExitCode.STOPPED,
        sentence=(
            f"{', '.join(named)} of {fact['of']:,} {verb} unfinished: resume {them} and merge again"
        ),
    )
