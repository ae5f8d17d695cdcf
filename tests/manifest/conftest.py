"""Inputs as real files, read as manifests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bulkcancel.errors import ExitCode, InputRefusedError
from bulkcancel.manifest import InputOptions, Manifest, read_manifest
from bulkcancel.model import ManifestRow


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write an input and return its path; each in a folder of its own."""
    folder = tmp_path_factory.mktemp("inputs")
    numbers = count()

    def write_input(content: str | bytes, name: str = "input.csv") -> Path:
        path = folder / str(next(numbers)) / name
        path.parent.mkdir()
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_input


@pytest.fixture(scope="session")
def read(write: Callable[..., Path]) -> Callable[..., Manifest]:
    """Write an input and read it as a manifest."""

    def read_input(content: str | bytes, name: str = "input.csv", **options: Any) -> Manifest:
        return read_manifest(InputOptions(path=str(write(content, name)), **options))

    return read_input


@pytest.fixture(scope="session")
def refused(read: Callable[..., Manifest]) -> Callable[..., str]:
    """Write an input that must be refused, and return the sentence that says why."""

    def refusal_of(content: str | bytes, name: str = "input.csv", **options: Any) -> str:
        with pytest.raises(InputRefusedError) as caught:
            read(content, name, **options)
        assert caught.value.exit_code is ExitCode.REFUSED
        return str(caught.value)

    return refusal_of


@pytest.fixture(scope="session")
def rows_of() -> Callable[[Manifest], list[ManifestRow]]:
    """Return all rows of a manifest, in one list."""
    return lambda manifest: [row for chunk in manifest.rows() for row in chunk]
