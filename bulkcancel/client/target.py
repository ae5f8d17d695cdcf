"""Check where a run sends to, and write the site context that every request carries."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

from bulkcancel.client.options import ClientOptions
from bulkcancel.errors import RefusedError
from bulkcancel.model import Target

_EXAMPLE: Final = "https://host/api/v2"
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_LABEL: Final = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NETLOC: Final = re.compile(rf"(?:(?:{_LABEL}\.)*{_LABEL}\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9]{24}")
_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_LONGEST_STAGE: Final = 100


def check_target(target: Target, options: ClientOptions) -> Target:
    """Return ``target`` in its normal form: scheme and host in lower case, no slash at the end.

    Raises:
        RefusedError: a part of it can't be used, with a sentence that says which and why.
    """
    base_url = _checked_base(target.base_url, options)
    if not _ACCOUNT.fullmatch(target.account):
        raise RefusedError(
            "the account has to be exactly 24 letters and digits, nothing else (it is shown in "
            f"Copilot); the one given has {len(target.account)} characters"
        )
    if target.channel is not None and target.channel < 0:
        raise RefusedError(f"the channel has to be 0 or more, not {target.channel}")
    _check_stage(target.stage)
    _check_date(target.date)
    return replace(target, base_url=base_url)


def site_context(target: Target) -> str:
    """Return the value of ``x-site-context``: compact JSON in ASCII, with what is given only."""
    parts = {
        "date": target.date,
        "channel": target.channel,
        "account": target.account,
        "stage": target.stage,
    }
    given = {name: value for name, value in parts.items() if value is not None}
    return json.dumps(given, separators=(",", ":"))


def _checked_base(base_url: str, options: ClientOptions) -> str:
    # First of all, since `urlsplit` drops line breaks and tabs without a word.
    if not _VISIBLE.fullmatch(base_url):
        raise RefusedError(
            f"the base URL is empty, or holds a space, a control character or a character beyond "
            f"ASCII; it looks like {_EXAMPLE}"
        )
    # Before the address is shown in any sentence: what stands before an @ may be a password.
    if "@" in base_url.partition("//")[2].partition("/")[0]:
        raise RefusedError(
            "the base URL holds user information (before an @): remove it, the token comes from "
            "BULKCANCEL_TOKEN or --token-file"
        )
    if "?" in base_url or "#" in base_url:
        raise RefusedError(
            f"the base URL holds a query or a fragment (? or #): it ends with the path, like "
            f"{_EXAMPLE}"
        )
    parts = _split(base_url)
    if parts.scheme == "http" and not options.allow_http and not _is_loopback(parts.hostname or ""):
        raise RefusedError(
            f"the base URL {base_url} would send the token in the clear: use https://, or allow "
            "http:// to other hosts explicitly"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _split(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:  # an unclosed bracket, a port beyond 65535
        raise RefusedError(
            f"the base URL {base_url} has no usable host and port; it looks like {_EXAMPLE}"
        ) from None
    if parts.scheme not in {"http", "https"}:
        raise RefusedError(
            f"the base URL {base_url} doesn't begin with https:// (or http://); it looks like "
            f"{_EXAMPLE}"
        )
    host = parts.hostname or ""
    if not _NETLOC.fullmatch(parts.netloc) or port == 0 or not _is_name_or_address(host):
        raise RefusedError(
            f"the base URL {base_url} has no usable host and port; it looks like {_EXAMPLE}"
        )
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise RefusedError(
            f"the path of the base URL {base_url} holds an empty part, a dot part or an unusual "
            f"character; it looks like {_EXAMPLE}"
        )
    return parts


def _is_name_or_address(host: str) -> bool:
    if ":" not in host and host.strip("0123456789."):
        return True
    try:
        # Forms such as 127.1 or 0177.0.0.1 mean an address to some and nothing to others.
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def _check_stage(stage: str | None) -> None:
    if stage is None:
        return
    if not stage or not stage.isprintable():
        raise RefusedError("the stage is empty, or holds a control or an invisible character")
    if len(stage) > _LONGEST_STAGE:
        raise RefusedError(f"the stage is longer than {_LONGEST_STAGE} characters")


def _check_date(date: str | None) -> None:
    if date is None:
        return
    try:
        if _DATE.fullmatch(date):
            datetime.fromisoformat(date)
            return
    except ValueError:  # of the right form, but no such day or hour
        pass
    raise RefusedError(
        "the date is not an ISO 8601 date, such as 2023-01-01 or 2023-01-01T00:00:00.000Z"
    )
