"""A command whose options may come from settings files too: flag > environment > files."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import click
from click.core import ParameterSource

from bulkcancel.cli.grouped import Grouped
from bulkcancel.cli.paceoptions import PACE_DEFAULTS
from bulkcancel.cli.settingsfile import Settings, read_settings
from bulkcancel.errors import RefusedError

_META = "bulkcancel.settings"
_COMMANDS = ("run", "plan", "resume", "verify", "report")
"""Those whose options may be set in a file."""


class Configured(Grouped):
    """Fills in what neither the command line nor the environment says, from the files.

    Which options a file may set are those that the environment may set: never ``--yes``,
    ``--confirm`` and such, which are said anew for each run.
    """

    of_the_run: frozenset[str] = frozenset()
    """Options that a file does not set here, since the run has its own values of them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the files, then parse as ever."""
        settings = read_settings(_Names(), _profile(self, ctx, args))
        ctx.meta[_META] = settings
        ctx.default_map = {
            option.name: _for_option(option, settings.values[option.name].value)
            for option in settable(self)
            if option.name in settings.values and option.name not in self.of_the_run
        }
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            name = error.param.name if error.param is not None else None
            if name is None or ctx.get_parameter_source(name) is not ParameterSource.DEFAULT_MAP:
                raise
            where = f"{settings.values[name].origin}: {name.replace('_', '-')}"
            raise RefusedError(f"{where} can't be so: {error.message}") from error


class OnARun(Configured):
    """A command on a run that was begun: pace and patience are the run's, not the files'."""

    of_the_run = frozenset(
        {
            *PACE_DEFAULTS,
            "fixed_rate",
            "max_failures",
            "shared_rate",
            "shared_rate_user",
            "xlsx_rows",
        }
    )


def settings_of(ctx: click.Context) -> Settings:
    """Return the settings that the files gave to a command."""
    found = ctx.meta.get(_META)
    return found if isinstance(found, Settings) else Settings()


def origin_of(ctx: click.Context, name: str) -> str:
    """Return in words where an option's value came from."""
    match ctx.get_parameter_source(name):
        case ParameterSource.COMMANDLINE:
            return "command line"
        case ParameterSource.ENVIRONMENT:
            return f"environment, {_variable(ctx, name)}"
        case ParameterSource.DEFAULT_MAP:
            return settings_of(ctx).values[name].origin
        case _:
            return "default"


def settable(command: click.Command) -> Iterator[click.Option]:
    """Yield the options of a command that the environment and the files may set."""
    for param in command.params:
        if isinstance(param, click.Option) and param.envvar and param.name != "profile":
            yield param


class _Names:
    """All names that a setting may have; the commands are imported when somebody asks."""

    def __iter__(self) -> Iterator[str]:
        for name in _COMMANDS:
            command: Any = importlib.import_module(f"bulkcancel.cli.{name}").command
            for option in settable(command):
                if option.name:
                    yield option.name


def _for_option(option: click.Option, value: Any) -> Any:
    """Return a file's value as an option takes it: a list only where it may come often."""
    if option.multiple:
        return value if isinstance(value, list) else [str(value)]
    return ",".join(value) if isinstance(value, list) else value


def _profile(command: click.Command, ctx: click.Context, args: list[str]) -> str | None:
    """Return the profile asked for, before the options are read: they depend on it."""
    option = next((one for one in command.params if one.name == "profile"), None)
    if option is None:
        return None
    try:
        found, _, _ = command.make_parser(ctx).parse_args(list(args))
    except click.UsageError:
        return None  # the parsing proper says what is wrong
    value = found.get("profile")
    if not isinstance(value, str):
        value = option.value_from_envvar(ctx)
    return value if isinstance(value, str) else None


def _variable(ctx: click.Context, name: str) -> str:
    param = next(one for one in ctx.command.params if one.name == name)
    variable = param.envvar
    return variable if isinstance(variable, str) else str(variable)
