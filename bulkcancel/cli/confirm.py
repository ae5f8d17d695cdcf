"""What is checked and asked before anything is sent."""

from __future__ import annotations

import sys
from typing import Any

import click

from bulkcancel.cli.planned import plan_lines, to_begin
from bulkcancel.errors import RefusedError
from bulkcancel.execution import RunSettings
from bulkcancel.execution.guards import check_digest, is_unusual, parse_expected_count
from bulkcancel.execution.usual import earlier_sizes, usual_folder
from bulkcancel.manifest import Manifest
from bulkcancel.report.words import counted

UNUSUAL = "Unusual    far more than the earlier runs for this target had"


def guard(manifest: Manifest, settings: RunSettings, options: dict[str, Any]) -> None:
    """Return if the run may begin: its size, its plan and the operator's word are right.

    Raises:
        RefusedError: A guard objects, or there is no terminal to ask at and neither ``--yes`` nor
            ``--confirm N`` was given.
    """
    check_count(manifest, options)
    if options["plan_digest"]:
        check_digest(options["plan_digest"], manifest.facts, settings)
    count = to_begin(manifest, settings)
    if count == 0:
        return
    if options["protected"]:
        _check_protected(options)
    unusual = not options["allow_unusual"] and is_far_larger(manifest, settings)
    confirmed = _confirmed(count, options)
    if confirmed and not unusual:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        if unusual:
            raise RefusedError(
                f"{counted(_size(manifest, settings), 'allocation')} are far more than the earlier "
                "runs for this target had: say --allow-unusual if that is right. Nothing was sent."
            )
        raise RefusedError(
            f"There is no terminal to ask at: say --confirm {count} (the number of allocations "
            "to be cancelled) or --yes. Nothing was sent."
        )
    _ask(manifest, settings, count, unusual=unusual)


def check_count(manifest: Manifest, options: dict[str, Any]) -> None:
    """Raise if the whole input holds another number of allocations than ``--expect-count`` says.

    Raises:
        RefusedError: It does, or that is no number.
    """
    if options["expect_count"]:
        parse_expected_count(options["expect_count"]).check(manifest.whole.unique)


def is_far_larger(manifest: Manifest, settings: RunSettings) -> bool:
    """Say whether a run would be far larger than the earlier ones for its target."""
    earlier = earlier_sizes(usual_folder(), settings.target)
    return is_unusual(_size(manifest, settings), earlier)


def _size(manifest: Manifest, settings: RunSettings) -> int:
    """Return how many allocations a run would begin, all shards together."""
    shard = manifest.shard
    if shard is None:
        return to_begin(manifest, settings)
    whole = manifest.whole.unique
    return whole if settings.limit is None else min(whole, settings.limit * shard.of)


def _check_protected(options: dict[str, Any]) -> None:
    if options["yes"]:
        raise RefusedError(
            "This profile is protected: --yes is refused; say --confirm N and --plan-digest, both "
            "as `bulkcancel plan` prints them. Nothing was sent."
        )
    if options["confirm"] is None or not options["plan_digest"]:
        raise RefusedError(
            "This profile is protected: say --confirm N and --plan-digest, both as `bulkcancel "
            "plan` prints them. Nothing was sent."
        )


def _confirmed(count: int, options: dict[str, Any]) -> bool:
    """Say whether the operator has confirmed the number, or said that there is nothing to ask."""
    expected = options["confirm"]
    if expected is None:
        return bool(options["yes"])
    if expected != count:
        raise RefusedError(
            f"--confirm {expected} does not match: there are {counted(count, 'allocation')} to "
            "cancel. Nothing was sent."
        )
    return True


def _ask(manifest: Manifest, settings: RunSettings, count: int, *, unusual: bool) -> None:
    for line in plan_lines(manifest, settings):
        click.echo(line, err=True)
    if unusual:
        click.echo(UNUSUAL, err=True)
    answer = click.prompt(
        f"This can't be undone. Type {count} to cancel {counted(count, 'allocation')}",
        default="",
        show_default=False,
        err=True,
    )
    if answer.strip() != str(count):
        raise RefusedError("The number does not match. Nothing was sent.")
