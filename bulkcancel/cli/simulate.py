"""``bulkcancel simulate``: a local API for rehearsals and tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bulkcancel.errors import RefusedError
from bulkcancel.simulator import (
    FAULT_FORM,
    SEVERAL,
    SimulatorOptions,
    describe_kinds,
    describe_several,
    parse_fault,
    serve,
)

_EPILOG = """\
\b
Examples:
  bulkcancel simulate --port 8080
  bulkcancel simulate --port 8080 --rate-limit 50 --burst 20
  bulkcancel simulate --port 8080 --token-lifetime 30
  bulkcancel simulate --port 8080 --stock 5000
  bulkcancel simulate --port 8080 --fault 'hangup-after=0.05*1' --fault '429:2=0.01'
  bulkcancel simulate --port 8080 --state 62ff5c0bec0aed3c86202c32=SHIPPED --ledger ledger.jsonl
  bulkcancel simulate --port 8080 --several all-or-nothing --several-most 20
"""


@click.command(
    name="simulate", epilog=_EPILOG, short_help="Serve a local order-management API with faults."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback only.")
@click.option("--port", type=int, default=8080, show_default=True, help="0: any free one.")
@click.option(
    "--token", default="simulator-token", show_default=True, help="The bearer token it takes."
)
@click.option(
    "--client-id",
    default="simulator-client",
    show_default=True,
    help="The client to which it issues tokens, at /v1/token.",
)
@click.option(
    "--client-secret",
    default="simulator-secret",
    show_default=True,
    help="That client's secret, good for nothing else.",
)
@click.option(
    "--token-lifetime",
    type=float,
    default=600.0,
    show_default=True,
    metavar="S",
    help="How long an issued token lives, seconds.",
)
@click.option(
    "--latency", type=float, default=0.0, metavar="S", help="Before each answer, seconds."
)
@click.option("--jitter", type=float, default=0.0, metavar="S", help="Most added to it, seconds.")
@click.option("--rate-limit", type=float, metavar="N", help="Requests/s; above it 429.")
@click.option("--burst", type=int, default=5, show_default=True, help="So many may come early.")
@click.option("--retry-after", metavar="VALUE", help="The Retry-After of its 429s.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help=f"{FAULT_FORM}; may be given often.",
)
@click.option(
    "--state",
    "states",
    multiple=True,
    metavar="ID=STATUS",
    help="The status of an allocation, or `missing`; may be given often.",
)
@click.option("--po", metavar="NUMBER", help="The purchase order of all allocations.")
@click.option("--vendor", metavar="ID", help="The vendor of all allocations.")
@click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="ID=PO,VENDOR",
    help="Whose an allocation is instead; may be given often.",
)
@click.option(
    "--already",
    type=click.Choice(["ok", "400", "409", "500"]),
    default="ok",
    show_default=True,
    help="What a repeated cancel answers.",
)
@click.option(
    "--several",
    type=click.Choice(list(SEVERAL)),
    default="each",
    show_default=True,
    metavar="MODE",
    help="What a cancel of several ids in one path does; --list-several explains.",
)
@click.option(
    "--several-most", type=int, metavar="K", help="Most ids in one path; more are refused."
)
@click.option(
    "--several-over",
    type=click.Choice(["414", "400"]),
    default="414",
    show_default=True,
    help="What more ids than that are answered.",
)
@click.option(
    "--stock",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="So many allocations are there for `find` before any is named.",
)
@click.option(
    "--query-filters",
    type=click.Choice(["honoured", "ignored", "loose"]),
    default="honoured",
    show_default=True,
    help="What a query makes of its filters.",
)
@click.option(
    "--query-offset",
    type=click.Choice(["counted", "ignored", "pages", "rounded"]),
    default="counted",
    show_default=True,
    help="What a query makes of its offset.",
)
@click.option("--query-cap", type=int, metavar="N", help="Most allocations in one page.")
@click.option(
    "--query-moves",
    type=int,
    default=0,
    metavar="N",
    help="So often an allocation is updated between two pages.",
)
@click.option("--no-read", is_flag=True, help="Offer no read of an allocation.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides every chance.")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write each request that arrives, as a line of JSON.",
)
@click.option("--list-faults", is_flag=True, help="Show the kinds of faults, and end.")
@click.option("--list-several", is_flag=True, help="Show the modes of --several, and end.")
@click.option("--stop-after", type=float, metavar="S", help="End by itself after S seconds.")
def command(
    faults: tuple[str, ...],
    states: tuple[str, ...],
    owners: tuple[str, ...],
    list_faults: bool,  # noqa: FBT001 - click passes by name
    list_several: bool,  # noqa: FBT001 - click passes by name
    **options: Any,
) -> None:
    """Serve a local order-management API, with faults as asked for.

    Every well-formed id is an allocation that can be cancelled, but ids that end in 40f4 are not
    known and those that end in 5e1d are shipped. It listens on this machine only. What reached
    it and what took effect is to be read at /_simulator/ledger.
    """
    if list_faults:
        click.echo(describe_kinds())
    if list_several:
        click.echo(describe_several())
    if list_faults or list_several:
        return
    serve(
        SimulatorOptions(
            host=options["host"],
            port=options["port"],
            token=options["token"],
            client_id=options["client_id"],
            client_secret=options["client_secret"],
            token_lifetime=options["token_lifetime"],
            latency=options["latency"],
            latency_jitter=options["jitter"],
            rate=options["rate_limit"],
            burst=options["burst"],
            retry_after=options["retry_after"],
            faults=tuple(parse_fault(text) for text in faults),
            states=dict(_state(text) for text in states),
            already=options["already"],
            several=options["several"],
            several_most=options["several_most"],
            several_over=options["several_over"],
            po_number=options["po"],
            vendor_id=options["vendor"],
            owners=dict(_owner(text) for text in owners),
            stock=options["stock"],
            query_filters=options["query_filters"],
            query_offset=options["query_offset"],
            query_cap=options["query_cap"],
            query_moves=options["query_moves"],
            read_available=not options["no_read"],
            seed=options["seed"],
            ledger_path=options["ledger"],
            shutdown_after=options["stop_after"],
        ),
        ready=lambda url: click.echo(f"Simulator at {url} (token {options['token']})", err=False),
    )


def _state(text: str) -> tuple[str, str]:
    allocation_id, _, status = text.partition("=")
    if not allocation_id or not status:
        raise RefusedError(f"--state {text!r}: give ID=STATUS, such as 62ff…=SHIPPED.")
    return allocation_id, status


def _owner(text: str) -> tuple[str, tuple[str, str]]:
    allocation_id, _, owner = text.partition("=")
    po_number, _, vendor = owner.partition(",")
    if not (allocation_id and po_number and vendor):
        raise RefusedError(f"--owner {text!r}: give ID=PO,VENDOR, such as 62ff…=4500000012,56.")
    return allocation_id, (po_number, vendor)
