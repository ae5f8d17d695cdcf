"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from bulkcancel.cli.optionkit import Statuses, option, stacked
from bulkcancel.decision import CANCELLABLE

input_options = stacked(
    [
        click.argument("input_path", metavar="INPUT"),
        option("--id-column", metavar="NAME", help="The column that holds the ids."),
        option(
            "--id-pattern",
            metavar="REGEX",
            help="What an id looks like; 24 hexadecimal characters unless said otherwise.",
        ),
        option(
            "--sheet", metavar="NAME", help="The sheet of a workbook that has several with data."
        ),
        option(
            "--include-hidden",
            is_flag=True,
            help="Take the hidden and filtered rows of a workbook as well.",
        ),
        option(
            "--encoding",
            metavar="NAME",
            help="The text's encoding, such as cp1252; UTF-8, and UTF-16 with a mark, need none.",
        ),
        option(
            "--skip-invalid",
            is_flag=True,
            help="Leave rows with a bad id out; without it such an input is refused whole.",
        ),
        option(
            "--shard",
            metavar="I/N",
            help="Take the share I, from 1, of an input that N runs divide among them by the ids; "
            "`bulkcancel merge` joins them.",
        ),
    ]
)

target_options = stacked(
    [
        option(
            "--base-url", metavar="URL", required=True, help="The API, up to /api/v2. Required."
        ),
        option("--account", metavar="ID", required=True, help="24 characters. Required."),
        option("--channel", type=int, metavar="N", help="The sales channel's number."),
        option("--stage", metavar="NAME", help="The environment's name."),
        option("--date", metavar="ISO", help="The date of the site context, ISO 8601."),
        option("--allow-http", is_flag=True, help="Permit http:// to a host that is not this one."),
    ]
)

precheck_option = option(
    "--precheck",
    is_flag=True,
    help="Read each allocation first: skip what is cancelled, note the version before.",
)

guard_options = stacked(
    [
        option(
            "--expect-count",
            metavar="N|N±M%",
            help="Refuse an input of another number of allocations; with --shard too it is the "
            "whole input's.",
        ),
        option(
            "--expect-po",
            multiple=True,
            metavar="PO",
            help="Send only what belongs to this purchase order; may be given often. "
            "Each allocation is read first.",
        ),
        option(
            "--expect-vendor",
            multiple=True,
            metavar="VENDOR",
            help="Send only what belongs to this vendor; may be given often. The same.",
        ),
        option(
            "--cancellable",
            type=Statuses(),
            default=tuple(sorted(CANCELLABLE)),
            show_default=",".join(sorted(CANCELLABLE)),
            help="The statuses that may be cancelled, where an allocation is read first.",
        ),
        option(
            "--limit", type=int, metavar="N", help="Begin N allocations at most; resume goes on."
        ),
        option(
            "--canary",
            type=int,
            metavar="N",
            help="Cancel N first, read them back, and go on only if all is as it should be.",
        ),
        option(
            "--deadline",
            metavar="TIME|DURATION",
            help="Stop in time for 06:00, or within 90m; the rest can be resumed.",
        ),
        click.option(
            "--allow-unusual",
            is_flag=True,
            help="Permit an input far larger than those of this target's earlier runs.",
        ),
        option(
            "--protected",
            is_flag=True,
            help="Refuse --yes; want --confirm N and --plan-digest. Meant for profiles.",
        ),
    ]
)

ca_file_option = option(
    "--ca-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Certificates to trust besides the system's.",
)

token_options = stacked(
    [
        option(
            "--token-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A file that holds the bearer token; else BULKCANCEL_TOKEN.",
        ),
        option(
            "--token-keyring",
            metavar="SERVICE/USER",
            help="The token's entry in the system's keyring; needs bulkcancel[keyring].",
        ),
        option(
            "--token-url",
            metavar="URL",
            help="A token endpoint (OAuth 2 client credentials) that issues and renews tokens.",
        ),
        option("--client-id", metavar="ID", help="The client's name there."),
        option(
            "--client-secret-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A file that holds the client's secret; else BULKCANCEL_CLIENT_SECRET.",
        ),
        option(
            "--client-secret-keyring",
            metavar="SERVICE/USER",
            help="The secret's entry in the system's keyring; needs bulkcancel[keyring].",
        ),
        option(
            "--token-scope",
            metavar="SCOPE",
            default="s2s",
            show_default=True,
            help="What the token is to be good for.",
        ),
        ca_file_option,
    ]
)

shared_password_option = option(
    "--shared-rate-password-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file that holds the password of the shared rate's Redis; else "
    "BULKCANCEL_SHARED_RATE_PASSWORD.",
)

profile_option = option(
    "--profile",
    metavar="NAME",
    expose_value=False,
    help="Settings of that name, from bulkcancel.toml or the user's own file.",
)

reports_option = option(
    "--reports",
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    metavar="DIR",
    help="Where the run folders lie.",
)

xlsx_option = option(
    "--xlsx-rows",
    type=int,
    default=100_000,
    show_default=True,
    metavar="N",
    help="Inputs of more rows have only their breaks in the workbook.",
)

telling_options = stacked(
    [
        option(
            "--metrics-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write the run's figures there for Prometheus (textfile collector).",
        ),
        option(
            "--notify",
            metavar="URL",
            help="Post a note on the run's end there; better as BULKCANCEL_NOTIFY if it is secret.",
        ),
        option(
            "--notify-on",
            type=click.Choice(["breaks", "always"]),
            default="breaks",
            show_default=True,
            help="Tell of every end, or only of one whose exit code is not 0.",
        ),
    ]
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")

output_options = stacked(
    [
        json_option,
        click.option("--quiet", is_flag=True, help="Only warnings and errors on standard error."),
        click.option("--verbose", is_flag=True, help="Every event on standard error."),
        option(
            "--log-format",
            type=click.Choice(["console", "json"]),
            default="console",
            show_default=True,
            help="How events look on standard error.",
        ),
        click.option("--no-progress", is_flag=True, help="No progress bar on a terminal."),
    ]
)
