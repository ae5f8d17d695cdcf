"""Go on with a run whose journal is being opened."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from bulkcancel.cli.carry import carry_through
from bulkcancel.cli.intake import shared_password_of, token_of
from bulkcancel.cli.paceoptions import PACE_DEFAULTS
from bulkcancel.cli.telling import telling
from bulkcancel.execution import RunFolder, RunSession, RunSettings
from bulkcancel.journal import Journal


def go_on(opened: Future[tuple[RunFolder, Journal]], options: dict[str, Any]) -> int:
    """Work a run off, with the changes that the options of a resume ask for; return the exit code.

    A run that is not there, or whose journal can't be opened, is told of as any other failure.
    """
    names = (*PACE_DEFAULTS, "fixed_rate", "max_failures", "shared_rate", "shared_rate_user")
    changes = {name: options[name] for name in names if options[name] is not None}
    if options["shared_rate"] == "off":
        changes |= {"shared_rate": None, "shared_rate_user": None}
    # The guards of the start are behind us; what is asked of this resume is said with it.
    changes |= {"canary": None, "limit": options["limit"], "deadline": options["deadline"]}
    if options["ca_file"]:
        changes["ca_file"] = str(options["ca_file"])

    def change(settings: RunSettings) -> RunSettings:
        return replace(settings, **changes)

    with telling(options) as (teller, log):
        token, password = token_of(options), shared_password_of(options)
        folder, journal = opened.result()
        with RunSession.reopen(folder, log.logger, change, journal=journal) as session:
            teller.began(folder.run_id, folder.path)
            return carry_through(
                session, token, options, log.logger, teller, shared_password=password
            )
