"""Allocation objects that are not as they should be: the faults of the family SHAPE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from bulkcancel.simulator.faults import Fault
from bulkcancel.simulator.replies import Reply, as_documented, encode

_PLACE = "@@"


def other_shape(fault: Fault, objects: Sequence[Mapping[str, Any]], *, in_array: bool) -> Reply:
    """Return 200 with what the fault makes of the objects.

    Objects for ``stale`` are shown as before by the caller, so they need no change here.
    """
    first = dict(objects[0])
    shown = fault.base

    def answer(*changed: Mapping[str, Any]) -> Reply:
        return as_documented((*changed, *objects[1:]), in_array=in_array)

    def with_version(text: str) -> Reply:
        ordinary = answer(first | {"version": _PLACE})
        body = ordinary.body.replace(encode(_PLACE), text.encode(), 1)
        return Reply(status=200, body=body)

    match shown:
        case "stale":
            return answer(first)
        case "other-id":
            return answer(first | {"allocationId": other_id(first["allocationId"])})
        case "several":
            second = first | {"allocationId": other_id(first["allocationId"])}
            return as_documented((first, second), in_array=True)
        case "empty-array":
            return Reply(status=200, body=b"[]")
        case "bare-object":
            return Reply(status=200, body=encode(first))
        case "no-version":
            return answer({name: value for name, value in first.items() if name != "version"})
        case "no-status":
            return answer({name: value for name, value in first.items() if name != "statusCode"})
        case "version-string":
            return answer(first | {"version": str(first["version"])})
        case "version-huge":
            return with_version("1e400")
        case "version-nan":
            return with_version("NaN")
        case "deep-json":
            depth = int(fault.number)
            ordinary = answer(first | {"auditLogs": _PLACE})
            body = ordinary.body.replace(encode(_PLACE), b"[" * depth + b"]" * depth, 1)
            return Reply(status=200, body=body)
        case "status":
            return answer(first | {"statusCode": fault.argument})
        case base:
            raise AssertionError(base)


def other_id(allocation_id: str) -> str:
    """Return an id that nobody asked for, 24 hex characters."""
    return blake2b(allocation_id.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
