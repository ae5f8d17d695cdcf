"""A short torture of the real command; `make torture` is the long one."""

from __future__ import annotations

from pathlib import Path

from torture import torture


def test_kills_at_random_moments(tmp_path: Path) -> None:
    """Six SIGKILLs over two runs: nothing lost, counted twice or contradicting the ledger."""
    figures = torture(tmp_path, kills=6, seed=7, ids=120)
    assert figures.violations == []
    assert figures.kills == 6
    assert figures.runs >= 1
    assert figures.puts >= figures.ids
