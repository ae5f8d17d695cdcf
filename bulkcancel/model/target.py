"""Where a run sends: the API's base address and the site context."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The API that a run speaks to; checked by `bulkcancel.client.check_target`.

    ``base_url`` has no trailing slash (``https://host/api/v2``). ``account`` is the 24 character
    identifier; ``channel`` a number, ``stage`` an environment's name and ``date`` an ISO 8601
    date narrow the ``x-site-context`` further and are left out of it when ``None``.
    """

    base_url: str
    account: str
    channel: int | None = None
    stage: str | None = None
    date: str | None = None
