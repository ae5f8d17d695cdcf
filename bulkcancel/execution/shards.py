"""What a shard's journal says of its share and of the whole, and whether some make up the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bulkcancel.decision import Shard, missing_shards
from bulkcancel.errors import JournalError, RefusedError
from bulkcancel.execution.folder import RunFolder
from bulkcancel.execution.settings import RunSettings, settings_from_json
from bulkcancel.journal import Journal
from bulkcancel.manifest import Manifest
from bulkcancel.model import RowCounts

_MOST_NAMED = 10
_NO_MATTER = ("path",)
"""Facts on an input that may differ: each machine has it in a place of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRun:
    """A shard's run, by its journal.

    ``counts`` and ``hash_total`` are of its share, ``whole`` and ``input`` of the whole input.
    """

    folder: RunFolder
    run_id: str
    tool_version: str
    settings: RunSettings
    input: dict[str, Any]
    shard: Shard
    counts: RowCounts
    hash_total: str
    whole: RowCounts

    @property
    def words(self) -> str:
        """Return what it is called in a sentence."""
        return f"{self.folder.path} ({self.shard.words})"


def shard_json(manifest: Manifest) -> dict[str, Any] | None:
    """Return what a plan and a summary show of a share; ``None`` for a whole input."""
    if manifest.shard is None:
        return None
    return {
        "index": manifest.shard.index,
        "of": manifest.shard.of,
        "whole": {
            **msgspec.to_builtins(manifest.whole),
            "hash_total": manifest.facts.hash_total,
        },
    }


def shard_fact(manifest: Manifest) -> dict[str, Any] | None:
    """Return what a journal keeps of a share: what is shown, and the hash total of its ids."""
    shown = shard_json(manifest)
    return None if shown is None else {**shown, "hash_total": manifest.hash_total}


def shown_shard(fact: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what a summary shows of the share that a journal speaks of."""
    return None if fact is None else {name: fact[name] for name in ("index", "of", "whole")}


def refuse_merged(journal: Journal) -> None:
    """Raise if a journal is that of a merge: nothing can be sent from it.

    Raises:
        RefusedError: It is.
    """
    merged = journal.fact("merged")
    if merged is not None:
        names = _listed([run["run_id"] for run in merged["runs"]])
        raise RefusedError(
            f"{journal.path.parent} is a merge of the runs {names}, and can't be resumed: resume "
            "those and merge again. Nothing was sent."
        )


def read_shard(folder: RunFolder) -> ShardRun:
    """Return what a run's journal says of its shard.

    Raises:
        RefusedError: It is no shard's.
        LockedError: A process works on it.
        JournalError: It can't be trusted.
    """
    with Journal.open(folder.journal) as journal:
        if journal.fact("merged") is not None:
            raise RefusedError(
                f"{folder.path} is a merge itself: give the runs of the shards. Nothing was merged."
            )
        fact = journal.fact("shard")
        if fact is None:
            raise RefusedError(
                f"{folder.path} is no run of a shard: it was started without --shard, and has "
                "nothing to be merged with."
            )
        try:
            return ShardRun(
                folder=folder,
                run_id=str(journal.fact("run_id")),
                tool_version=str(journal.fact("tool_version")),
                settings=settings_from_json(journal.fact("settings")),
                input=msgspec.convert(journal.fact("input"), dict[str, Any]),
                shard=Shard(index=fact["index"], of=fact["of"]),
                counts=msgspec.convert(journal.fact("counts"), RowCounts),
                hash_total=fact["hash_total"],
                whole=msgspec.convert(
                    {name: fact["whole"][name] for name in RowCounts.__slots__}, RowCounts
                ),
            )
        except (msgspec.ValidationError, KeyError, TypeError) as error:
            raise JournalError(
                f"The journal {journal.path} is damaged: what it says of its shard can't be read."
            ) from error


def check_joint(runs: Sequence[ShardRun]) -> None:
    """Raise unless runs are those of all shards of one input, each once, for one target.

    Raises:
        RefusedError: They are not; the text names the first that does not fit.
        JournalError: Their shares do not add up to the whole, which no run of a shard leaves.
    """
    if not runs:
        raise RefusedError("There is nothing to merge: name the run of each shard.")
    first, seen = runs[0], dict[int, ShardRun]()
    for run in runs:
        _check_fits(run, first)
        if (twin := seen.get(run.shard.index)) is not None:
            raise RefusedError(
                f"{run.shard.words.capitalize()} is given twice: {twin.folder.path} and "
                f"{run.folder.path}. Nothing was merged."
            )
        seen[run.shard.index] = run
    missing = missing_shards(seen, first.shard.of)
    if missing:
        noun = "shard" if len(missing) == 1 else "shards"
        raise RefusedError(
            f"The runs of {noun} {_listed([str(index) for index in missing])} of "
            f"{first.shard.of:,} are missing: a merge takes all of them. Nothing was merged."
        )
    _check_sums(runs)


def _check_fits(run: ShardRun, first: ShardRun) -> None:
    """Raise if a run is not of the same input, number of shards and target as the first."""
    if run.input["sha256"] != first.input["sha256"] or run.input["digest"] != first.input["digest"]:
        raise RefusedError(
            f"{run.words} is of another input than {first.words}: the SHA-256 of the files, or of "
            "their ids, differ. Nothing was merged."
        )
    if run.shard.of != first.shard.of:
        raise RefusedError(
            f"{run.words} and {first.words} divide the input among different numbers of runs. "
            "Nothing was merged."
        )
    if _target(run) != _target(first):
        raise RefusedError(
            f"{run.words} was for another target (base URL, account, channel or stage) than "
            f"{first.words}. Nothing was merged."
        )
    if run.whole != first.whole or _read_as(run) != _read_as(first):
        raise RefusedError(
            f"{run.words} read the same input otherwise than {first.words}: the columns, the "
            "encoding or the rows that were taken differ. Nothing was merged."
        )


def _check_sums(runs: Sequence[ShardRun]) -> None:
    whole = runs[0].whole
    for name in RowCounts.__slots__:
        total = sum(getattr(run.counts, name) for run in runs)
        if total != getattr(whole, name):
            raise JournalError(
                f"The shards hold {total:,} rows ({name}) together and the whole input "
                f"{getattr(whole, name):,}: a journal is not as its run wrote it. Nothing was "
                "merged."
            )
    hashes = sum(int(run.hash_total, 16) for run in runs) % (1 << 64)
    if hashes != int(runs[0].input["hash_total"], 16):
        raise JournalError(
            "The hash totals of the shards do not add up to that of the whole input: a journal is "
            "not as its run wrote it. Nothing was merged."
        )


def _target(run: ShardRun) -> tuple[object, ...]:
    target = run.settings.target
    return target.base_url, target.account, target.channel, target.stage


def _read_as(run: ShardRun) -> dict[str, Any]:
    return {name: value for name, value in run.input.items() if name not in _NO_MATTER}


def differing(runs: Sequence[ShardRun]) -> list[str]:
    """Return which settings are not the same in all shards, by the names of their options."""
    plain = [run.settings.as_json() for run in runs]
    names = [name for name in plain[0] if name not in {"target", "shard"}]
    found = [name for name in names if any(one[name] != plain[0][name] for one in plain)]
    dates = {run.settings.target.date for run in runs}
    return [f"--{name.replace('_', '-')}" for name in (*found, *(["date"] * (len(dates) > 1)))]


def _listed(names: Sequence[str]) -> str:
    """Return some names in a sentence, the first ten of them."""
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def named_in(reports: Path, run: ShardRun) -> str:
    """Return how a command on a shard's run names it: by its id, or where it lies elsewhere."""
    inside = run.folder.path.absolute().parent == reports.absolute()
    return run.run_id if inside else str(run.folder.path)
