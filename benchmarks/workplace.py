"""Where a contender works: a folder with the ids, and an environment that leads nowhere else."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.process import search_path

ROOT = Path(__file__).parents[1]
ACCOUNT = "1234abcd5678efgh9ijklmno"
TOKEN = "simulator-token"  # noqa: S105 - nginx looks at none


def workplace(folder: Path, ids: int) -> dict[str, str]:
    """Make the folder and return the environment for a command in it.

    So many ids lie in ``ids.csv`` with a header and in ``ids.txt`` without one.
    """
    environment = environment_in(folder)
    names = [f"62ff5c0b{number:012x}aaaa" for number in range(1, ids + 1)]
    (folder / "ids.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    (folder / "ids.csv").write_text("\n".join(["allocation_id", *names]) + "\n", encoding="utf-8")
    return environment


def environment_in(folder: Path) -> dict[str, str]:
    """Make the folder, and return an environment in which programs leave things there only."""
    folder.mkdir(parents=True)
    return {
        "PATH": search_path(),
        "PYTHONPATH": str(ROOT),
        "BULKCANCEL_TOKEN": TOKEN,
        "LANG": "C.UTF-8",
        "SHELL": "/bin/sh",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
    }


def headers(account: str) -> dict[str, str]:
    """Return the headers of a request; the token comes from BULKCANCEL_TOKEN."""
    return {
        "Authorization": f"Bearer {os.environ['BULKCANCEL_TOKEN']}",
        "x-site-context": site_context(account),
        "Accept": "application/json",
    }


def curl_command(base_url: str, *options: str) -> str:
    """Return a shell's command that lets curl cancel the allocation in place of ``{}``."""
    return " ".join(
        (
            "curl --silent --show-error --fail --output /dev/null --request PUT",
            *options,
            '--header "Authorization: Bearer $BULKCANCEL_TOKEN"',
            '--header "Accept: application/json"',
            f"--header 'x-site-context: {site_context(ACCOUNT)}'",
            f"'{base_url}/allocation/cancel/{{}}'",
        )
    )


def site_context(account: str) -> str:
    """Return the header that says whose allocations are meant."""
    return json.dumps({"account": account}, separators=(",", ":"))
