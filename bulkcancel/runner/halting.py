"""Why one allocation's answer stops the whole run, in words."""

from __future__ import annotations

from bulkcancel.journal import Case
from bulkcancel.model import Kind
from bulkcancel.runner.stop import Stop, StopKind
from bulkcancel.runner.tokens import TokenKeeper


def where(case: Case, reason: str) -> str:
    """Return which allocation it was, and what was said of it."""
    return f"allocation {case.allocation_id} (row {case.row}): {reason}"


def without_token(tokens: TokenKeeper) -> Stop:
    """Return the stop for want of a token."""
    words = f"{tokens.lacking[:1].upper()}{tokens.lacking[1:]}"
    return Stop(
        kind=StopKind.AUTHENTICATION,
        sentence=f"{words}. Get a new token or mend its source, then resume.",
    )


def halt(kind: Kind, reason: str, case: Case) -> Stop:
    """Return the stop for an answer that says that the run must not go on."""
    place = where(case, reason)
    if kind is Kind.UNAUTHORIZED:
        return Stop(
            kind=StopKind.AUTHENTICATION,
            sentence=f"The API refuses the token; {place}. Get a new token, then resume.",
        )
    meaning = {
        Kind.UNTRUSTED: "The server's certificate is not trusted",
        Kind.MISCONFIGURED: "The API's address is wrong",
        Kind.MISROUTED: "The answer is not the API's: wrong base URL, or a proxy in between",
        Kind.CONTRADICTION: "The API answered for another allocation than the one asked",
    }[kind]
    return Stop(kind=StopKind.MISCONFIGURED, sentence=f"{meaning}; {place}.")
