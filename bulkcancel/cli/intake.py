"""From options to a manifest, settings and a token."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bulkcancel.cli.credentials import shared_rate_password, token_source
from bulkcancel.client import ClientOptions, Secret, TokenSource, check_target
from bulkcancel.decision import parse_shard
from bulkcancel.execution import RunSettings
from bulkcancel.manifest import (
    DEFAULT_ID_PATTERN,
    InputOptions,
    Manifest,
    read_manifest,
    refusal,
    write_problems,
)
from bulkcancel.model import Target


def settings_from(options: dict[str, Any]) -> RunSettings:
    """Return the run's settings.

    Raises:
        RefusedError: One is out of bounds, or the target can't be right.
    """
    ca_file = options.get("ca_file")
    settings = RunSettings(
        target=Target(
            base_url=options["base_url"],
            account=options["account"],
            channel=options["channel"],
            stage=options["stage"],
            date=options["date"],
        ),
        rate=options["rate"],
        fixed_rate=options["fixed_rate"],
        concurrency=options["concurrency"],
        timeout=options["timeout"],
        max_attempts=options["max_attempts"],
        wait_initial=options["wait_initial"],
        wait_max=options["wait_max"],
        verify_after=options["verify_after"],
        allow_http=options["allow_http"],
        ca_file=str(ca_file) if ca_file else None,
        skip_invalid=options["skip_invalid"],
        max_time=options["max_time"],
        outage_patience=options["outage_patience"],
        drain=options["drain"],
        max_failures=options["max_failures"],
        precheck=options["precheck"],
        xlsx_rows=options["xlsx_rows"],
        limit=options["limit"],
        canary=options["canary"],
        deadline=options["deadline"],
        expect_po=tuple(options["expect_po"]),
        expect_vendor=tuple(options["expect_vendor"]),
        ids_per_request=options["ids_per_request"],
        cancellable=tuple(sorted(options["cancellable"])),
        shard=options["shard"],
        shared_rate=options["shared_rate"],
        shared_rate_user=options["shared_rate_user"],
    ).checked()
    return settings.aimed_at(check_target(settings.target, settings.client()))


def token_of(options: dict[str, Any]) -> TokenSource:
    """Return where the bearer token comes from, looked at as far as nothing has to be sent.

    Raises:
        RefusedError: There is none, or it can't be one.
    """
    source = token_source(options, os.environ)
    # A command on a run that was begun has no --allow-http of its own: the run's counts, later.
    source.check(ClientOptions(allow_http=options.get("allow_http", True)))
    return source


def shared_password_of(
    options: dict[str, Any], settings: RunSettings | None = None
) -> Secret | None:
    """Return the password for the Redis of a shared rate; ``None`` if there is none.

    With ``settings`` it is looked at whether they can share a rate, as far as nothing is sent.

    Raises:
        RefusedError: The password can't be read, or the rate can't be shared so.
    """
    password = shared_rate_password(options, os.environ)
    if settings is not None and (shared := settings.shared(password)) is not None:
        shared.check()
    return password


def read_input(options: dict[str, Any]) -> Manifest:
    """Return the manifest of the input, narrowed to the shard if one is asked for.

    The whole input is read and checked for each shard.

    Raises:
        InputRefusedError: It can't be read, or has invalid rows that are not to be skipped; all
            of these are then named in a file below the reports' folder.
    """
    manifest = read_manifest(
        InputOptions(
            path=options["input_path"],
            id_column=options["id_column"],
            id_pattern=options["id_pattern"] or DEFAULT_ID_PATTERN,
            encoding=options["encoding"],
            sheet=options["sheet"],
            include_hidden=options["include_hidden"],
        )
    )
    if manifest.counts.invalid == 0 or options["skip_invalid"]:
        if options["shard"] is not None:
            manifest.narrow(parse_shard(options["shard"]))
        return manifest
    with manifest:
        raise refusal(manifest, _list_problems(manifest, options["reports"]))


def _list_problems(manifest: Manifest, reports: Path) -> Path | None:
    """Write all invalid rows to a file and return its path; none if the first twenty are all."""
    if manifest.counts.invalid <= len(manifest.problems):
        return None
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    stem = "stdin" if manifest.facts.path == "-" else Path(manifest.facts.path).stem
    path = reports / f"refused-{stem}-{moment}.csv"
    reports.mkdir(parents=True, exist_ok=True)
    write_problems(manifest, path)
    return path
