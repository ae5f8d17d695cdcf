"""What a foreign exception means: nothing was sent, or no answer came. The only translation."""

from __future__ import annotations

import errno
import os
import ssl
from typing import Final

import aiohttp

from bulkcancel.client.wire import UnaskedError
from bulkcancel.model import NoAnswer, NoAnswerCause, NotSent, NotSentCause

# No text of a foreign exception is ever passed on: some hold the request, and with it the token.
_LATE_HANDSHAKE: Final = "the TLS handshake was not finished in time"
_CUT_HANDSHAKE: Final = "the connection was closed during the TLS handshake"


class UntranslatableError(Exception):
    """A failure before anything was sent that no peer can cause: a fault of the program."""


def not_sent(failure: Exception, *, is_tls: bool) -> NotSent:
    """Return why nothing was sent.

    Raises:
        UntranslatableError: ``failure`` is none that a network or a server can cause.
    """
    match failure:
        case aiohttp.ClientConnectorCertificateError():
            return NotSent(cause=NotSentCause.CERTIFICATE, detail=_why_untrusted(failure))
        case aiohttp.ClientConnectorDNSError():
            return NotSent(cause=NotSentCause.DNS, detail=failure.os_error.strerror or "")
        case ssl.SSLError():  # aiohttp's ClientConnectorSSLError is one as well
            return NotSent(cause=NotSentCause.TLS, detail=_tls_reason(failure))
        case aiohttp.ClientConnectorError():
            return _unconnected(failure.os_error, is_tls=is_tls)
        case aiohttp.InvalidURL():
            raise UntranslatableError(type(failure).__name__) from None
        case OSError():
            return _unconnected(failure, is_tls=is_tls)
        case UnaskedError():
            detail = "the server speaks before it is asked"
            return NotSent(cause=NotSentCause.UNREACHABLE, detail=detail)
        case aiohttp.ClientError():
            detail = "the connection could not be made"
            return NotSent(cause=NotSentCause.UNREACHABLE, detail=detail)
        case _:
            raise UntranslatableError(type(failure).__name__) from None


def no_answer(failure: Exception, *, http_status: int | None = None) -> NoAnswer:
    """Return why no whole answer came; ``http_status`` is that of an answer whose head came.

    Total: after the headers were written, whatever happens leaves the send in doubt.
    """

    def found(cause: NoAnswerCause, detail: str) -> NoAnswer:
        return NoAnswer(cause=cause, detail=detail, http_status=http_status)

    match failure:
        case aiohttp.ServerDisconnectedError():
            detail = "the server closed the connection before it answered"
            return found(NoAnswerCause.DISCONNECTED, detail)
        case aiohttp.ClientPayloadError():
            return found(NoAnswerCause.TRUNCATED, "the body ended before its end")
        case aiohttp.ClientResponseError():
            return found(NoAnswerCause.BAD_HTTP, "the answer is not valid HTTP")
        case OSError() if _is_timeout(failure):
            return found(NoAnswerCause.TIMEOUT, "no whole answer within the timeout")
        case OSError() if isinstance(failure.__cause__ or failure, ssl.SSLError):
            return found(NoAnswerCause.RESET, "the TLS connection broke")
        case OSError():
            return found(NoAnswerCause.RESET, _os_words(failure) or "the connection broke")
        case aiohttp.ClientConnectionError():
            return found(NoAnswerCause.DISCONNECTED, "the connection was closed")
        case _:
            return found(NoAnswerCause.BAD_HTTP, "the answer could not be read")


def _unconnected(failure: OSError, *, is_tls: bool) -> NotSent:
    words = _os_words(failure)
    match failure:
        case OSError() if _is_timeout(failure):
            detail = words or "no connection within the timeout"
            return NotSent(cause=NotSentCause.CONNECT_TIMEOUT, detail=detail)
        case ConnectionRefusedError() | OSError(errno=errno.ECONNREFUSED):
            return NotSent(cause=NotSentCause.REFUSED, detail=words)
        case ConnectionAbortedError() if is_tls and failure.errno is None:
            return NotSent(cause=NotSentCause.CONNECT_TIMEOUT, detail=_LATE_HANDSHAKE)
        case ConnectionError() if is_tls:
            return NotSent(cause=NotSentCause.TLS, detail=_CUT_HANDSHAKE)
        case _:
            detail = words or "the connection could not be made"
            return NotSent(cause=NotSentCause.UNREACHABLE, detail=detail)


def _is_timeout(failure: OSError) -> bool:
    return isinstance(failure, TimeoutError) or failure.errno == errno.ETIMEDOUT


def _os_words(failure: OSError) -> str:
    # By the number, since the exception's own text may name addresses.
    return os.strerror(failure.errno) if failure.errno is not None else ""


def _why_untrusted(failure: aiohttp.ClientConnectorCertificateError) -> str:
    cause = failure.certificate_error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return str(cause.verify_message).rstrip(".")
    return "the server's certificate is not trusted"


def _tls_reason(failure: ssl.SSLError) -> str:
    inner = failure.os_error if isinstance(failure, aiohttp.ClientConnectorError) else failure
    reason = inner.reason if isinstance(inner, ssl.SSLError) else None
    return (reason or "the TLS handshake failed").lower().replace("_", " ")
