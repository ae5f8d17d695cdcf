"""``bulkcancel config show``: every setting in force, and where it came from."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from bulkcancel.cli.configured import Configured, origin_of, settable, settings_of
from bulkcancel.cli.options import profile_option
from bulkcancel.cli.pipes import say
from bulkcancel.cli.run import command as run_command
from bulkcancel.cli.settingsfile import PROJECT_FILE, user_file
from bulkcancel.errors import RefusedError
from bulkcancel.report.cells import one_line
from bulkcancel.shared import shared_address

_SECRET_VARIABLES = (
    "BULKCANCEL_TOKEN",
    "BULKCANCEL_CLIENT_SECRET",
    "BULKCANCEL_SHARED_RATE_PASSWORD",
)
_MASK = "***"

_EPILOG = """\
\b
Examples:
  bulkcancel config show
  bulkcancel config show --profile night --json
"""


@click.group(name="config", short_help="The settings in force.")
def command() -> None:
    """Show the settings in force."""


def optional(option: click.Option) -> click.Option:
    """Return an option of `run` that may be missing here."""
    info: dict[str, Any] = {
        "metavar": option.metavar,
        "type": option.type,
        "default": option.default,
        "envvar": option.envvar,
        "help": option.help,
        "multiple": option.multiple,
    }
    if option.is_flag:
        info["is_flag"] = True
        del info["type"]
    return click.Option([*option.opts, *option.secondary_opts], **info)


@command.command(name="show", cls=Configured, epilog=_EPILOG, short_help="Print every setting.")
@profile_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
def show(as_json: bool, **options: Any) -> None:  # noqa: FBT001 - by click
    """Print every setting that a run here and now would have, and where each came from.

    A flag outranks the environment, that the project's bulkcancel.toml, that the user's file.
    Secrets are never shown: only whether there is one.
    """
    ctx = click.get_current_context()
    if options["notify"]:
        options["notify"] = _MASK  # who knows the address of a webhook may post to it
    if options["shared_rate"] and not _is_address(options["shared_rate"]):
        options["shared_rate"] = _MASK  # a run refuses it; it may hold a password
    found = {
        name: {"value": value, "origin": origin_of(ctx, name)}
        for name, value in sorted(options.items())
    }
    for variable in _SECRET_VARIABLES:
        if variable in os.environ:
            name = variable.removeprefix("BULKCANCEL_").lower()
            found[name] = {"value": _MASK, "origin": f"environment, {variable}"}
    files = [str(path) for path in settings_of(ctx).files]
    if as_json:
        plain = {"files": files, "settings": found}
        say(json.dumps(plain, indent=2, default=str, ensure_ascii=False))
        return
    looked = f"{PROJECT_FILE} and {user_file()}"
    say(f"Files      {', '.join(files) if files else f'none (looked for {looked})'}")
    for name, one in found.items():
        say(f"{name.replace('_', '-'):<18} {_shown(one['value']):<40} {one['origin']}")


def _is_address(url: str) -> bool:
    try:
        shared_address(url)
    except RefusedError:
        return False
    return True


def _shown(value: Any) -> str:
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case tuple():
            return ",".join(_shown(one) for one in value)
        case _:
            return one_line(str(value))


show.params.extend(optional(option) for option in settable(run_command))
