"""What the commands of the benchmarks have in common."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from benchmarks.document import Section
from benchmarks.nginx import NginxError

_INTERRUPTED = 130
_TERMINATED = 143


def in_scratch(
    name: str, work: Callable[[Path], int], failures: tuple[type[Exception], ...] = (NginxError,)
) -> int:
    """Do the work in a folder that goes away after it; return the exit code.

    One of the ``failures`` is said in its own sentence. After Ctrl-C or SIGTERM all
    that was started is ended.
    """
    signal.signal(signal.SIGTERM, _on_sigterm)
    with tempfile.TemporaryDirectory(prefix=f"bulkcancel-{name}-") as folder:
        try:
            return work(Path(folder))
        except failures as error:
            say(str(error))
            return 1
        except KeyboardInterrupt:
            say("Interrupted; what was started is ended.")
            return _INTERRUPTED


def show(part: str, section: Section, *, keep: bool) -> None:
    """Print a part, and write it into RESULTS.md if it is to be kept."""
    sys.stdout.write(f"{part}\n")
    sys.stdout.flush()
    if keep:
        section.write(part)


def say(line: str) -> None:
    """Tell how far it is."""
    sys.stderr.write(f"{line}\n")


def whole(text: str) -> int:
    """Return an option's whole number above 0."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def add_choice(parser: argparse.ArgumentParser, who: str, names: Iterable[str]) -> None:
    """Give a command ``--only`` and ``--no-write``; ``who`` are those that take part."""
    parser.add_argument(
        "--only",
        nargs="+",
        choices=list(names),
        metavar="NAME",
        help=f"these {who}; a part of the table is shown, not written: %(choices)s",
    )
    add_no_write(parser)


def add_no_write(parser: argparse.ArgumentParser) -> None:
    """Give a command the option ``--no-write``."""
    parser.add_argument(
        "--no-write", dest="write", action="store_false", help="leave RESULTS.md alone"
    )


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    # Unwinds like Ctrl-C, so that what was started is ended.
    raise SystemExit(_TERMINATED)
