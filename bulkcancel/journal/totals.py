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


# To put rows into groups SQLite sorts them. Most attempts are of one group, which is counted apart.
_USUAL = "sent AND cause IS NULL AND http_status IS 200"
_ATTEMPTS = f"""
    SELECT * FROM (
        SELECT sent, cause, http_status, COUNT(*) AS count, SUM(lead = row)
        FROM attempt WHERE NOT ({_USUAL}) GROUP BY sent, cause, http_status
        UNION ALL SELECT TRUE, NULL, 200, COUNT(*), SUM(lead = row) FROM attempt WHERE {_USUAL}
    ) WHERE count ORDER BY sent, cause, http_status
"""  # noqa: S608 - our own words


def attempt_totals(journal: Journal) -> JournalTotals:
    """Return the journal's count of sends by what came back."""
    by_http_status: dict[str, int] = {}
    no_answer: dict[str, int] = {}
    not_sent: dict[str, int] = {}
    requests = 0
    for sent, cause, http_status, count, leads in journal.select(_ATTEMPTS):
        requests += leads if sent else 0
        if not sent:
            into, name = not_sent, cause
        elif cause is not None:
            into, name = no_answer, cause
        else:
            into, name = by_http_status, str(http_status)
        into[name] = into.get(name, 0) + count
    cut_off = _one(
        journal,
        "SELECT COUNT(*) FROM intent i LEFT JOIN attempt a"
        " ON a.row = i.row AND a.number = i.number WHERE a.row IS NULL",
    )
    if cut_off:
        no_answer["crashed"] = no_answer.get("crashed", 0) + cut_off
    return JournalTotals(
        sent=_one(journal, "SELECT COUNT(*) FROM attempt WHERE sent") + cut_off,
        requests=requests + cut_off,
        by_http_status=by_http_status,
        no_answer=no_answer,
        not_sent=not_sent,
        read_backs=_one(journal, "SELECT COUNT(*) FROM read_back"),
    )


def _one(journal: Journal, statement: str) -> int:
    (found,) = journal.select(statement)
    return int(found[0])
