"""Whole runs in this process against the simulator: quicker than a process for each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import structlog
from rigging import ACCOUNT, TOKEN, Rig
from structlog.typing import FilteringBoundLogger

from bulkcancel.breaker import BreakerOptions
from bulkcancel.client import Secret, TokenSource, check_target
from bulkcancel.execution import Finished, RunFolder, RunSession, RunSettings, new_run
from bulkcancel.manifest import InputOptions, read_manifest, refusal
from bulkcancel.model import Target
from bulkcancel.runner import PoolOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickSettings(RunSettings):
    """Settings for a server on this machine, with the breaker's patience at hand."""

    rate: float = 5000.0
    fixed_rate: bool = True
    concurrency: int = 8
    timeout: float = 10.0
    wait_initial: float = 0.01
    wait_max: float = 0.1
    verify_after: tuple[float, ...] = (0.05, 0.1)
    breaker: BreakerOptions = field(
        default_factory=lambda: BreakerOptions(
            probe_first=0.02, probe_most=0.1, patience=20.0, first_contact=20.0
        )
    )

    def pool(self, known: float | None = None) -> PoolOptions:
        """Return the runner's part, with this breaker."""
        return replace(RunSettings.pool(self, known), breaker=self.breaker)


@dataclass
class QuickRig(Rig):
    """A folder, a server, the command, and runs without a process of their own."""

    @property
    def log_path(self) -> Path:
        """Where the runs of this process write their log; the search for secrets covers it."""
        return self.path / "log.txt"

    def target(self, base_url: str | None = None) -> Target:
        """Return the target of the runs: the server, unless another address is given."""
        return Target(base_url=base_url or self.server.url, account=ACCOUNT)

    def settings(self, base_url: str | None = None) -> QuickSettings:
        """Return the settings of a quick run."""
        return QuickSettings(target=self.target(base_url))

    def source(self, source: Path | Sequence[str]) -> Path:
        """Return the path of an input; ids are written to one first."""
        return source if isinstance(source, Path) else self.write(source)

    def begin(
        self,
        source: Path | Sequence[str],
        settings: RunSettings | None = None,
        *,
        run_id: str = "night",
    ) -> RunSession:
        """Read an input and write its journal; nothing is sent."""
        settings = (settings or self.settings()).checked()
        check_target(settings.target, settings.client())
        with read_manifest(InputOptions(path=str(self.source(source)))) as manifest:
            if manifest.counts.invalid and not settings.skip_invalid:
                raise refusal(manifest, None)
            if settings.share is not None:
                manifest.narrow(settings.share)
            folder = new_run(self.path / "reports", run_id, now=time.time())
            return RunSession.begin(folder, manifest, settings, self.log())

    def work(
        self,
        source: Path | Sequence[str],
        settings: RunSettings | None = None,
        *,
        token: Secret | TokenSource | None = None,
        run_id: str = "night",
    ) -> Finished:
        """Cancel an input and write its reports."""
        return self.carry(self.begin(source, settings, run_id=run_id), token=token)

    def reopen(self, settings: RunSettings | None = None, *, run_id: str = "night") -> RunSession:
        """Open a run to go on with it."""
        folder = RunFolder(run_id=run_id, path=self.folder(run_id))
        return RunSession.reopen(
            folder, self.log(), lambda old: settings or QuickSettings(target=old.target)
        )

    def resume(self, settings: RunSettings | None = None, *, run_id: str = "night") -> Finished:
        """Go on with a run and write its reports."""
        return self.carry(self.reopen(settings, run_id=run_id))

    def carry(self, session: RunSession, *, token: Secret | TokenSource | None = None) -> Finished:
        """Work a session off and write its reports; nothing may take longer than a minute."""

        async def main() -> None:
            with anyio.fail_after(60):
                await session.work(token or Secret(TOKEN), handle_signals=False)

        with session:
            anyio.run(main)
            return session.finish()

    def log(self) -> FilteringBoundLogger:
        """Return a logger that writes everything to `log_path`, a line for each event."""

        def to_file(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
            with self.log_path.open("a", encoding="utf-8") as file:
                file.write(" ".join(f"{name}={value!r}" for name, value in event.items()) + "\n")
            raise structlog.DropEvent

        logger: FilteringBoundLogger = structlog.wrap_logger(
            structlog.PrintLogger(),
            processors=[to_file],
            wrapper_class=structlog.make_filtering_bound_logger("debug"),
        )
        return logger

    def outcomes(self, run_id: str = "night") -> dict[str, int]:
        """Return the outcomes of the summary that are not nought."""
        counts: dict[str, int] = self.summary(run_id)["outcomes"]
        return {name: count for name, count in counts.items() if count}

    def facts(self, run_id: str = "night") -> set[tuple[str, str, str]]:
        """Return the distinct (outcome, verified, attempts) of the rows."""
        return {
            (row["outcome"], row["verified"], row["attempts"]) for row in self.rows(run_id=run_id)
        }
