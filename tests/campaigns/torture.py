"""Kill the real command again and again, resume it, and hold what it reports against the ledger."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

if __name__ == "__main__":  # as a script it has no pytest that finds the rigging
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from rigging import Rig, make_ids

CONCURRENCY = 8
PACE = (
    "--rate", "250", "--fixed-rate", "--concurrency", str(CONCURRENCY), "--verify-after", "0.1,0.3",
    "--wait-initial", "0.02", "--wait-max", "0.2",
)  # fmt: skip
FAULTS = (
    "reset-before=0.03", "reset-after=0.03", "hangup-after=0.03", "500=0.03",
    "500-applied=0.03", "429=0.03", "stale=0.03", "500=0.05/GET", "reset=0.03/GET",
)  # fmt: skip
LIST = 5
"""So many ids go together in some of the runs."""
SEVERAL = ("each", "partial-list", "error-after-some", "repeated")
_REPORTS = ("reconciliation.csv", "reconciliation.parquet", "breaks.csv", "retry.csv")
_NEVER_BEGUN = ("never finished", "no journal", "no run", "not a journal")
_PATIENCE = 120.0
_MOST_RESUMES = 8


@dataclass(slots=True)
class Figures:
    """What a campaign did and found. ``puts`` count each id of each PUT that arrived.

    ``resends`` are those beyond one for each id.
    """

    seed: int
    kills: int = 0
    report_kills: int = 0
    runs: int = 0
    ids: int = 0
    puts: int = 0
    resends_without_faults: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def resends(self) -> int:
        """Return how many PUTs came beyond one for each id, those that faults made needed too."""
        return self.puts - self.ids

    def line(self) -> str:
        """Return the figures in one line."""
        return (
            f"seed {self.seed}: {self.kills} kills ({self.report_kills} while reports were "
            f"written), {self.runs} runs, {self.ids} ids, {self.puts} PUTs, {self.resends} "
            f"re-sends ({self.resends_without_faults} of them in runs without faults), "
            f"{len(self.violations)} violations"
        )


class Victim:
    """One run of the command that is killed and resumed until it has come to its end."""

    def __init__(
        self,
        rig: Rig,
        ids: Sequence[str],
        faults: Sequence[str],
        *,
        together: int = 1,
        chance: Random,
        figures: Figures,
    ) -> None:
        self._rig = rig
        self._together = together
        self._ids = ids
        self._faults = faults
        self._chance = chance
        self._figures = figures
        self._source = rig.write(ids)
        self._name = 0
        self._begun = False
        self.kills = 0

    @property
    def run_id(self) -> str:
        """Return the id of the run under way; a run killed before it had a journal has no heir."""
        return f"night{self._name}"

    def live(self, kills: int) -> None:
        """Kill so many times at random moments, then let it end, and check."""
        self._rig.serve(
            *self._faults,
            latency=0.02,
            latency_jitter=0.02,
            seed=self._chance.randrange(1 << 30),
            several=self._chance.choice(SEVERAL) if self._together > 1 else "each",
        )
        for _ in range(kills):
            if not self._start_and_kill():
                break
        self._finish()

    def _start_and_kill(self) -> bool:
        """Start or resume, and kill; return false when it ended before it could be killed."""
        puts, began = self._puts(), time.time_ns()
        process = self._start()
        moment = self._moment(puts)
        give_up = time.monotonic() + _PATIENCE
        while process.poll() is None and not moment():
            if time.monotonic() > give_up:
                process.kill()
                process.wait()
                self._violation("it neither ended nor came to the moment of its kill")
                return False
            time.sleep(0.01)  # each look at the ledger costs the server time
        if process.poll() is None:
            process.kill()
            process.wait()
            self.kills += 1
            self._figures.kills += 1
            self._figures.report_kills += self._is_reporting(began)
            self._after_a_kill()
            return True
        return not self._ended(process.returncode)

    def _moment(self, puts: int) -> Callable[[], bool]:
        """Return what says that the moment of the kill has come."""
        draw = self._chance.random()
        if draw < 0.15:
            at = time.monotonic() + self._chance.uniform(0.0, 1.5)
            return lambda: time.monotonic() >= at
        if draw < 0.25:
            began = time.time_ns()
            return lambda: self._is_reporting(began)
        more = puts + self._chance.randrange(1, max(2, len(self._ids) // 3))
        late = self._chance.uniform(0.0, 0.03)
        reached: list[float] = []

        def sent_so_many() -> bool:
            if not reached and self._puts() >= more:
                reached.append(time.monotonic() + late)
            return bool(reached) and time.monotonic() >= reached[0]

        return sent_so_many

    def _start(self) -> subprocess.Popen[bytes]:
        if self._begun:
            words: tuple[str, ...] = ("resume", self.run_id, "--no-progress")
        else:
            self._name += 1
            self._begun = True
            words = (
                "run", str(self._source), *self._rig.aim(), *PACE, "--yes", "--no-progress",
                "--run-id", self.run_id, "--ids-per-request", str(self._together),
            )  # fmt: skip
        return self._spawn(*words)

    def _spawn(self, *words: str) -> subprocess.Popen[bytes]:
        with (self._rig.path / "out.txt").open("wb") as out, self._err.open("wb") as err:
            return subprocess.Popen(
                self._rig.command(*words),
                cwd=self._rig.path,
                env=self._rig.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    @property
    def _err(self) -> Path:
        return self._rig.path / "err.txt"

    def _ended(self, code: int) -> bool:
        """Judge an end that was no kill; return whether it is the run's end."""
        words = self._err.read_text(errors="replace")
        if code in {0, 3}:
            return True
        if code in {4, 5}:
            return False
        begun_anew = code in {2, 7} and any(part in words for part in _NEVER_BEGUN)
        if begun_anew and self._puts() == 0:
            self._begun = False
            return False
        self._violation(f"exit {code}: {words[-500:]}")
        return True

    def _finish(self) -> None:
        for turn in range(_MOST_RESUMES):
            if turn == _MOST_RESUMES // 2:
                self._rig.server.set_faults()
            process = self._start()
            try:
                code = process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self._violation("the last resume did not end")
                return
            if self._ended(code):
                if code != 0:
                    self._violation(f"it ended with exit {code}, and the server had healed")
                break
        else:
            self._violation(f"{_MOST_RESUMES} resumes did not bring it to its end")
        self._check()

    def _check(self) -> None:
        try:
            self._rig.check(self._ids, killed=True, run_id=self.run_id)
        except AssertionError as error:
            self._violation(str(error))
        except (OSError, KeyError, ValueError) as error:
            self._violation(f"the report can't be read: {error!r}")
        truth = self._rig.server.ledger.summary().allocations
        puts = sum(one.puts for one in truth.values())
        self._figures.runs += 1
        self._figures.ids += len(self._ids)
        self._figures.puts += puts
        if not self._faults:
            resends = puts - len(self._ids)
            self._figures.resends_without_faults += resends
            if resends > CONCURRENCY * self._together * self.kills:
                self._violation(f"{resends} re-sends after {self.kills} kills")

    def kill_while_reporting(self) -> None:
        """Kill a rebuild of the reports: the old ones stay, byte for byte."""
        before = self._digests()
        began = time.time_ns()
        process = self._spawn("report", self.run_id)
        late = self._chance.uniform(0.0, 0.15)
        while process.poll() is None and not self._is_reporting(began):
            time.sleep(0.001)
        time.sleep(late)
        if process.poll() is None:
            process.kill()
            self.kills += 1
            self._figures.kills += 1
            self._figures.report_kills += 1
        process.wait()
        if self._digests() != before:
            self._violation("a kill while reports were written changed them")

    def _after_a_kill(self) -> None:
        """Look at what lies in the folder: whole files only, and a summary only beside its own."""
        folder = self._folder()
        detail = folder / "reconciliation.csv"
        if detail.exists():
            with detail.open(newline="", encoding="utf-8") as file:
                found = [row["allocation_id"] for row in csv.DictReader(file)]
            if found != list(self._ids):
                self._violation("a kill left a detail file that is not whole")
        if (folder / "summary.json").exists():
            named = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["files"]
            if set(_REPORTS) - set(named):
                self._violation("a kill left a summary that does not name all reports")

    def _is_reporting(self, since: int) -> bool:
        """Say whether reports are half written; what an earlier kill left does not count."""
        try:
            written = (self._folder() / ".reconciliation.csv.partial").stat().st_mtime_ns
        except FileNotFoundError:
            return False
        return written >= since

    def _digests(self) -> dict[str, str]:
        return {
            name: hashlib.sha256((self._folder() / name).read_bytes()).hexdigest()
            for name in (*_REPORTS, "summary.json")
        }

    def _folder(self) -> Path:
        return self._rig.folder(self.run_id)

    def _puts(self) -> int:
        return self._rig.server.ledger.summary().puts

    def _violation(self, words: str) -> None:
        where = f"seed {self._figures.seed}, run {self._figures.runs + 1}, kill {self.kills}"
        self._figures.violations.append(f"{where}: {words}")


def torture(
    folder: Path, *, kills: int, seed: int, ids: int, say: Callable[[str], None] | None = None
) -> Figures:
    """Make so many kills, half of them at a server without faults; return what was found."""
    chance, figures = Random(seed), Figures(seed=seed)
    empty = 0
    while figures.kills < kills and empty < 5 and not figures.violations:
        before = figures.kills
        path = folder / f"run{figures.runs + 1}"
        path.mkdir(parents=True)
        with ExitStack() as stack:
            rig = Rig(path=path, stack=stack)
            faults = FAULTS if figures.runs % 2 == 0 else ()
            # Of four runs two send lists: one at a server without faults, one at one with them.
            together = LIST if figures.runs % 4 in {1, 2} else 1
            victim = Victim(
                rig, make_ids(ids), faults, together=together, chance=chance, figures=figures
            )
            victim.live(min(chance.randrange(3, 8), kills - figures.kills))
            if figures.kills < kills and not figures.violations:
                victim.kill_while_reporting()
        empty = empty + 1 if figures.kills == before else 0
        if say is not None:
            say(figures.line())
    if figures.kills < kills and not figures.violations:
        figures.violations.append(f"seed {seed}: only {figures.kills} of {kills} kills were made")
    return figures


def main() -> int:
    """Run a campaign from the command line; return 1 on a violation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ids", type=int, default=400)
    parser.add_argument("--verbose", action="store_true", help="a line after each run")
    given = parser.parse_args()

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    with tempfile.TemporaryDirectory(prefix="bulkcancel-torture-") as folder:
        figures = torture(
            Path(folder),
            kills=given.kills,
            seed=given.seed,
            ids=given.ids,
            say=say if given.verbose else None,
        )
    sys.stdout.write(f"{figures.line()}\n")
    for violation in figures.violations:
        say(violation)
    return 1 if figures.violations else 0


if __name__ == "__main__":
    raise SystemExit(main())
