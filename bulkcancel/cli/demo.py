"""``bulkcancel demo``: the whole thing in one go."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from bulkcancel.cli.carry import carry_through
from bulkcancel.cli.logs import RunLog
from bulkcancel.cli.options import output_options, reports_option
from bulkcancel.cli.planned import plan_lines
from bulkcancel.client import Secret
from bulkcancel.demo import DEMO_ACCOUNT, DEMO_TOKEN, demo_input, demo_server
from bulkcancel.errors import ExitCode
from bulkcancel.execution import RunSession, RunSettings, new_run
from bulkcancel.manifest import InputOptions, read_manifest
from bulkcancel.model import Target

_EPILOG = """\
\b
Example:
  bulkcancel demo
"""


@click.command(name="demo", epilog=_EPILOG, short_help="The sample input against the simulator.")
@reports_option
@output_options
def command(reports: Path, **options: Any) -> int:
    """Run the sample input against the simulator on this machine, and write the report.

    The sample holds duplicates, a blank row, an allocation that the API does not know and one
    that is shipped; the simulator hangs up, breaks and throttles now and then. Ends with 0 when
    all of that came out as it should.
    """
    log = RunLog(options["log_format"], verbose=options["verbose"], quiet=options["quiet"]).logger
    with demo_server() as url, demo_input() as path:
        settings = RunSettings(
            target=Target(base_url=url, account=DEMO_ACCOUNT, stage="demo"),
            rate=50.0,
            fixed_rate=True,
            # The simulator takes effect at once: there is no gateway to wait for.
            verify_after=(0.2, 0.5),
        )
        with read_manifest(InputOptions(path=str(path))) as manifest:
            if not options["as_json"]:
                for line in plan_lines(manifest, settings):
                    click.echo(line)
                click.echo()
            folder = new_run(reports, None, now=time.time())
            session = RunSession.begin(folder, manifest, settings, log)
        with session:
            code = carry_through(session, Secret(DEMO_TOKEN), options, log)
    # Two of the sample's allocations can't be cancelled: that is what the demo is to show.
    return ExitCode.OK if code == ExitCode.BREAKS else ExitCode.UNEXPECTED
