"""``bulkcancel find``: the allocations of a purchase order, as an input for a run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import click

from bulkcancel.cli.configured import Configured
from bulkcancel.cli.findings import found_lines, named_orders
from bulkcancel.cli.intake import token_of
from bulkcancel.cli.options import (
    json_option,
    profile_option,
    target_options,
    token_options,
)
from bulkcancel.cli.paceoptions import PACE_DEFAULTS
from bulkcancel.cli.pipes import unread
from bulkcancel.client import check_target
from bulkcancel.decision import CANCELLABLE
from bulkcancel.decision.wanted import Wanted
from bulkcancel.errors import ExitCode, ReportError
from bulkcancel.execution import RunSettings
from bulkcancel.execution.find import Found, find
from bulkcancel.execution.found import as_csv, check_output, found_facts, write_output
from bulkcancel.execution.passes import NEWEST_CHANGE, Reading
from bulkcancel.manifest import DEFAULT_ID_PATTERN
from bulkcancel.model import Target

_EVERY = 10_000

_EPILOG = """\
\b
Examples:
  bulkcancel find --po 4500000012 --base-url URL --account ACCOUNT > inputs/gone.csv
  bulkcancel find --po 4500000012 --vendor 56 --output inputs/gone.csv --profile prod
  bulkcancel find --po 4500000012 --status any --json --profile prod
"""


def _numbers(*names: str) -> Callable[[Any], Any]:
    """Return the options on pace and patience that a few queries need, as `run` has them."""
    helps = {
        "rate": ("N", "Ceiling, requests/s."),
        "timeout": ("S", "One query, whole, in seconds."),
        "max_attempts": ("N", "Tries for one query."),
        "wait_initial": ("S", "First wait before another try, in seconds."),
        "wait_max": ("S", "Longest such wait, in seconds."),
    }

    def decorate(function: Any) -> Any:
        for name in reversed(names):
            metavar, words = helps[name]
            function = click.option(
                f"--{name.replace('_', '-')}",
                type=type(PACE_DEFAULTS[name]),
                default=PACE_DEFAULTS[name],
                show_default=True,
                envvar=f"BULKCANCEL_{name.upper()}",
                metavar=metavar,
                help=words,
            )(function)
        return function

    return decorate


@click.command(
    cls=Configured, name="find", epilog=_EPILOG, short_help="Find a purchase order's allocations."
)
@click.option(
    "--po",
    "purchase_orders",
    multiple=True,
    required=True,
    metavar="PO",
    help="The purchase order, exactly; may be given often.",
)
@click.option(
    "--vendor",
    "vendors",
    multiple=True,
    metavar="VENDOR",
    help="Only of this vendor, exactly; may be given often.",
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    default=tuple(sorted(CANCELLABLE)),
    show_default=", ".join(sorted(CANCELLABLE)),
    metavar="STATUS",
    help="Only in this status; may be given often. `any` for all.",
)
@click.option(
    "--unfiltered",
    is_flag=True,
    help="Ask for all allocations of the account, and look for the purchase order here.",
)
@click.option(
    "--page-size",
    type=click.IntRange(2, 10_000),
    default=Reading().page_size,
    show_default=True,
    metavar="N",
    help="Allocations to ask for at a time.",
)
@click.option(
    "--sort-by",
    default=NEWEST_CHANGE,
    show_default=True,
    metavar="FIELD",
    help="The order of the pages; another than this one is not documented.",
)
@click.option(
    "--max-scanned",
    type=click.IntRange(min=1),
    default=Reading().max_scanned,
    show_default=True,
    metavar="N",
    help="Stop when the API shows more allocations than that.",
)
@click.option(
    "--id-pattern",
    metavar="REGEX",
    envvar="BULKCANCEL_ID_PATTERN",
    help="What an id looks like; 24 hexadecimal characters unless said otherwise.",
)
@target_options
@token_options
@_numbers("rate", "timeout", "max_attempts", "wait_initial", "wait_max")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the CSV file there, whole or not at all, and not to standard output.",
)
@click.option("--force", is_flag=True, help="Write over a FILE that is there already.")
@profile_option
@json_option
def command(
    output: Path | None,
    force: bool,  # noqa: FBT001 - click passes by name
    as_json: bool,  # noqa: FBT001 - the same
    **options: Any,
) -> int:
    """Find the allocations of a purchase order and print them as an input for a run.

    Nothing is cancelled. The API is asked by its query, page by page, until two readings in a row
    are alike; each allocation is then held against --po, --vendor and --status, character by
    character. What was left out and why is said on standard error. Where anything is not as it
    should be, nothing is printed: the command ends with 5, or with 6 for want of a token. It ends
    with 0 also when there is none: then the file holds its header only.
    """
    wanted = Wanted(
        purchase_orders=options["purchase_orders"],
        vendors=options["vendors"],
        statuses=_statuses(options["statuses"]),
    ).checked()
    settings, token = _settings(options), token_of(options)
    if output is not None:
        check_output(output, force=force)
    reading = Reading(
        page_size=options["page_size"],
        max_scanned=options["max_scanned"],
        sort_by=options["sort_by"],
        unfiltered=options["unfiltered"],
    )
    _tell(f"Asking {settings.target.base_url} for {named_orders(wanted)}, twice at least ...")

    async def work() -> Found:
        return await find(
            wanted,
            settings,
            token,
            reading=reading,
            id_pattern=options["id_pattern"] or DEFAULT_ID_PATTERN,
            on_seen=_progress(),
        )

    found = anyio.run(work)
    content = as_csv(found.allocations)
    if output is not None:
        write_output(output, content, force=force)
    if as_json:
        facts = json.dumps(found_facts(found, output), indent=2, ensure_ascii=False)
        content = f"{facts}\n".encode("utf-8", "backslashreplace")
    if as_json or output is None:
        _print(content)
    for line in found_lines(found, output):
        _tell(line)
    return ExitCode.OK


def _settings(options: dict[str, Any]) -> RunSettings:
    """Return as much of a run's settings as queries need; the others are the usual ones."""
    ca_file = options["ca_file"]
    settings = RunSettings(
        target=Target(
            base_url=options["base_url"],
            account=options["account"],
            channel=options["channel"],
            stage=options["stage"],
            date=options["date"],
        ),
        rate=options["rate"],
        concurrency=1,
        timeout=options["timeout"],
        max_attempts=options["max_attempts"],
        wait_initial=options["wait_initial"],
        wait_max=options["wait_max"],
        allow_http=options["allow_http"],
        ca_file=str(ca_file) if ca_file else None,
    ).checked()
    return settings.aimed_at(check_target(settings.target, settings.client()))


def _statuses(given: Sequence[str]) -> tuple[str, ...]:
    """Return the statuses as the API writes them; several may be joined by commas."""
    return tuple(part.strip().upper() for text in given for part in text.split(","))


def _progress() -> Callable[[int], None]:
    """Return a function that tells of every ten thousand allocations that were shown."""
    told = 0

    def on_seen(seen: int) -> None:
        nonlocal told
        if seen // _EVERY > told // _EVERY:
            _tell(f"{seen:,} allocations looked at so far ...")
        told = seen

    return on_seen


def _tell(line: str) -> None:
    with unread(sys.stderr):
        click.echo(line, err=True)


def _print(content: bytes) -> None:
    """Write the result to standard output.

    Raises:
        ReportError: Not all of it could be written, so what is there must not be used.
    """
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        # What is left in the buffer would be tried once more when Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise ReportError(
            f"Standard output can't be written ({error.strerror}): what was written is not whole."
        ) from error
