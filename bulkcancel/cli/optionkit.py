"""How options are made: stacked for several commands, each with a variable of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class Statuses(click.ParamType[tuple[str, ...]]):
    """One or more statuses, joined by commas."""

    name = "STATUS[,STATUS…]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the statuses, in capitals as the API writes them."""
        if isinstance(value, tuple):
            return value
        found = tuple(part.strip().upper() for part in str(value).split(","))
        if not all(found):
            self.fail(
                f"{value!r} is no list of statuses such as ALLOCATED,PENDING_PICK", param, ctx
            )
        return found


def stacked(
    options: Sequence[Callable[[Decorated], Decorated]],
) -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds all of them, in their order."""

    def decorate(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def option(*names: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """Return an option that may also come from the environment as BULKCANCEL_NAME."""
    if "envvar" not in settings:
        name = names[-1].split("/")[0].lstrip("-").replace("-", "_").upper()
        settings["envvar"] = f"BULKCANCEL_{name}"
    return click.option(*names, **settings)
