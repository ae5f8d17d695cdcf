"""``reports/latest``: it leads to the run that published last, or is left alone."""

from __future__ import annotations

import threading
from pathlib import Path

from bulkcancel.execution.latest import drop_dangling_latest, point_latest


def run_in(reports: Path, name: str) -> Path:
    """Make a run folder with a summary that tells its name."""
    (reports / name).mkdir()
    (reports / name / "summary.json").write_text(name)
    return reports / name


def test_it_leads_to_the_run_that_published_last(tmp_path: Path) -> None:
    """The link is relative, so that it still leads there when the reports are moved."""
    reports = tmp_path / "reports"
    reports.mkdir()
    for name in ("one", "two"):
        assert point_latest(run_in(reports, name)) == ""
        assert (reports / "latest" / "summary.json").read_text() == name
    assert sorted(path.name for path in reports.iterdir()) == ["latest", "one", "two"]
    moved = reports.rename(tmp_path / "moved")
    assert (moved / "latest" / "summary.json").read_text() == "two"


def test_a_run_that_was_named_by_the_link(tmp_path: Path) -> None:
    """`bulkcancel resume latest` leaves the link leading to that run, and not to itself."""
    for name in ("one", "two"):
        point_latest(run_in(tmp_path, name))
    assert point_latest(tmp_path / "latest") == ""
    assert (tmp_path / "latest" / "summary.json").read_text() == "two"


def test_a_reader_never_finds_it_missing(tmp_path: Path) -> None:
    """While it is moved to and fro, whoever reads through it finds one run or the other."""
    runs = [run_in(tmp_path, name) for name in ("one", "two")]
    point_latest(runs[0])
    done = threading.Event()
    seen: set[str] = set()

    def read() -> None:
        while not done.is_set():
            seen.add((tmp_path / "latest" / "summary.json").read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2000):
        assert point_latest(runs[number % 2]) == ""
    done.set()
    reader.join(30)
    assert seen <= {"one", "two"}
    assert seen


def test_what_is_no_link_is_left_alone(tmp_path: Path) -> None:
    """A folder or a file of that name stays, and a sentence says so."""
    folder = run_in(tmp_path, "one")
    own = run_in(tmp_path, "latest")
    assert "is no link" in point_latest(folder)
    assert (own / "summary.json").read_text() == "latest"
    (own / "summary.json").unlink()
    own.rmdir()
    own.write_text("a file")
    assert "is no link" in point_latest(folder)
    assert own.read_text() == "a file"


def test_where_it_can_not_be_made_a_sentence_says_so(tmp_path: Path) -> None:
    """No error, and no litter."""
    assert "can't be made" in point_latest(tmp_path / "nowhere" / "one")
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_nothing_is_dropped(tmp_path: Path) -> None:
    """One that still leads to a run stays, and so does what is no link."""
    folder = run_in(tmp_path, "one")
    assert not drop_dangling_latest(tmp_path)
    point_latest(folder)
    assert not drop_dangling_latest(tmp_path)
    (folder / "summary.json").unlink()
    folder.rmdir()
    assert drop_dangling_latest(tmp_path)
    assert list(tmp_path.iterdir()) == []
