"""``bulkcancel doctor``: what is wrong with this set-up, before a run finds out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import click
import msgspec

from bulkcancel.cli.config import optional
from bulkcancel.cli.configured import Configured, settable, settings_of
from bulkcancel.cli.intake import settings_from, shared_password_of, token_of
from bulkcancel.cli.options import profile_option
from bulkcancel.cli.pipes import say
from bulkcancel.cli.run import command as run_command
from bulkcancel.errors import BulkcancelError, ExitCode
from bulkcancel.execution.doctor import (
    Check,
    State,
    look_at_api,
    look_at_machine,
    look_at_shared_rate,
)
from bulkcancel.execution.settings import RunSettings
from bulkcancel.report.cells import one_line

_MARKS = {State.OK: "ok     ", State.WARNING: "warning", State.WRONG: "WRONG  "}

_EPILOG = """\
\b
Examples:
  bulkcancel doctor
  bulkcancel doctor --profile night
"""


@click.command(
    cls=Configured, name="doctor", epilog=_EPILOG, short_help="Check this set-up, send no cancel."
)
@profile_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
def command(as_json: bool, **options: Any) -> int:  # noqa: FBT001 - click passes by name
    """Check this machine, the settings, and the API, and say what is wrong.

    The API is asked once for an allocation that can't exist. No cancel is sent. Ends with 0 if a
    run could begin, else with the code that the run would have ended with.
    """
    checks = list(_checks(options))
    if as_json:
        say(json.dumps([msgspec.to_builtins(check) for check in checks], indent=2))
    else:
        for check in checks:
            say(f"{_MARKS[check.state]}  {check.name:<15} {one_line(check.sentence)}")
    wrong = [check for check in checks if check.state is State.WRONG]
    return wrong[0].exit_code if wrong else ExitCode.OK


def _checks(options: dict[str, Any]) -> Iterator[Check]:
    files = settings_of(click.get_current_context()).files
    found = ", ".join(map(str, files)) or "none: flags and environment only"
    yield Check(name="settings files", state=State.OK, sentence=found)
    settings: RunSettings | None = None
    missing = [name for name in ("base_url", "account") if not options[name]]
    if missing:
        words = " and ".join(f"--{name.replace('_', '-')}" for name in missing)
        yield _wrong("settings", f"{words}: required, and given nowhere", ExitCode.REFUSED)
    else:
        try:
            settings = settings_from(options)
            yield Check(name="settings", state=State.OK, sentence="within their bounds")
        except BulkcancelError as error:
            yield _wrong("settings", str(error), error.exit_code)
    yield from look_at_machine(settings, Path(options["reports"]), os.environ)
    if settings is not None and settings.shared_rate is not None:
        try:
            password = shared_password_of(options)
            yield anyio.run(look_at_shared_rate, settings, password)
        except BulkcancelError as error:
            yield _wrong("shared rate", str(error), error.exit_code)
    try:
        token = token_of(options)
    except BulkcancelError as error:
        yield _wrong("token", str(error), error.exit_code)
        return
    if settings is not None:
        yield anyio.run(look_at_api, settings, token)


def _wrong(name: str, sentence: str, exit_code: ExitCode) -> Check:
    return Check(name=name, state=State.WRONG, sentence=sentence, exit_code=exit_code)


command.params.extend(optional(option) for option in settable(run_command))
