"""What is small on the disk and endless when read is refused early; what is merely dense is not."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bulkcancel.manifest import Manifest, scan

A = "62ff5c0bec0aed3c86202c32"
HEAD = f"allocation_id,note\n{A},x\n".encode()
MIB = 1 << 20
MOST_GROWTH = 50
BOMB = "unpacks to more than 200 times its size, as no list of ids does; if it is one, unpack it"
ABOVE = "rows are blank, and no header was found"
QUOTE = "a cell has more than 131,072 characters"
Read = Callable[..., Manifest]
Refused = Callable[..., str]

# Reads what is sound, so that all is loaded; then what is not, and prints in MiB how much more
# memory it took, and what was said of it.
MEASURE = """
import sys
from pathlib import Path
from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputOptions, read_manifest
def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
read_manifest(InputOptions(path=sys.argv[1])).close()
before = peak()
try:
    read_manifest(InputOptions(path=sys.argv[2])).close()
except InputRefusedError as refusal:
    print(peak() - before, refusal)
else:
    print(peak() - before, "was read")
"""
on_linux = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs Linux to see the memory"
)


def deflated(chunks: Iterable[bytes], bits: int) -> bytes:
    """Return chunks packed as tightly as can be, without holding them all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return b"".join([*(packer.compress(chunk) for chunk in chunks), packer.flush()])


def endless(head: bytes, unit: bytes) -> bytes:
    """Return a gzip file of 64 GiB in 65 MB: a head, then the same part a thousand times."""
    part = deflated([unit * (MIB // len(unit))] * 64, 31)
    return gzip.compress(head, mtime=0) + part * 1000


def archived(head: bytes, unit: bytes) -> bytes:
    """Return an archive of a text of 64 MiB in 65 kB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("ids.csv", head + unit * (64 * MIB // len(unit)))
    return file.getvalue()


def measured(sound: Path, path: Path) -> tuple[int, str]:
    """Return how many MiB more a process took for an input, and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(sound), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown, _, said = done.stdout.partition(" ")
    return int(grown), said


@on_linux
@pytest.mark.parametrize("pack", [endless, archived])
@pytest.mark.parametrize(
    ("head", "unit"),
    [
        (HEAD, b"\n"),
        (HEAD, b",\n"),
        (HEAD, b"x\n"),
        (HEAD, f"{A},x\n".encode()),
        (HEAD, b"a"),
        (HEAD + b'"', b"\n"),
        (b"", b"\n"),
        (b"", b"allocation_id,"),
        (b"\xff\xfe", b"\n\x00"),
    ],
    ids=["blank", "empty-cells", "bad", "again", "line", "quoted", "no-header", "wide", "utf-16"],
)
def test_a_bomb_is_refused_early(
    pack: Callable[[bytes, bytes], bytes], head: bytes, unit: bytes, write: Callable[..., Path]
) -> None:
    """Whatever it unpacks to, it stops after a moment, in little memory, with a sentence.

    The larger ones would take hours to unpack.
    """
    sound = write(gzip.compress(HEAD, mtime=0))
    grown, said = measured(sound, write(pack(head, unit)))
    assert any(sentence in said for sentence in (BOMB, ABOVE, QUOTE))
    assert grown < MOST_GROWTH


def test_a_bomb_behind_an_honest_text_is_refused(refused: Refused) -> None:
    """What was spared by the first rows is no credit for ever."""
    chance = random.Random(5)
    honest = "".join(f"{chance.getrandbits(96):024x},x\n" for _ in range(2000)).encode()
    whole = deflated([HEAD, honest, *[b"\n" * MIB] * 200], 31)
    said = refused(whole)
    assert BOMB in said or "blank rows follow one another" in said


def test_a_dense_text_is_no_bomb(read: Read) -> None:
    """Ids that count up beside columns that never change: packed 50 times, and read."""
    text = "allocation_id" + "".join(f",column{n}" for n in range(20))
    same = ",".join(["the same in every row"] * 20)
    content = "\n".join([text, *(f"{n:024x},{same}" for n in range(20_000))]).encode()
    packed = gzip.compress(content, 9, mtime=0)
    assert 50 < len(content) / len(packed) < 200
    assert read(packed).counts.unique == 20_000


def test_a_small_text_may_be_of_any_density(read: Read) -> None:
    """A sheet's worth of the same row is no bomb, whatever it is packed to."""
    content = HEAD + f"{A},x\n".encode() * 15_000
    packed = gzip.compress(content, 9, mtime=0)
    assert len(content) / len(packed) > 200
    assert read(packed).counts.duplicate == 15_000


@on_linux
def test_an_end_of_blank_rows_is_waited_for_only_so_long(
    write: Callable[..., Path], read: Read
) -> None:
    """As many as a sheet has are blank rows; more are refused, and not held in memory."""
    sound = write(HEAD)
    path = write(HEAD + b"\n" * 8_000_000 + HEAD)
    grown, said = measured(sound, path)
    assert "more than 1,048,576 blank rows follow one another, down to row 10" in said
    assert grown < MOST_GROWTH
    assert read(HEAD + b"\n" * 300_000 + HEAD).counts.blank == 300_000


def test_blank_rows_in_several_places_are_counted_apart(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only an unbroken run of them is a sign of a file without an end."""
    monkeypatch.setattr(scan, "MOST_BLANK_ROWS", 20_000)
    rows = (b"\n" * 15_000 + HEAD.partition(b"\n")[2]) * 4
    assert read(HEAD + rows).counts.blank == 60_000


def test_a_header_is_looked_for_only_so_far(read: Read, refused: Refused) -> None:
    """Ten thousand blank rows above it are passed over, more are refused."""
    manifest = read(b"\n" * 10_000 + HEAD)
    assert (manifest.counts.read, manifest.first_ids) == (1, (A,))
    said = refused(b"\n" * 10_001 + HEAD)
    assert f"its first 10,000 {ABOVE}: delete them" in said


def parquet(ids: pa.Array | pa.ChunkedArray, notes: list[str] | None = None) -> bytes:
    """Return ids, and perhaps notes, as a Parquet file packed as tightly as can be."""
    columns = {"allocation_id": ids} if notes is None else {"allocation_id": ids, "note": notes}
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, compression="zstd", use_dictionary=notes is None)
    return file.getvalue()


def same_ids(count: int) -> pa.DictionaryArray:
    """Return one id over and over."""
    places = pa.repeat(pa.scalar(0, pa.int32()), count)
    return pa.DictionaryArray.from_arrays(places, pa.array([A]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: parquet(pa.nulls(40_000_000, pa.string())), "has more than 100 rows for each"),
        (lambda: parquet(same_ids(40_000_000)), "has more than 100 rows for each"),
        (lambda: parquet(pa.array([A] * 4), ["x" * 20 * MIB] * 4), "unpacks to more than 200"),
    ],
    ids=["nulls", "again", "long"],
)
def test_a_bomb_in_parquet_is_refused(
    content: Callable[[], bytes], said: str, refused: Refused
) -> None:
    """What a column says of its length is held against the size of the file before it is read."""
    assert said in refused(content(), "x.parquet")


def test_a_dense_parquet_file_is_no_bomb(read: Read) -> None:
    """A million rows of few ids, sorted: hardly any bytes, and read."""
    ids = pa.array([f"{n // 1000:024x}" for n in range(500_000)])
    manifest = read(parquet(ids), "x.parquet")
    assert (manifest.counts.unique, manifest.counts.read) == (500, 500_000)
