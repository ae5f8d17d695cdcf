"""The note on a run: what it says, when it is sent, and what it never holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from bulkcancel.client import Secret
from bulkcancel.errors import ExitCode
from bulkcancel.execution.notice import NotifyOn, failure_note, notify, run_note, wants_note

CLOSED = Secret("http://127.0.0.1:9/hook")


def summary(**more: Any) -> dict[str, Any]:
    """Return the content of a ``summary.json``, as far as a note is concerned."""
    return {
        "run_id": "night",
        "tool_version": "0.1.0",
        "started_at": "2026-11-25T06:00:00.000Z",
        "finished_at": "2026-11-25T07:00:59.500Z",
        "target": {"base_url": "https://oms.example/api/v2", "account": "1234", "stage": "uat"},
        "rows": {"read": 42, "blank": 1, "invalid": 0, "duplicate": 3, "unique": 38},
        "outcomes": {"cancelled": 36, "not_found": 2, "unknown": 0},
        "control": {"balanced": True},
        "verdict": "36 of 38 allocations are cancelled; 2 were not.",
        "exit_code": 3,
        **more,
    }


def test_a_note_on_a_run(tmp_path: Path) -> None:
    """For a program the figures, for people a text with all that they want to know first."""
    note = run_note(summary(), tmp_path / "reports" / "night", resumable=False)
    text = note.pop("text")
    assert note == {
        "event": "run.ended",
        "run_id": "night",
        "exit_code": 3,
        "verdict": "36 of 38 allocations are cancelled; 2 were not.",
        "started_at": "2026-11-25T06:00:00.000Z",
        "finished_at": "2026-11-25T07:00:59.500Z",
        "target_host": "oms.example",
        "account": "1234",
        "stage": "uat",
        "rows": {"read": 42, "blank": 1, "invalid": 0, "duplicate": 3, "unique": 38},
        "outcomes": {"cancelled": 36, "not_found": 2, "unknown": 0},
        "balanced": True,
        "report": f"{tmp_path}/reports/night",
        "resume": None,
        "tool_version": "0.1.0",
    }
    assert text.splitlines() == [
        "bulkcancel: 36 of 38 allocations are cancelled; 2 were not.",
        "Run night, oms.example, exit 3: finished; some were not cancelled.",
        "36 cancelled, 2 not_found",
        f"Report: {tmp_path}/reports/night",
    ]


def test_a_note_on_a_run_that_can_be_gone_on_with(tmp_path: Path) -> None:
    """The command that goes on stands in it."""
    note = run_note(summary(exit_code=5), tmp_path / "night", resumable=True)
    assert note["resume"] == f"bulkcancel resume {tmp_path}/night"
    assert note["text"].splitlines()[-1] == f"Go on: bulkcancel resume {tmp_path}/night"


@pytest.mark.parametrize("code", list(ExitCode))
def test_a_note_on_a_run_that_was_refused(code: ExitCode) -> None:
    """Just a code and a sentence, of which the first line is told: rows of the input are not."""
    note = failure_note(int(code), "Error: 2 rows are invalid:\nrow 2: 'jo@shop.example'\n")
    assert (note["event"], note["exit_code"], note["run_id"]) == ("run.failed", code, None)
    assert note["verdict"] == "Error: 2 rows are invalid:"
    assert "jo@shop" not in json.dumps(note)
    begun = failure_note(int(code), "The journal is full.", run_id="night")
    assert begun["text"].splitlines()[1].startswith(f"Run night, exit {int(code)}: ")


def test_a_text_is_harmless_in_a_chat(tmp_path: Path) -> None:
    """No mention of everybody, no link, no control character, whatever a server said."""
    said = "Stopped: <!channel> @here <https://evil.example|click> `rm` \x1b[31m \u202e & more"
    text = run_note(summary(verdict=said), tmp_path, resumable=False)["text"]
    assert not set("<>@`\x1b\u202e") & set(text)
    assert "&lt;!channel&gt; (at)here" in text
    assert "&amp; more" in text


def test_a_sentence_is_cut(tmp_path: Path) -> None:
    """A note stays short, and can be sent whatever its sentence holds."""
    assert len(failure_note(2, "x" * 10_000)["verdict"]) == 500
    assert json.dumps(failure_note(2, "\ud800 half"), ensure_ascii=False).encode()
    assert failure_note(1, "")["verdict"] == ""
    assert run_note(summary(verdict="\ud800"), tmp_path, resumable=False)["text"].encode()


@pytest.mark.parametrize("code", list(ExitCode))
def test_when_it_is_sent(code: ExitCode) -> None:
    """By default for every exit code but 0; always, if that is asked for."""
    assert wants_note(NotifyOn.ALWAYS, code)
    assert wants_note(NotifyOn.BREAKS, code) == (code is not ExitCode.OK)


def test_a_note_that_is_not_wanted_is_not_sent() -> None:
    """Nothing is posted for a clean run; a webhook that is down would be told of otherwise."""

    async def send(code: int) -> str:
        return await notify(CLOSED, failure_note(code, "x"))

    assert anyio.run(send, 0) == ""
    assert "can't be reached" in anyio.run(send, 3)
