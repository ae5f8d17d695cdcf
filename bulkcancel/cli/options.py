"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Seconds(click.ParamType[tuple[float, ...]]):
    """One or more numbers of seconds, joined by commas."""

    name = "S[,S…]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Return the numbers."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of seconds such as 5,60", param, ctx)


def _stacked(
    options: Sequence[Callable[[Decorated], Decorated]],
) -> Callable[[Decorated], Decorated]:
    def decorate(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _option(*names: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """Return an option that may also come from the environment as BULKCANCEL_NAME."""
    if "envvar" not in settings:
        name = names[-1].split("/")[0].lstrip("-").replace("-", "_").upper()
        settings["envvar"] = f"BULKCANCEL_{name}"
    return click.option(*names, **settings)


input_options = _stacked(
    [
        click.argument("input_path", metavar="INPUT"),
        _option("--id-column", metavar="NAME", help="The column that holds the ids."),
        _option(
            "--id-pattern",
            metavar="REGEX",
            help="What an id looks like; 24 hexadecimal characters unless said otherwise.",
        ),
        _option(
            "--skip-invalid",
            is_flag=True,
            help="Leave rows with a bad id out; without it such an input is refused whole.",
        ),
    ]
)

target_options = _stacked(
    [
        _option(
            "--base-url", metavar="URL", required=True, help="The API, up to /api/v2. Required."
        ),
        _option("--account", metavar="ID", required=True, help="24 characters. Required."),
        _option("--channel", type=int, metavar="N", help="The sales channel's number."),
        _option("--stage", metavar="NAME", help="The environment's name."),
        _option("--date", metavar="ISO", help="The date of the site context, ISO 8601."),
        _option(
            "--allow-http", is_flag=True, help="Permit http:// to a host that is not this one."
        ),
    ]
)

precheck_option = _option(
    "--precheck",
    is_flag=True,
    help="Read each allocation first: skip what is cancelled, note the version before.",
)

token_options = _stacked(
    [
        _option(
            "--token-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A file that holds the bearer token; else BULKCANCEL_TOKEN.",
        ),
        _option(
            "--ca-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Certificates to trust besides the system's.",
        ),
    ]
)

PACE_DEFAULTS = {
    "rate": 25.0,
    "concurrency": 16,
    "timeout": 30.0,
    "max_attempts": 4,
    "wait_initial": 0.5,
    "wait_max": 30.0,
    "verify_after": (5.0, 60.0),
    "max_time": 900.0,
    "outage_patience": 900.0,
    "drain": 30.0,
}


def pace_options(*, defaults: bool) -> Callable[[Decorated], Decorated]:
    """Return the options about pace and patience; a resume has no defaults of its own."""

    def default(name: str) -> dict[str, Any]:
        if not defaults:
            return {"default": None}
        value = PACE_DEFAULTS[name]
        shown = ",".join(f"{part:g}" for part in value) if isinstance(value, tuple) else True
        return {"default": value, "show_default": shown}

    return _stacked(
        [
            _option(
                "--rate", type=float, metavar="N", help="Ceiling, requests/s.", **default("rate")
            ),
            _option(
                "--fixed-rate",
                is_flag=True,
                help="Send at --rate, and learn no limit from refusals.",
                default=False if defaults else None,
            ),
            _option(
                "--concurrency",
                type=int,
                metavar="N",
                help="Most requests in flight.",
                **default("concurrency"),
            ),
            _option(
                "--timeout",
                type=float,
                metavar="S",
                help="One send, whole, in seconds.",
                **default("timeout"),
            ),
            _option(
                "--max-attempts",
                type=int,
                metavar="N",
                help="Sends for one allocation.",
                **default("max_attempts"),
            ),
            _option(
                "--wait-initial",
                type=float,
                metavar="S",
                help="First wait before a retry, in seconds.",
                **default("wait_initial"),
            ),
            _option(
                "--wait-max",
                type=float,
                metavar="S",
                help="Longest such wait, in seconds.",
                **default("wait_max"),
            ),
            _option(
                "--verify-after",
                type=Seconds(),
                help="When to read back what is not proven, in seconds after the send.",
                **default("verify_after"),
            ),
            _option(
                "--max-time",
                type=float,
                metavar="S",
                help="Most time for one allocation, read-backs included, in seconds.",
                **default("max_time"),
            ),
            _option(
                "--outage-patience",
                type=float,
                metavar="S",
                help="How long a server may be down before the run stops, in seconds.",
                **default("outage_patience"),
            ),
            _option(
                "--drain",
                type=float,
                metavar="S",
                help="How long a stop waits for what is in flight, in seconds.",
                **default("drain"),
            ),
            _option(
                "--max-failures",
                metavar="N|N%",
                help="Stop when more allocations than that end badly.",
                default=None,
            ),
        ]
    )


reports_option = _option(
    "--reports",
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    metavar="DIR",
    help="Where the run folders lie.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")

output_options = _stacked(
    [
        json_option,
        click.option("--quiet", is_flag=True, help="Only warnings and errors on standard error."),
        click.option("--verbose", is_flag=True, help="Every event on standard error."),
        _option(
            "--log-format",
            type=click.Choice(["console", "json"]),
            default="console",
            show_default=True,
            help="How events look on standard error.",
        ),
        click.option("--no-progress", is_flag=True, help="No progress bar on a terminal."),
    ]
)
