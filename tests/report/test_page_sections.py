"""What stands in the sections of the page."""

from __future__ import annotations

import pytest
from changing import replace
from pagecase import busy
from pagecases import bad, clean, empty, stopped

from bulkcancel.errors import ExitCode
from bulkcancel.model import Growth, NoAnswerCause, NotSentCause, Outcome
from bulkcancel.pacing import Reason
from bulkcancel.report.page import sections
from bulkcancel.report.page.state import state
from bulkcancel.report.page.wordings import HELD, NO_ANSWER, NOT_SENT, growth_words, status_words
from bulkcancel.report.words import resumable


def test_every_word_is_explained() -> None:
    """No cause and no reason to wait is without its words."""
    assert set(NO_ANSWER) == set(NoAnswerCause)
    assert set(NOT_SENT) == set(NotSentCause)
    assert set(HELD) == set(Reason)
    assert status_words("429") == "Too Many Requests"
    assert status_words("799") == ""


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_has_a_state(code: ExitCode) -> None:
    """A shape and words for each; nothing that is not whole is called complete."""
    found = state({**clean().summary, "exit_code": int(code)})
    assert found.mood in {"good", "breaks", "unknown", "stopped"}
    assert (found.words == "Complete") == (found.mood == "good") == (code is ExitCode.OK)


def test_what_can_be_resumed() -> None:
    """Unknown ones always; those that were not attempted or failed, if the run was stopped."""
    summary = stopped().summary
    assert resumable(summary)
    assert state(summary).words == "Stopped early, resumable"
    assert not resumable({**summary, "stop": None})
    assert not resumable(clean().summary)
    none = dict.fromkeys(summary["outcomes"], 0)
    assert resumable({**summary, "stop": None, "outcomes": {**none, "unknown": 1}})
    assert resumable({**summary, "outcomes": {**none, "failed": 1}})
    assert not resumable({**summary, "stop": None, "outcomes": {**none, "failed": 1}})
    ended = {**summary, "outcomes": none}
    assert not resumable(ended)
    assert state(ended).words == "Stopped early"


def test_equations_hold_only_if_they_do() -> None:
    """Each total is added up anew: one that does not come out is not called equal."""
    summary = bad().summary
    assert [one.holds for one in sections.equations(summary)] == [True] * 4
    assert [one.holds for one in sections.equations(empty().summary)] == [True] * 4
    off = {
        **summary,
        "rows": {**summary["rows"], "read": 5},
        "attempts": {**summary["attempts"], "sent": 5},
        "control": {**summary["control"], "hash_total_outcomes": "00"},
    }
    assert [one.holds for one in sections.equations(off)] == [False, True, False, False]


def test_outcomes() -> None:
    """Those that occurred have a line each, the others are named."""
    found = sections.outcome_lines(stopped().summary)
    assert [(line.word, line.count, line.share) for line in found] == [
        ("cancelled", 100, "33.3 %"), ("not_attempted", 200, "66.7 %"),
    ]  # fmt: skip
    absent = sections.absent_outcomes(stopped().summary)
    assert len(absent) + len(found) == len(Outcome)


def test_answers_are_capped() -> None:
    """Forty sorts of answers are shown, the smaller ones together: nothing is left out."""
    summary = clean().summary
    statuses = {str(status): 600 - status for status in range(200, 300)}
    attempts = {**summary["attempts"], "by_http_status": statuses, "no_answer": {"timeout": 7}}
    attempts["sent"] = sum(statuses.values()) + 7
    found = sections.answer_lines({**summary, "attempts": attempts})
    assert [line.word for line in found][:2] == ["HTTP 200 OK", "HTTP 201 Created"]
    assert found[-1].word == "others"
    assert len(found) == 41
    assert sum(line.count for line in found) == attempts["sent"]


def test_many_sends_are_put_together() -> None:
    """The tail of the allocations that took most sends is one line."""
    found = sections.attempt_lines(replace(busy(1), attempts=((0, 3), (1, 90), (8, 4), (30, 1))))
    assert [(line.word, line.count) for line in found] == [
        ("0 sends", 3), ("1 send", 90), ("8 sends or more", 5),
    ]  # fmt: skip


def test_growths() -> None:
    """Growths of one sort are one line for each outcome; nothing known at all is no line."""
    growths = [
        ("cancelled", 1, 9),
        ("cancelled", 2, 3),
        ("cancelled", 57, 1),
        ("not_found", None, 2),
    ]
    growths += [("not_cancelled", -2, 1), ("not_cancelled", 0, 4)]
    made = tuple(Growth(outcome=word, growth=by, allocations=many) for word, by, many in growths)
    found = sections.growth_lines(replace(busy(1), growths=made))
    assert [(line.kind, line.word, line.count) for line in found] == [
        ("cancelled", "grew by 1", 9),
        ("cancelled", "grew by 2 to 57", 4),
        ("not_cancelled", "fell by 2", 1),
        ("not_cancelled", "unchanged", 4),
        ("not_found", "not known", 2),
    ]
    unknown = (Growth(outcome="cancelled", growth=None, allocations=5),)
    assert sections.growth_lines(replace(busy(1), growths=unknown)) == []


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("growth", [None, -1, 0, 1, 2])
def test_only_a_cancelled_one_may_be_this_runs(outcome: Outcome, growth: int | None) -> None:
    """Versions prove no more than they can: one update of a cancelled allocation may be ours."""
    ours = "this run's cancel" in growth_words(outcome, growth)
    assert ours == (outcome is Outcome.CANCELLED and growth == 1)


def test_pace() -> None:
    """Reasons to wait stand with the longest first; a fixed rate learns no limit."""
    summary = bad().summary
    assert [line.word for line in sections.held_lines(summary)] == [
        "learned limit", "starting", "retry-after", "breaker",
    ]  # fmt: skip
    facts = dict(sections.pace_facts(summary))
    assert facts["Learned limit"] == "54.3 requests/s"
    assert facts["Refused for the rate"] == "22 (0.7 % of all requests)"
    fixed = {**summary, "pacing": {**clean().summary["pacing"], "fixed_rate": True}}
    assert dict(sections.pace_facts(fixed)) == {
        "At work": "1 min 2 s", "Fixed rate": "25 requests/s", "Refused for the rate": "0",
    }  # fmt: skip


def test_forecast() -> None:
    """What came out otherwise is marked; of what nobody foretold nothing is claimed."""
    found = sections.forecast_lines(bad().summary["forecast"])
    assert [(line["status"], line["otherwise"]) for line in found] == [
        ("ALLOCATED", False), ("PENDING_PICK", True), ("", False),
    ]  # fmt: skip
