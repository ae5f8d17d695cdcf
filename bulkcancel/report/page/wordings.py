"""What the words of a summary mean: causes, statuses, reasons to wait, growths of a version."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from bulkcancel.model import NoAnswerCause, NotSentCause, Outcome
from bulkcancel.pacing import Reason

NO_ANSWER: Mapping[str, str] = {
    NoAnswerCause.RESET: "the connection was reset",
    NoAnswerCause.DISCONNECTED: "the connection was closed",
    NoAnswerCause.TIMEOUT: "none came in time",
    NoAnswerCause.BAD_HTTP: "what came was not HTTP",
    NoAnswerCause.TRUNCATED: "it broke off",
    NoAnswerCause.OVERSIZED: "it was larger than any of the API's",
    NoAnswerCause.CRASHED: "the process ended before it was noted",
    NoAnswerCause.ABANDONED: "the run was stopped while it was awaited",
}
"""Why there is no trustworthy answer."""

NOT_SENT: Mapping[str, str] = {
    NotSentCause.DNS: "the host's name was not found",
    NotSentCause.REFUSED: "the connection was refused",
    NotSentCause.UNREACHABLE: "the network or the host was not reached",
    NotSentCause.CONNECT_TIMEOUT: "no connection came about in time",
    NotSentCause.TLS: "no secure connection came about",
    NotSentCause.CERTIFICATE: "the server's certificate is not trusted",
    NotSentCause.WITHDRAWN: "the run stopped just before",
}
"""Why a cancel never left."""

HELD: Mapping[str, str] = {
    Reason.CEILING: "the most that --rate, or a header of the API, allows",
    Reason.STARTING: "a careful start that still grows",
    Reason.LEARNED_LIMIT: "the pace at which the API refuses next to nothing",
    Reason.RETRY_AFTER: "the API asked to wait",
    Reason.PROBING: "the API refused everything; single requests asked whether it still did",
    Reason.BREAKER: "the API was sick; single requests asked whether it still was",
    Reason.CONCURRENCY: "as many requests were under way as is useful",
    Reason.SHARED_RATE: "the rate that all processes of the account share",
}
"""Why the next request had to wait."""


def status_words(status: str) -> str:
    """Return the name of an HTTP status, empty if it has none."""
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:  # not registered, and not refused for that: the report shows what came
        return ""


def growth_words(outcome: str, growth: int | None) -> str:
    """Return what it means that a version grew so, given how the allocation ended.

    No more is said than versions can tell: whose an update was, only this run's own answer knows.
    """
    cancelled = outcome == Outcome.CANCELLED
    match growth:
        case None if outcome == Outcome.ALREADY_CANCELLED:
            return "cancelled before the run looked, or not looked at: nothing to compare"
        case None:
            return "the version before, or the one at the end, was not shown"
        case 0 if cancelled:
            return "cancelled, but no update shows in the version"
        case 0:
            return "no update since the look, as far as was shown"
        case 1 if cancelled:
            return "exactly one update: this run's cancel, where the API accepted it"
        case 1:
            return "one update since the look; whose it was is not known"
        case _ if growth < 0:
            return "an older version at the end than before: the API contradicts itself"
        case _ if cancelled:
            return "several updates: somebody else touched it too, so whose cancel it was is open"
        case _:
            return "several updates since the look: somebody else touched it"
