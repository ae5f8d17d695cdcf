"""Check where a run sends to, and write the site context that every request carries."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from bulkcancel.client.address import check_address
from bulkcancel.client.options import ClientOptions
from bulkcancel.errors import RefusedError
from bulkcancel.model import Target

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
    parts = check_address(
        base_url,
        options,
        noun="the base URL",
        example="https://host/api/v2",
        secret="the token comes from BULKCANCEL_TOKEN or --token-file",  # noqa: S106 - a sentence
    )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


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
