"""The search for secrets finds them: a search that can't fail would prove nothing."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sentinels import AT_ONCE, leaks, told


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that the search of the whole test run does not look into."""
    with TemporaryDirectory() as made:
        yield Path(made)


@pytest.mark.parametrize("secret", ["a Sentinel", "SENTINEL", "simulated-0123abcd"])
def test_secrets_are_found_in_every_sort_of_file(folder: Path, secret: str) -> None:
    """In plain files, in members of archives, in gzip files, in Parquet columns, in names."""
    (folder / "plain.txt").write_text(f"x{secret}x")
    with zipfile.ZipFile(folder / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet.xml", f"{'x' * 999}{secret}")
    (folder / "ids.csv.gz").write_bytes(gzip.compress(f"{'y' * 999}{secret}".encode()))
    frame = pd.DataFrame({"note": [secret, "b"]}, dtype="string")
    frame.to_parquet(folder / "rows.parquet", compression="zstd")
    alike = pa.table([pa.array(["b"]), pa.array([secret])], names=["n", "n"])
    pq.write_table(alike, folder / "alike.parquet")
    (folder / f"named {secret}").touch()
    found = {line.removeprefix(f"{folder}/") for line in leaks(folder)}
    assert found - {
        "rows.parquet",
        "alike.parquet",
    } == {  # its statistics are not packed, and found as well
        "plain.txt",
        "book.xlsx (member xl/sheet.xml)",
        "ids.csv.gz (unpacked)",
        "rows.parquet (column note)",
        "alike.parquet (column n)",
        f"named {secret} (its name)",
    }
    assert told(secret)


def test_a_secret_is_found_wherever_it_lies_in_a_large_file(folder: Path) -> None:
    """Files are searched in portions; one that lies across two of them is found as well."""
    for before in range(AT_ONCE - 9, AT_ONCE + 2):
        (folder / "large.bin").write_bytes(bytes(before) + b"Sentinel" + bytes(9))
        assert list(leaks(folder)) == [str(folder / "large.bin")]


def test_what_is_meant_to_hold_one_is_left_out(folder: Path) -> None:
    """A file of a secret is named so; nothing else is found where nothing is."""
    (folder / "token.secret").write_text("sentinel")
    (folder / ".netrc").write_text("sentinel")
    (folder / "damaged.xlsx").write_bytes(b"PK\x03\x04 cut off")
    (folder / "simulated-night.csv").write_text("a simulated night, and nothing else")
    assert list(leaks(folder)) == []
