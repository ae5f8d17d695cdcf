"""The note on a run for a webhook: what became of it, in words and as figures, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bulkcancel.client import Secret
from bulkcancel.client.webhook import post_note
from bulkcancel.errors import EXIT_MEANINGS, ExitCode
from bulkcancel.report.cells import encodable, one_line
from bulkcancel.version import __version__

_LONGEST = 500


class NotifyOn(StrEnum):
    """When a note is sent."""

    BREAKS = "breaks"
    """When the exit code is not 0: some are not cancelled, or the run did not come so far."""
    ALWAYS = "always"


def wants_note(on: NotifyOn, exit_code: int) -> bool:
    """Say whether an end with an exit code is to be told."""
    return on is NotifyOn.ALWAYS or exit_code != ExitCode.OK


def run_note(summary: Mapping[str, Any], folder: Path, *, resumable: bool) -> dict[str, Any]:
    """Return the note on a run that wrote its report, from the content of ``summary.json``."""
    target, code = summary["target"], int(summary["exit_code"])
    host = urlsplit(target["base_url"]).netloc
    report = str(folder.resolve())  # by its own name, should it be known by a link
    resume = f"bulkcancel resume {report}" if resumable else None
    counts = {word: count for word, count in summary["outcomes"].items() if count}
    lines = [
        f"bulkcancel: {summary['verdict']}",
        f"Run {summary['run_id']}, {host}, exit {code}: {_meaning(code)}.",
        ", ".join(f"{count:,} {word}" for word, count in counts.items()),
        f"Report: {report}",
        f"Go on: {resume}" if resume else "",
    ]
    return {
        "event": "run.ended",
        "run_id": summary["run_id"],
        "exit_code": code,
        "verdict": summary["verdict"],
        "started_at": summary["started_at"],
        "finished_at": summary["finished_at"],
        "target_host": host,
        "account": target["account"],
        "stage": target["stage"],
        "rows": dict(summary["rows"]),
        "outcomes": dict(summary["outcomes"]),
        "balanced": summary["control"]["balanced"],
        "report": report,
        "resume": resume,
        "tool_version": summary["tool_version"],
        "text": _for_a_chat(lines),
    }


def failure_note(exit_code: int, sentence: str, *, run_id: str | None = None) -> dict[str, Any]:
    """Return the note on a run without a report: refused, kept out by a lock, or broken off.

    ``sentence`` is what standard error said. ``run_id`` is given if the run had begun.
    """
    said = _short(sentence)
    head = f"Run {run_id}, " if run_id else ""
    lines = [f"bulkcancel: {said}", f"{head}exit {exit_code}: {_meaning(exit_code)}."]
    return {
        "event": "run.failed",
        "run_id": run_id,
        "exit_code": exit_code,
        "verdict": said,
        "tool_version": __version__,
        "text": _for_a_chat(lines),
    }


async def notify(
    url: Secret,
    note: Mapping[str, Any],
    *,
    on: NotifyOn = NotifyOn.BREAKS,
    allow_http: bool = False,
    ca_file: Path | None = None,
) -> str:
    """Send a note, if its exit code is to be told; return a sentence if it did not arrive.

    The sentence is for the log: a note that does not arrive changes nothing of the run.
    """
    if not wants_note(on, note["exit_code"]):
        return ""
    return await post_note(url, note, allow_http=allow_http, ca_file=ca_file)


def _meaning(code: int) -> str:
    try:
        return EXIT_MEANINGS[ExitCode(code)]
    except ValueError:
        return "unknown exit code"


def _short(sentence: str) -> str:
    """Return the first line of what was said: a refusal may list rows of the input after it."""
    lines = encodable(sentence).strip().splitlines()
    first = one_line(lines[0]) if lines else ""
    return first if len(first) <= _LONGEST else f"{first[: _LONGEST - 1]}…"


def _for_a_chat(lines: list[str]) -> str:
    """Return lines that no chat takes for markup, a link or a call to everybody."""
    text = "\n".join(one_line(line) for line in lines if line)
    for sign, shown in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "(at)"), ("`", "'")):
        text = text.replace(sign, shown)
    return text
