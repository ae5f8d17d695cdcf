"""The question before anything is sent."""

from __future__ import annotations

import sys

import click

from bulkcancel.cli.show import counted, plan_lines
from bulkcancel.errors import RefusedError
from bulkcancel.execution import RunSettings
from bulkcancel.manifest import Manifest


def confirm(manifest: Manifest, settings: RunSettings, *, yes: bool, expected: int | None) -> None:
    """Return if the run may begin.

    Raises:
        RefusedError: The number given is not that of the allocations, or there is no terminal to
            ask at and neither ``--yes`` nor ``--confirm N`` was given.
    """
    count = manifest.counts.unique
    if expected is not None:
        if expected != count:
            raise RefusedError(
                f"--confirm {expected} does not match: the input holds "
                f"{counted(count, 'allocation')}. Nothing was sent."
            )
        return
    if yes or count == 0:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise RefusedError(
            f"There is no terminal to ask at: say --confirm {count} (the number of allocations "
            "to be cancelled) or --yes. Nothing was sent."
        )
    for line in plan_lines(manifest, settings):
        click.echo(line, err=True)
    answer = click.prompt(
        f"This can't be undone. Type {count} to cancel {counted(count, 'allocation')}",
        default="",
        show_default=False,
        err=True,
    )
    if answer.strip() != str(count):
        raise RefusedError("The number does not match. Nothing was sent.")
