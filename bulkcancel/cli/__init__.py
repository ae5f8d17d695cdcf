"""People in, people out: parse, wire, print, exit code."""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

import click

from bulkcancel.errors import BulkcancelError, ExitCode
from bulkcancel.version import __version__

_COMMANDS = {
    "plan": "Read and check the input, show what a run would do; sends nothing.",
    "run": "Plan, confirm, cancel, reconcile, report.",
    "resume": "Go on with a run that was stopped, killed or left unknowns.",
    "verify": "Read the allocations of a run again and hold them against its report.",
    "merge": "Join the runs of all shards of an input into one.",
    "report": "Rebuild the reports of a run from its journal.",
    "find": "Find the allocations of a purchase order, as an input for a run.",
    "runs": "List the runs, and how each stands.",
    "history": "Show which allocations stay breaks, run after run.",
    "prune": "Remove the folders of runs that ended long ago.",
    "doctor": "Check this set-up and the API; sends no cancel.",
    "config": "Show every setting in force, and where it came from.",
    "completion": "Print the completion script of a shell.",
    "simulate": "Serve a local order-management API with faults, for rehearsals and tests.",
    "demo": "Run the sample input against the simulator: the whole thing in one go.",
}

_EPILOG = """\
\b
Examples:
  bulkcancel plan inputs/sample.csv --base-url URL --account ACCOUNT
  bulkcancel run inputs/sample.csv --base-url URL --account ACCOUNT
  bulkcancel resume 20261123T224501Z-3f9a
  bulkcancel demo

\b
The token comes from BULKCANCEL_TOKEN, --token-file, --token-keyring or --token-url, never from a
flag's value.
Results go to standard output, everything else to standard error.
"""


class _Commands(click.Group):
    """The commands, each imported when it is used: ``--help`` must not load pandas."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which people meet them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"bulkcancel.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="bulkcancel")
def bulkcancel() -> None:
    """Cancel a file of allocations through an order-management REST API.

    Every row of the input stands in the reconciliation exactly once, with what became of it.
    Nothing is called cancelled unless the API showed it.
    """


def main() -> None:
    """Run the command and exit with its code; no traceback reaches the user."""
    if os.getpid() == 1:
        import signal  # noqa: PLC0415 - every start would pay for it

        # The first process of a container ignores what it has no handler for: one that is told to
        # stop while it reads its input would go on, and send.
        signal.signal(signal.SIGTERM, _end)
    sys.exit(run_command(sys.argv[1:]))


def _end(number: int, _frame: object) -> NoReturn:
    """End as the signal's default would."""
    sys.exit(128 + number)


def run_command(arguments: list[str]) -> int:
    """Run the command with its arguments and return the exit code."""
    try:
        code = bulkcancel.main(args=arguments, prog_name="bulkcancel", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Interrupted; nothing was sent.", err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.REFUSED
    except BulkcancelError as error:
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        # The reader of standard output went away: what was to be done is done.
        sys.stderr.close()
        return ExitCode.UNEXPECTED
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback reaches the user
        where = _where(error)
        click.echo(
            f"Error: an unexpected {type(error).__name__} at {where}. This is a defect of "
            "bulkcancel; a run that had begun can be resumed, its journal is complete.",
            err=True,
        )
        return ExitCode.UNEXPECTED
    return code if isinstance(code, int) else ExitCode.OK


def _where(error: BaseException) -> str:
    """Return file and line of the innermost frame: enough to report, nothing of the data."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
