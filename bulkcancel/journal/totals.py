"""The cancels that a journal holds, counted by what came back."""

from __future__ import annotations

from dataclasses import dataclass

from bulkcancel.journal.store import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalTotals:
    """The cancels sent of a journal, counted from its attempts and not from its outcomes.

    ``sent`` counts sends of an allocation, ``requests`` the wire sends that they went in: fewer
    where several allocations shared one. An intent whose process ended counts as one of each.
    ``by_http_status`` counts whole answers, ``no_answer`` the sends without one by cause (an
    intent whose process ended is ``crashed``), ``not_sent`` the intents that never left.
    """

    sent: int
    requests: int
    by_http_status: dict[str, int]
    no_answer: dict[str, int]
    not_sent: dict[str, int]
    read_backs: int


# To put rows into groups SQLite sorts them. Most attempts are of one group: what is left of all.
_USUAL_STATUS = 200
_UNUSUAL = f"""
    SELECT sent, cause, http_status, COUNT(*), SUM(lead = row)
    FROM attempt WHERE NOT (sent AND cause IS NULL AND http_status IS {_USUAL_STATUS})
    GROUP BY sent, cause, http_status ORDER BY sent, cause, http_status
"""  # noqa: S608 - our own words
_ALL = "SELECT COUNT(*), COALESCE(SUM(lead = row), 0), (SELECT COUNT(*) FROM intent) FROM attempt"


def attempt_totals(journal: Journal) -> JournalTotals:
    """Return the journal's count of sends by what came back."""
    by_http_status: dict[str, int] = {}
    no_answer: dict[str, int] = {}
    not_sent: dict[str, int] = {}
    ((attempts, requests, intents),) = journal.select(_ALL)
    left = attempts
    for sent, cause, http_status, count, leads in journal.select(_UNUSUAL):
        left -= count
        if not sent:
            requests -= leads
            into, name = not_sent, cause
        elif cause is not None:
            into, name = no_answer, cause
        else:
            into, name = by_http_status, str(http_status)
        into[name] = into.get(name, 0) + count
    if left:
        usual = str(_USUAL_STATUS)
        by_http_status[usual] = by_http_status.get(usual, 0) + left
    # No attempt is without its intent.
    if cut_off := intents - attempts:
        no_answer["crashed"] = no_answer.get("crashed", 0) + cut_off
    ((reads,),) = journal.select("SELECT COUNT(*) FROM read_back")
    return JournalTotals(
        sent=attempts - sum(not_sent.values()) + cut_off,
        requests=requests + cut_off,
        by_http_status=by_http_status,
        no_answer=no_answer,
        not_sent=not_sent,
        read_backs=reads,
    )
