"""Every file of the corpus is read exactly as it must be, or refused with its sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import office
import pytest
from case import FILE, Again, Bad, Blank, Case, Row, same
from cases import BOMBS, CASES, SAME, SUMMED
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcancel.errors import ExitCode, InputRefusedError
from bulkcancel.manifest import InputOptions, Manifest, read_manifest, refusal
from bulkcancel.model import ManifestRow, RowKind
from bulkcancel.reconcile.digest import hash_total

FILES = Path(__file__).parents[1] / "corpus" / "files"
MOST_BYTES = 2_000_000
FEWEST_FILES = 60


def cases(*, read: bool) -> list[Any]:
    """Return the cases of files that are read, or of those that are not, for a test."""
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.xfail(reason=case.finding)] if case.finding else [],
        )
        for case in CASES
        if (case.refusal is None) is read
    ]


def read(case: Case, folder: Path = FILES) -> Manifest:
    """Read a file of the corpus with the options of its case."""
    return read_manifest(InputOptions(path=str(folder / case.file), **case.given))


def told(row: ManifestRow) -> Row:
    """Return what a row was read as, in the words of the cases."""
    match row.kind:
        case RowKind.ALLOCATION:
            assert row.allocation_id is not None
            return row.allocation_id
        case RowKind.DUPLICATE:
            assert row.duplicate_of is not None
            return Again(row.duplicate_of)
        case RowKind.BLANK:
            return Blank()
        case RowKind.INVALID:
            return Bad(row.text, row.reason)


def rows_of(manifest: Manifest) -> list[ManifestRow]:
    """Return all rows of a manifest, in one list."""
    return [row for chunk in manifest.rows() for row in chunk]


def digest_of(rows: Sequence[Row]) -> str:
    """Return the digest that rows must have: that of their ids and of what stands for one."""
    ids = {number: row for number, row in enumerate(rows) if isinstance(row, str)}
    lines = []
    for row in rows:
        match row:
            case str():
                lines.append(f"id\0{row}\n")
            case Again():
                lines.append(f"id\0{ids[row.row]}\n")
            case Bad():
                lines.append(f"invalid\0{row.text}\n")
    return sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("case", cases(read=True))
def test_a_file_is_read_exactly(case: Case) -> None:
    """Each row has the kind, the number and the id, or the reason why it has none; nothing more."""
    with read(case) as manifest:
        rows = rows_of(manifest)
        assert [told(row) for row in rows] == list(case.rows)
        assert [row.row for row in rows] == list(range(case.first, case.first + len(case.rows)))
        facts = {name: getattr(manifest.facts, name) for name in case.facts}
        assert facts == case.facts
        if case.others is not None:
            assert [row.extras for row in rows] == list(case.others)
        bad = [row for row in rows if row.kind is RowKind.INVALID]
        assert manifest.counts.invalid == len(bad)
        said = str(refusal(manifest, None)).splitlines()[1:] if bad else []
        assert [line.split(":")[0] for line in said[: len(bad)]] == [
            f"  row {row.row}, column '{manifest.facts.id_column}'" for row in bad
        ]


@pytest.mark.parametrize("case", cases(read=False))
def test_a_file_is_refused_with_its_sentence(case: Case) -> None:
    """The sentence says what is wrong, where, and what to do; nothing of the file is read."""
    with pytest.raises(InputRefusedError) as caught, read(case) as manifest:
        rows_of(manifest)
    assert case.refusal is not None
    assert str(caught.value) == case.refusal.replace(FILE, f"'{FILES / case.file}'")
    assert caught.value.exit_code is ExitCode.REFUSED


def test_there_are_many_files_and_each_has_a_case() -> None:
    """No file is without an expectation, no expectation without a file, and no case comes twice."""
    names = {path.name for path in FILES.iterdir()}
    assert {case.file for case in CASES} == names
    assert len(names) >= FEWEST_FILES
    assert len({case.name for case in CASES}) == len(CASES)
    assert sum(path.stat().st_size for path in FILES.iterdir()) < MOST_BYTES


def test_the_same_data_has_the_same_digest_in_every_format() -> None:
    """Text of every style, compressed or not, Parquet and workbooks: one digest, one hash total."""
    found: dict[tuple[str, str], list[str]] = {}
    for case in SAME:
        with read(case) as manifest:
            facts = manifest.facts
        found.setdefault((facts.digest, facts.hash_total), []).append(case.name)
    ids = [row for row in same(0) if isinstance(row, str)]
    assert list(found) == [(digest_of(same(0)), hash_total(ids))]
    formats = {case.facts["format"] for case in SAME}
    assert formats == {"csv", "parquet", "xlsx"}


@pytest.mark.skipif(not office.available(), reason="LibreOffice (soffice) is not installed")
def test_libreoffice_makes_these_workbooks_today(tmp_path: Path) -> None:
    """What LibreOffice writes anew is read as what lies in the corpus."""
    made = office.workbooks()
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    cases = [case for case in CASES if case.file in made]
    assert {case.file for case in cases} == set(made)
    for case in cases:
        if case.refusal is None:
            with read(case, tmp_path) as manifest:
                assert [told(row) for row in rows_of(manifest)] == list(case.rows), case.name
        else:
            with pytest.raises(InputRefusedError) as caught:
                read(case, tmp_path)
            path = tmp_path / case.file
            assert str(caught.value) == case.refusal.replace(FILE, f"'{path}'"), case.name


def damaged(content: bytes, how: str, place: float, length: int, filling: bytes) -> bytes:
    """Return a file's bytes with some of them missing or replaced; ``place`` lies in 0 to 1."""
    start = int(place * (len(content) - 1))
    match how:
        case "cut":
            return content[:start]
        case "gap":
            return content[:start] + content[start + length :]
        case "flip":
            return (
                content[:start] + bytes([content[start] ^ 1 << length % 8]) + content[start + 1 :]
            )
        case _:
            return content[:start] + filling + content[start + len(filling) :]


@settings(deadline=None)  # a busy machine is no failure
@given(
    case=st.sampled_from(SUMMED),
    how=st.sampled_from(["cut", "gap", "flip", "fill"]),
    place=st.floats(min_value=0, max_value=1),
    length=st.integers(min_value=1, max_value=64),
    filling=st.binary(min_size=1, max_size=8),
)
def test_damage_is_refused_or_changes_no_id(
    case: Case,
    how: str,
    place: float,
    length: int,
    filling: bytes,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Bytes of a packed text or a workbook that are lost or changed never give other ids."""
    content = damaged((FILES / case.file).read_bytes(), how, place, length, filling)
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    (folder / case.file).write_bytes(content)
    try:
        with read(case, folder) as manifest:
            rows = rows_of(manifest)
    except InputRefusedError:
        return
    kinds = [told(row) for row in rows]
    assert [row for row in kinds if isinstance(row, str | Again)] == [
        row for row in case.rows if isinstance(row, str | Again)
    ]


MEASURE = """
import sys
from pathlib import Path
from typing import Any
from bulkcancel.errors import InputRefusedError
from bulkcancel.manifest import InputOptions, read_manifest

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

count = int(sys.argv[1])
for path in sys.argv[2 : 2 + count]:  # what reading needs at all is loaded before it is measured
    read_manifest(InputOptions(path=path)).close()
before = peak()
for path in sys.argv[2 + count :]:
    try:
        read_manifest(InputOptions(path=path)).close()
    except InputRefusedError:
        continue
    raise SystemExit(f"{path} was read")
print(peak() - before)
"""
MOST_GROWTH = 50  # MiB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to see the memory")
def test_a_bomb_is_refused_in_little_memory() -> None:
    """What would unpack to many times its size is refused before it fills the memory."""
    sound = ("packed-same.csv.gz", "packed-same.zip", "xlsx-same-shared.xlsx")
    paths = [str(FILES / name) for name in (*sound, *BOMBS)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(len(sound)), *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST_GROWTH
