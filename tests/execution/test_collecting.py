"""The collector of cycles is held back for a run, and left as it was found."""

from __future__ import annotations

import gc

import pytest

from bulkcancel.execution.collecting import rare_collections


def test_it_is_as_before_afterwards() -> None:
    """However the run ends, a program that uses the library finds its own settings again."""
    before, frozen = gc.get_threshold(), gc.get_freeze_count()

    def run() -> None:
        with rare_collections():
            assert gc.get_threshold()[0] > before[0]
            assert gc.get_freeze_count() > frozen
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)


def test_cycles_are_still_collected() -> None:
    """What forms a cycle and is let go does not pile up."""
    with rare_collections():
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(50_000):
            cycle: list[object] = []
            cycle.append(cycle)
        assert len(gc.get_objects()) - before < 10_000
