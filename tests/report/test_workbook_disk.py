"""A workbook that can't be written: a full disk, a folder that is gone, a run that is given up."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from readxlsx import summary_of, workbook_of

from bulkcancel.errors import ReportError
from bulkcancel.model import DetailRow, Outcome
from bulkcancel.report import ReportSource
from bulkcancel.report.workbook import WorkbookFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

OTHERS = ("note", "empty")


@pytest.fixture
def source(
    source_of: Callable[..., ReportSource], every_outcome: tuple[DetailRow, ...]
) -> ReportSource:
    """A source with a row of every kind and outcome."""
    return source_of(every_outcome, other_columns=OTHERS)


class FullDisk(io.BytesIO):
    """A file that takes so many bytes and then no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: ReadableBuffer, /) -> int:
        """Take bytes as long as there is room."""
        self._room -= memoryview(data).nbytes
        if self._room < 0:
            raise ReportError("no more room")
        return super().write(data)


@pytest.mark.parametrize("room", [0, 40, 1_000, 5_000, 9_000, 13_000])
def test_a_file_that_is_full_is_told_as_it_is(
    tmp_path: Path, source: ReportSource, room: int
) -> None:
    """Wherever the room ends the error comes through, nothing follows it and nothing is left."""
    assert len(workbook_of(source, tmp_path)) > 13_000

    def write() -> None:
        with WorkbookFile(
            FullDisk(room),
            tmp_path,
            id_column="id",
            other_columns=OTHERS,
            run="r1",
            rows=36,
            most_rows=100,
        ) as workbook:
            for rows in source.rows():
                workbook.add(rows.rows())
            workbook.finish(summary_of(source))

    with pytest.raises(ReportError, match="no more room"):
        write()
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_behind(tmp_path: Path, source: ReportSource) -> None:
    """Not after success, not while it is written, and not when it is given up."""

    def give_up() -> None:
        with WorkbookFile(
            io.BytesIO(),
            tmp_path,
            id_column="id",
            other_columns=OTHERS,
            run="r1",
            rows=36,
            most_rows=100,
        ) as workbook:
            for rows in source.rows():
                workbook.add(rows.rows())
            assert list(tmp_path.iterdir()) == [], "what is kept aside has no name"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        give_up()
    workbook_of(source, tmp_path)
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_told(tmp_path: Path, source: ReportSource) -> None:
    """What can't be kept aside is a sentence, and says which file it was for."""
    with pytest.raises(ReportError) as caught:
        workbook_of(source, tmp_path / "gone")
    assert str(caught.value) == (
        f"{tmp_path / 'gone' / 'reconciliation.xlsx'} can't be written (No such file or "
        "directory); the journal is complete: `bulkcancel report RUN` writes the reports again."
    )


HARNESS = """
import io, random, resource, sys
from pathlib import Path
from bulkcancel.errors import ReportError
from bulkcancel.model import DetailRow, Outcome, RowKind
from bulkcancel.report.workbook import WorkbookFile

folder, limit, outcome = Path(sys.argv[1]), int(sys.argv[2]), Outcome(sys.argv[3])
chance = random.Random(1)
rows = [
    DetailRow(
        row=number,
        kind=RowKind.ALLOCATION,
        allocation_id=f"{chance.getrandbits(96):024x}",
        outcome=outcome,
    )
    for number in range(5_000)
]
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with WorkbookFile(
        io.BytesIO(), folder, id_column="id", other_columns=(), run="r1", rows=len(rows),
        most_rows=int(sys.argv[4]),
    ) as workbook:
        workbook.add(rows)
        print("kept")
        workbook.finish({})
except ReportError as error:
    print(error)
"""


@pytest.mark.parametrize(("outcome", "most"), [(Outcome.CANCELLED, 100_000), (Outcome.UNKNOWN, 0)])
@pytest.mark.parametrize("limit", [100, 20_000, 60_000])
def test_a_disk_too_full_for_what_is_kept_aside(
    tmp_path: Path, limit: int, outcome: Outcome, most: int
) -> None:
    """Rows and breaks that can't be kept aside are told in the same words, without a trace."""
    ran = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            HARNESS,
            str(tmp_path),
            str(limit),
            outcome,
            str(most),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.removeprefix("kept\n") == (
        f"{tmp_path / 'reconciliation.xlsx'} can't be written (File too large); the journal is "
        "complete: `bulkcancel report RUN` writes the reports again.\n"
    )
    assert ran.stderr == ""
    assert list(tmp_path.iterdir()) == []
