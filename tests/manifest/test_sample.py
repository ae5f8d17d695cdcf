"""The sample input that ships with the tool is what its description says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bulkcancel.manifest import InputOptions, Manifest, read_manifest
from bulkcancel.model import ManifestRow, RowKind

SAMPLE = Path(__file__).parents[2] / "inputs" / "sample.csv"


def test_the_sample_has_what_a_demo_shows(
    rows_of: Callable[[Manifest], list[ManifestRow]],
) -> None:
    """Three duplicates, a blank row, no invalid one, and two allocations with a story."""
    manifest = read_manifest(InputOptions(path=str(SAMPLE)))
    counts = manifest.counts
    assert (counts.read, counts.blank, counts.invalid, counts.duplicate, counts.unique) == (
        42, 1, 0, 3, 38,
    )  # fmt: skip
    assert manifest.facts.other_columns == ("po_number", "vendor_id", "note")
    notes = {
        row.allocation_id: row.extras[2]
        for row in rows_of(manifest)
        if row.kind is RowKind.ALLOCATION
    }
    assert notes["62ff5c0bec0aed3c862040f4"] == "unknown to the API"
    assert notes["62ff5c0bec0aed3c86205e1d"] == "already shipped"
