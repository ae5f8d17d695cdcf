"""The query: which of the allocations there are it finds, and which page of them it shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from bulkcancel.simulator.allocations import Allocation, Allocations
from bulkcancel.simulator.options import SimulatorOptions
from bulkcancel.simulator.replies import JSON_TYPE, Reply, as_documented, encode, message

NOTHING_FOUND = "No allocations found"
"""The bare JSON string of a 404; the words are made up, the shape is the documented one."""

_RANGE = frozenset({"gt", "gte", "lt", "lte"})


class Queries:
    """Answers queries over everything there is, as well or as badly as the options say."""

    def __init__(self, allocations: Allocations, options: SimulatorOptions) -> None:
        self._allocations = allocations
        self._options = options
        self._moves = options.query_moves
        self._last: tuple[object, list[tuple[Allocation, dict[str, Any]]]] | None = None
        self.asked = 0

    def answer(self, content_type: str, body: bytes) -> Reply:
        """Return the page that a query asks for, or the refusal of a query that can't be."""
        self.asked += 1
        if content_type.partition(";")[0].strip().lower() != JSON_TYPE:
            return message(415, f"The content type has to be {JSON_TYPE}")
        try:
            query = json.loads(body)
        except ValueError:
            return message(400, "The query is not JSON")
        if not isinstance(query, dict) or not isinstance(query.get("filters", {}), dict):
            return message(400, "The query is an object, and so are its filters")
        limit, offset = query.get("limit", 10), query.get("offset", 0)
        if not (_is_count(limit) and limit and _is_count(offset)):
            return message(400, "limit is 1 or more, offset 0 or more")
        found = self._found(query)
        if found is None:
            return message(400, f"It can't be sorted by {query.get('sortBy')!r}")
        start = {
            "counted": offset,
            "ignored": 0,
            "pages": offset * limit,
            "rounded": offset - offset % limit,
        }[self._options.query_offset]
        page = found[start : start + min(limit, self._options.query_cap or limit)]
        reply = Reply(status=404, body=encode(NOTHING_FOUND))
        if page:
            reply = as_documented([shown for _, shown in page], in_array=True)
        if self._moves and found:
            self._moves -= 1
            last, _ = found[-1]
            last.change(last.status)
        return reply

    def _found(self, query: Mapping[str, Any]) -> list[tuple[Allocation, dict[str, Any]]] | None:
        """Return all that a query finds, in its order; ``None`` if it has no such order."""
        there = list(self._allocations.everything())
        by, descending = query.get("sortBy", "updatedAt"), query.get("sortDirection") == "desc"
        wanted = {} if self._options.query_filters == "ignored" else query.get("filters", {})
        # Every change counts the version up, so this is another one whenever anything is.
        state = (str(wanted), by, descending, len(there), sum(one.version for one in there))
        if self._last is None or self._last[0] != state:
            loose = self._options.query_filters == "loose"
            shown = [(one, self._allocations.show(one)) for one in there]
            found = [pair for pair in shown if _fits(pair[1], wanted, loose=loose)]
            keys = [fields.get(str(by)) for _, fields in shown]
            if not all(isinstance(key, str) for key in keys):
                return None
            found.sort(key=lambda pair: str(pair[1][str(by)]), reverse=descending)
            self._last = state, found
        return self._last[1]


def _fits(value: Any, wanted: Any, *, loose: bool) -> bool:
    """Say whether a value is as the filter wants it, by the operators that are documented."""
    match wanted:
        case dict() if wanted and wanted.keys() <= _RANGE:
            return isinstance(value, str) and all(
                _within(value, name, bound) for name, bound in wanted.items()
            )
        case dict():
            return isinstance(value, Mapping) and all(
                _fits(value.get(name), part, loose=loose) for name, part in wanted.items()
            )
        case list():
            return any(_fits(value, one, loose=loose) for one in wanted)
        case str() if loose and isinstance(value, str):
            return value.casefold().startswith(wanted.casefold())
        case str() if "*" in wanted and isinstance(value, str):
            return fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]"))
        case _:
            return bool(value == wanted)


def _within(value: str, name: str, bound: Any) -> bool:
    if value == bound:
        return name in {"gte", "lte"}
    return (value > str(bound)) == name.startswith("g")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
