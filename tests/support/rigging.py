"""The real command against the simulator, and the report held against the server's ledger."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sentinels import leaks, told
from warm import call_warm, can_be_warm

from bulkcancel.simulator import (
    LedgerSnapshot,
    SimulatorOptions,
    SimulatorThread,
    parse_fault,
)

ACCOUNT = "1234abcd5678efgh9ijklmno"
TOKEN = "sentinel-token-5f2c9a"
QUICK = (
    "--rate", "2000", "--fixed-rate", "--concurrency", "16", "--verify-after", "0.1,0.3",
    "--wait-initial", "0.02", "--wait-max", "0.2",
)  # fmt: skip
"""Pace and patience for a server that is on this machine and takes effect at once."""


def make_ids(count: int, start: int = 1) -> list[str]:
    """Return distinct well-formed ids that follow none of the simulator's conventions."""
    return [f"62ff5c0b{number:012x}aaaa" for number in range(start, start + count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


def _ran(code: int, out: bytes, err: bytes) -> Ran:
    ran = Ran(code=code, out=out.decode(), err=err.decode())
    assert not told(ran.out + ran.err), "what was printed holds a secret"
    return ran


@dataclass
class Rig:
    """A folder, a server and the command."""

    path: Path
    stack: ExitStack
    server: SimulatorThread = field(init=False)

    def serve(self, *faults: str, **options: Any) -> SimulatorThread:
        """Start the simulator with faults in their text form."""
        made = SimulatorOptions(
            token=TOKEN, faults=tuple(parse_fault(fault) for fault in faults), **options
        )
        self.server = self.stack.enter_context(SimulatorThread(made))
        return self.server

    def write(
        self, rows: Iterable[str], name: str = "ids.csv", header: str = "allocation_id"
    ) -> Path:
        """Write an input file of lines."""
        path = self.path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    def aim(self) -> tuple[str, ...]:
        """Return the options that aim at the server."""
        return ("--base-url", self.server.url, "--account", ACCOUNT)

    def environment(self, **more: str) -> dict[str, str]:
        """Return a small environment with the token in it."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {
            **kept,
            "BULKCANCEL_TOKEN": TOKEN,
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(self.path / "state"),
            **more,
        }

    def command(self, *arguments: str) -> list[str]:
        """Return the words of a command line."""
        return [sys.executable, "-m", "bulkcancel", *arguments]

    def call(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
    ) -> Ran:
        """Run the command to its end."""
        environment = self.environment() if environment is None else environment
        if stdin is not None or not can_be_warm(environment):
            return self.started(self.command(*arguments), environment=environment, stdin=stdin)
        code, out, err = call_warm(arguments, cwd=self.path, environment=environment, timeout=300)
        return _ran(code, out, err)

    def started(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
    ) -> Ran:
        """Start a program in the rig's folder and return how it ended."""
        done = subprocess.run(
            words,
            cwd=self.path,
            env=self.environment() if environment is None else environment,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=300,
            check=False,
        )
        return _ran(done.returncode, done.stdout, done.stderr)

    def run(self, source: Path | str, *more: str, run_id: str = "night") -> Ran:
        """Run an input against the server, without asking."""
        words = ("run", str(source), *self.aim(), *QUICK, "--yes", "--run-id", run_id, *more)
        return self.call(*words)

    def start(self, source: Path, *more: str, run_id: str = "night") -> subprocess.Popen[bytes]:
        """Start a run and return its process; what it prints goes to files."""
        words = ("run", str(source), *self.aim(), *QUICK, "--yes", "--run-id", run_id, *more)
        return self.spawn(*words)

    def spawn(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command and return its process; what it prints goes to files."""
        with (self.path / "out.txt").open("wb") as out, (self.path / "err.txt").open("wb") as err:
            process = subprocess.Popen(
                self.command(*words), cwd=self.path, env=self.environment(), stdout=out, stderr=err
            )
        # A test that fails half-way must not leave its run behind.
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process

    def folder(self, run_id: str = "night") -> Path:
        """Return the run folder."""
        return self.path / "reports" / run_id

    def summary(self, run_id: str = "night") -> dict[str, Any]:
        """Return the run's summary."""
        content: dict[str, Any] = json.loads((self.folder(run_id) / "summary.json").read_text())
        return content

    def rows(self, name: str = "reconciliation.csv", run_id: str = "night") -> list[dict[str, str]]:
        """Return the rows of one of the run's files."""
        with (self.folder(run_id) / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def check(self, ids: Sequence[str], *, killed: bool = False, run_id: str = "night") -> None:
        """Hold the report against the server's ledger: the invariants I1 to I8."""
        check_invariants(
            self.rows(run_id=run_id), self.summary(run_id), self.server.ledger, ids, killed=killed
        )
        no_secrets(self.path)


OURS = {"cancelled", "already_cancelled"}
PERHAPS_CANCELLED = OURS | {"unknown"}


def check_invariants(
    rows: Sequence[Mapping[str, str]],
    summary: Mapping[str, Any],
    ledger: LedgerSnapshot,
    ids: Sequence[str],
    *,
    killed: bool,
) -> None:
    """Assert what must hold between a report and the ledger of the server it speaks of."""
    truth = ledger.summary().allocations
    first = {
        row["allocation_id"]: row
        for row in rows
        if row["allocation_id"] and not row["duplicate_of"]
    }
    counted = Counter(
        row["allocation_id"] for row in rows if row["allocation_id"] and not row["duplicate_of"]
    )
    assert set(first) == set(ids), "I1: every allocation stands in the report"
    assert set(counted.values()) <= {1}, "I1: and in exactly one outcome"
    assert set(truth) <= set(ids), "I6: nothing outside the input was ever requested"
    for allocation_id, row in first.items():
        at_server = truth.get(allocation_id)
        cancelled = at_server is not None and at_server.status == "CANCELLED"
        if row["outcome"] in OURS:
            assert cancelled, f"I2: {allocation_id} is reported {row['outcome']}"
        if cancelled:
            assert row["outcome"] in PERHAPS_CANCELLED, f"I3: {allocation_id} is {row['outcome']}"
        puts = at_server.puts if at_server else 0
        if row["outcome"] == "not_attempted":
            assert puts == 0, f"I4: {allocation_id} was requested"
        sends = int(row["attempts"])
        assert sends >= puts, f"I5: {allocation_id} has {sends} attempts and {puts} requests"
        if not killed:
            assert sends == puts, f"I5: {allocation_id} has {sends} attempts and {puts} requests"
    requests, puts = summary["attempts"]["requests"], ledger.summary().puts
    assert requests >= puts if killed else requests == puts, "I5: of the requests as of the sends"
    assert summary["control"]["balanced"], "I7: the totals balance"
    assert [int(row["row"]) for row in rows] == sorted({int(row["row"]) for row in rows})


def no_secrets(folder: Path) -> None:
    """Assert that no file below a folder holds a secret or personal data (I8)."""
    assert list(leaks(folder)) == [], "I8"
