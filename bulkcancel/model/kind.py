"""The class of one answer: what one wire send means."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What one wire send means, whatever came before it."""

    NOT_SENT = "not_sent"
    UNTRUSTED = "untrusted"
    """The server's certificate is not trusted: nothing was sent, and nothing may be."""
    IN_DOUBT = "in_doubt"
    PROTOCOL = "protocol"
    """In doubt as well, and the answer has no shape that the API is known to use."""
    CONTRADICTION = "contradiction"
    """In doubt as well, and the answer speaks of another allocation, or of several."""
    MISROUTED = "misrouted"
    """In doubt as well, and the answer seems to come from something that is not the API."""
    THROTTLED = "throttled"
    NOT_APPLIED = "not_applied"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    MISCONFIGURED = "misconfigured"
    UNKNOWN_ID = "unknown_id"
    ALREADY = "already"
    WRONG_STATE = "wrong_state"
    REFUSED = "refused"
    SHOWN = "shown"
    """The API showed the one allocation asked for, with its status and version."""
    READ_UNAVAILABLE = "read_unavailable"
    """This API, or this token, offers no read: asking again is useless."""
    READ_FAILED = "read_failed"
