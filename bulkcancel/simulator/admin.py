"""The addresses by which another process reads the ledger and steers the simulator."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from aiohttp import web

from bulkcancel.errors import RefusedError
from bulkcancel.simulator.app import App
from bulkcancel.simulator.faults import parse_fault
from bulkcancel.simulator.replies import encode

ADMIN_PATH = "/_simulator/"


async def administer(app: App, request: web.BaseRequest) -> web.StreamResponse:
    """Answer a request to an address under ``/_simulator/``; none of it is in the ledger.

    - ``GET ledger``: the figures and the truth about each allocation
    - ``GET entries``: every request so far; ``?after=N`` only those with a greater number
    - ``GET faults``, ``PUT faults``: the faults in place as an array of texts
    - ``PUT rate``: ``{"rate": 20, "burst": 5}``, ``{"window": [600, 60]}`` or ``{}`` for none,
      and perhaps ``"retry_after"``
    - ``DELETE tokens``: all tokens issued so far are expired
    """
    path, _, query = request.raw_path.removeprefix(ADMIN_PATH).partition("?")
    try:
        match request.method, path:
            case "GET", "ledger":
                return _json(app.ledger.summary().as_json())
            case "GET", "entries":
                first = _number(query)
                shown = [asdict(one) for one in app.ledger.entries() if one.sequence > first]
                return _json(shown)
            case "GET", "faults":
                return _json([str(fault) for fault in app.faults])
            case "PUT", "faults":
                _put_faults(app, await _payload(request))
                return _json([str(fault) for fault in app.faults])
            case "PUT", "rate":
                _put_rate(app, await _payload(request))
                return _json({})
            case "DELETE", "tokens":
                app.tokens.expire()
                return _json({})
            case _:
                return _json({"message": "no such address of the simulator"}, status=404)
    except RefusedError as error:
        return _json({"message": str(error)}, status=400)


def _put_faults(app: App, payload: Any) -> None:
    if not isinstance(payload, list) or not all(isinstance(one, str) for one in payload):
        raise RefusedError("Faults are an array of texts.")
    app.set_faults(tuple(parse_fault(text) for text in payload))


def _put_rate(app: App, payload: Any) -> None:
    if not isinstance(payload, dict) or not payload.keys() <= _RATE_TYPES.keys():
        raise RefusedError(f"A rate is an object with {', '.join(_RATE_TYPES)}.")
    for name, value in payload.items():
        if value is not None and not isinstance(value, _RATE_TYPES[name]):
            raise RefusedError(f"The value of {name} has the wrong type.")
    window = payload.get("window")
    if window is not None:
        if len(window) != 2 or not all(isinstance(one, int | float) for one in window):  # noqa: PLR2004 - a pair
            raise RefusedError("A window is [requests, seconds].")
        window = (int(window[0]), float(window[1]))
    app.gate.set_rate(
        payload.get("rate"),
        burst=payload.get("burst", 5),
        window=window,
        retry_after=payload.get("retry_after"),
    )


_RATE_TYPES: dict[str, Any] = {
    "rate": int | float,
    "burst": int,
    "window": list,
    "retry_after": str,
}


def _number(query: str) -> int:
    if not query:
        return 0
    name, _, value = query.partition("=")
    if name != "after" or not (value.isascii() and value.isdigit()):
        raise RefusedError("Entries are asked for with ?after=NUMBER or without.")
    return int(value)


async def _payload(request: web.BaseRequest) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise RefusedError("The body is not JSON.") from error


def _json(payload: object, *, status: int = 200) -> web.Response:
    return web.Response(body=encode(payload), status=status, content_type="application/json")
