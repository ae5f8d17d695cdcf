"""What a run needs of this machine and of the API, looked at before anything is sent."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from bulkcancel.client import Secret, TokenSource
from bulkcancel.decision import Finding, classify_read
from bulkcancel.errors import BulkcancelError, ExitCode
from bulkcancel.execution.descriptors import affordable
from bulkcancel.execution.lock import lock_folder
from bulkcancel.execution.reach import reach
from bulkcancel.execution.remembered import limits_folder
from bulkcancel.execution.settings import RunSettings
from bulkcancel.journal import SQLITE_VERSION, Journal
from bulkcancel.model import Kind
from bulkcancel.shared import NoGrant

NOBODY = "000000000000000000000000"
"""An id of the right form that no allocation has: object ids begin with the time of creation."""

_LEAST_DISK = 1 << 30
_IGNORED = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE",
)  # fmt: skip


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; ``sentence`` says what was found and what to do."""

    name: str
    state: State
    sentence: str
    exit_code: ExitCode = ExitCode.REFUSED
    """How a run would end for it, where ``state`` is WRONG."""


def look_at_machine(
    settings: RunSettings | None, reports: Path, environ: Mapping[str, str]
) -> Iterator[Check]:
    """Yield what can be said of this machine; ``settings`` are ``None`` where they are no good.

    A journal is written and read back below ``reports``, and removed.
    """
    yield _good("Python", f"{platform.python_version()} at {sys.executable}")
    yield _good("SQLite", f"{SQLITE_VERSION}, compiled into this Python")
    yield _journal(reports)
    yield _disk(reports)
    for name, folder in (("locks", lock_folder()), ("learned limits", limits_folder())):
        yield _writable(name, folder)
    if settings is not None:
        yield _descriptors(settings.concurrency)
    present = [name for name in _IGNORED if name in environ or name.lower() in environ]
    if present:
        yield Check(
            name="environment",
            state=State.WARNING,
            sentence=f"{', '.join(present)}: set, and ignored here; --ca-file is our own",
        )


async def look_at_shared_rate(settings: RunSettings, password: Secret | None) -> Check:
    """Ask the Redis of a shared rate once, without taking a slot, and say what it answers.

    The settings have to name one.
    """
    shared = settings.shared(password)
    if shared is None:
        raise AssertionError("there is a shared rate to look at")
    try:
        async with shared.opened(settings.target) as schedule:
            seen = await schedule.ask(settings.rate, slots=0, pause=0.0)
    except BulkcancelError as error:
        return _bad("shared rate", str(error), error.exit_code)
    if isinstance(seen, NoGrant):
        code = ExitCode.AUTHENTICATION if seen.denied else ExitCode.STOPPED
        return _bad("shared rate", f"{schedule.name} {seen.reason}", code)
    words = f"{schedule.name} answers; {seen.rate:g} requests/s for all together"
    if seen.paused > 0.0:
        words += f", but the API asked to wait {seen.paused:,.0f} s more"
    return _good("shared rate", words)


async def look_at_api(settings: RunSettings, token: Secret | TokenSource) -> Check:
    """Ask the API once for an allocation that can't exist, and say what the answer means."""
    async with reach(settings, token) as api:
        if not await api.tokens.ready():
            return _bad("token", api.tokens.lacking, ExitCode.AUTHENTICATION)
        exchange = await api.read(NOBODY)
    finding = classify_read(NOBODY, exchange.observation)
    return _of_answer(finding, settings, exchange.elapsed)


def _of_answer(finding: Finding, settings: RunSettings, elapsed: float) -> Check:
    where, why = settings.target.base_url, finding.reason
    match finding.kind:
        case Kind.UNKNOWN_ID | Kind.SHOWN:
            words = f"{where} answers as the API does, in {elapsed:.2f} s; token and account pass"
            return _good("API", words)
        case Kind.UNAUTHORIZED:
            return _bad("token", f"{where} refuses it: {why}", ExitCode.AUTHENTICATION)
        case Kind.NOT_SENT:
            return _bad("network", f"{where} can't be reached: {why}", ExitCode.STOPPED)
        case Kind.UNTRUSTED:
            words = f"{where} shows a certificate that is not trusted: {why}; --ca-file adds one"
            return _bad("TLS", words, ExitCode.STOPPED)
        case Kind.READ_UNAVAILABLE:
            words = (
                f"{where} offers no read ({why}): a run can't read back, and more ends `unknown`; "
                "or the base URL is wrong"
            )
            return Check(name="API", state=State.WARNING, sentence=words)
        case Kind.THROTTLED:
            words = f"{where} is reached and refuses for its rate: {why}"
            return Check(name="API", state=State.WARNING, sentence=words)
        case Kind.READ_FAILED | Kind.MISCONFIGURED | Kind.CONTRADICTION:
            words = f"what answers at {where} is not well, or not the API: {why}"
            return _bad("API", words, ExitCode.STOPPED)
        case (
            Kind.IN_DOUBT
            | Kind.PROTOCOL
            | Kind.MISROUTED
            | Kind.NOT_APPLIED
            | Kind.FORBIDDEN
            | Kind.ALREADY
            | Kind.WRONG_STATE
            | Kind.REFUSED
        ):
            raise AssertionError(f"a read is never {finding.kind}")
        case _:
            assert_never(finding.kind)


def _journal(reports: Path) -> Check:
    """Write a journal where the runs will, and open it again: disk, WAL and file system."""
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=_existing(reports)) as folder:
            path = Path(folder) / "journal.sqlite"
            with Journal.create(path) as journal:
                journal.load([], {})
            with Journal.open(path):
                pass
    except BulkcancelError as error:
        return _bad("journal", str(error), error.exit_code)
    except OSError as error:
        words = f"{reports} can't be written ({error.strerror}); give --reports another folder"
        return _bad("journal", words, ExitCode.UNSOUND)
    return _good("journal", f"can be written and read back in {reports}")


def _disk(reports: Path) -> Check:
    free = shutil.disk_usage(_existing(reports)).free
    words = f"{free / 2**30:,.1f} GiB free for {reports}"
    if free < _LEAST_DISK:
        more = "a run of a million rows takes about half a GiB"
        return Check(name="disk", state=State.WARNING, sentence=f"{words}: {more}")
    return _good("disk", words)


def _writable(name: str, folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        words = f"{folder} can't be written ({error.strerror}); set XDG_STATE_HOME to one that can"
        return _bad(name, words, ExitCode.REFUSED)
    return _good(name, f"can be kept in {folder}")


def _descriptors(concurrency: int) -> Check:
    if (allowed := affordable(concurrency)) < concurrency:
        words = f"`ulimit -n` allows {allowed} requests in flight of the {concurrency} wanted"
        return Check(name="open files", state=State.WARNING, sentence=words)
    return _good("open files", f"enough for {concurrency} requests in flight")


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    path = Path(os.path.abspath(folder))  # noqa: PTH100 - a link above may be the point of it
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _good(name: str, sentence: str) -> Check:
    return Check(name=name, state=State.OK, sentence=sentence)


def _bad(name: str, sentence: str, exit_code: ExitCode) -> Check:
    return Check(name=name, state=State.WRONG, sentence=sentence, exit_code=exit_code)
