"""A noun with some of its fields changed, whether it is a dataclass or a msgspec struct."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import msgspec

_Noun = TypeVar("_Noun")


def replace(noun: _Noun, **changes: Any) -> _Noun:
    """Return a copy with other values for the named fields."""
    if isinstance(noun, msgspec.Struct):
        return msgspec.structs.replace(noun, **changes)
    made: _Noun = dataclasses.replace(noun, **changes)  # type: ignore[type-var] # a dataclass
    return made
