"""Check an address to which a secret will be sent: its form, and that nobody can read along."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from bulkcancel.client.options import ClientOptions
from bulkcancel.errors import RefusedError

_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_LABEL: Final = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NETLOC: Final = re.compile(rf"(?:(?:{_LABEL}\.)*{_LABEL}\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*")


def check_address(
    address: str, options: ClientOptions, *, noun: str, example: str, secret: str
) -> SplitResult:
    """Return the parts of an address, its host in lower case, if it can be used.

    ``noun`` and ``example`` are for the sentences, such as "the base URL"; ``secret`` says where
    the secret comes from that some people write into addresses.

    Raises:
        RefusedError: it can't be used, with a sentence that says why.
    """
    # First of all, since `urlsplit` drops line breaks and tabs without a word.
    if not _VISIBLE.fullmatch(address):
        raise RefusedError(
            f"{noun} is empty, or holds a space, a control character or a character beyond "
            f"ASCII; it looks like {example}"
        )
    # Before the address is shown in any sentence: what stands before an @ may be a password.
    if "@" in address.partition("//")[2].partition("/")[0]:
        raise RefusedError(f"{noun} holds user information (before an @): remove it, {secret}")
    if "?" in address or "#" in address:
        raise RefusedError(
            f"{noun} holds a query or a fragment (? or #): it ends with the path, like {example}"
        )
    parts = _split(address, noun, example)
    if parts.scheme == "http" and not options.allow_http and not is_loopback(parts.hostname or ""):
        raise RefusedError(
            f"{noun} {address} would send the token in the clear: use https://, or allow "
            "http:// to other hosts explicitly"
        )
    return parts._replace(netloc=parts.netloc.lower())


def _split(address: str, noun: str, example: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:  # an unclosed bracket, a port beyond 65535
        raise RefusedError(
            f"{noun} {address} has no usable host and port; it looks like {example}"
        ) from None
    if parts.scheme not in {"http", "https"}:
        raise RefusedError(
            f"{noun} {address} doesn't begin with https:// (or http://); it looks like {example}"
        )
    host = parts.hostname or ""
    if not _NETLOC.fullmatch(parts.netloc) or port == 0 or not is_name_or_address(host):
        raise RefusedError(f"{noun} {address} has no usable host and port; it looks like {example}")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise RefusedError(
            f"the path of {noun} {address} holds an empty part, a dot part or an unusual "
            f"character; it looks like {example}"
        )
    return parts


def is_name_or_address(host: str) -> bool:
    """Say whether a host is a name, or an address in its one full form."""
    if ":" not in host and host.strip("0123456789."):
        return True
    try:
        # Forms such as 127.1 or 0177.0.0.1 mean an address to some and nothing to others.
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Say whether what is sent to a host stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False
