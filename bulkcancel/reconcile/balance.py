"""The control totals: what the manifest, the outcomes, the attempts and the file say, compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bulkcancel.model import Outcome, RowCounts, RowKind
from bulkcancel.reconcile.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestTotals:
    """What the input was when it was read; ``hash_total`` is of its unique ids."""

    counts: RowCounts
    hash_total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTotals:
    """The cancels sent, counted from the attempts and not from the outcomes.

    ``sent`` counts sends of an allocation, ``requests`` the wire sends that they went in.
    ``by_http_status`` counts whole answers, ``no_answer`` the sends without one by cause.
    ``not_sent`` counts by cause the intents that never left: they are no part of ``sent``.
    """

    sent: int
    requests: int
    by_http_status: Mapping[str, int]
    no_answer: Mapping[str, int]
    not_sent: Mapping[str, int]
    read_backs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Two figures that must be the same, and a sentence that says whether they are.

    ``name`` is a fixed word for programs. ``ok`` may be false although both figures agree: row
    numbers can be as many as they should and still repeat.
    """

    name: str
    left: int | str
    right: int | str
    ok: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """All checks of a run; ``balanced`` if every one of them is kept."""

    balanced: bool
    checks: tuple[Check, ...]
    hash_total_manifest: str
    hash_total_outcomes: str

    @property
    def failed(self) -> tuple[Check, ...]:
        """Return the checks that are not kept."""
        return tuple(check for check in self.checks if not check.ok)


def balance(
    manifest: ManifestTotals, detail: Tally, written: Tally | None, attempts: AttemptTotals
) -> Control:
    """Hold the totals against each other.

    ``detail`` is the tally of the rows as they were given, ``written`` that of the file as it was
    read back, or ``None`` where no file was written.
    """
    checks = (
        *_row_checks(manifest.counts, detail),
        *_attempt_checks(attempts, detail),
        _check(
            "hash_total",
            ("the hash total of the input's ids", manifest.hash_total),
            ("that of the outcomes' ids", detail.hash_total),
        ),
        *(() if written is None else _file_checks(detail, written)),
    )
    return Control(
        balanced=all(check.ok for check in checks),
        checks=checks,
        hash_total_manifest=manifest.hash_total,
        hash_total_outcomes=detail.hash_total,
    )


def _row_checks(counts: RowCounts, detail: Tally) -> Iterator[Check]:
    yield _check(
        "rows_read",
        ("rows read", counts.read),
        (
            "blank, invalid, duplicate and unique rows together",
            counts.blank + counts.invalid + counts.duplicate + counts.unique,
        ),
    )
    yield _check(
        "outcomes",
        ("unique allocations", counts.unique),
        ("outcomes of every sort together", detail.outcomes.total()),
    )
    for kind, of_manifest in (
        (RowKind.BLANK, counts.blank),
        (RowKind.INVALID, counts.invalid),
        (RowKind.DUPLICATE, counts.duplicate),
        (RowKind.ALLOCATION, counts.unique),
    ):
        yield _check(
            f"rows_{kind}",
            (f"rows of the kind {kind} in the input", of_manifest),
            ("in the detail", detail.kinds[kind]),
        )
    yield _once_check(counts.read, detail)


def _once_check(read: int, detail: Tally) -> Check:
    """Return the check that every row number stands exactly once in the detail."""
    figures = ("rows read", read), ("rows in the detail", detail.rows)
    if detail.disorder is None:
        return _check("every_row_once", *figures)
    return Check(
        name="every_row_once",
        left=read,
        right=detail.rows,
        ok=False,
        sentence=(
            f"Row {detail.disorder:,} stands in the detail after a row that does not come before "
            "it: row numbers repeat or are out of order."
        ),
    )


def _attempt_checks(attempts: AttemptTotals, detail: Tally) -> Iterator[Check]:
    yield _check(
        "answers",
        ("attempts sent", attempts.sent),
        (
            "answers and missing answers together",
            sum(attempts.by_http_status.values()) + sum(attempts.no_answer.values()),
        ),
    )
    yield _check(
        "attempts",
        ("attempts sent", attempts.sent),
        ("attempts of all allocations in the detail", detail.attempts),
    )


def _file_checks(detail: Tally, written: Tally) -> Iterator[Check]:
    """Compare what was to be written with what the file holds."""
    for name, words, left, right in (
        ("file_rows", "rows", detail.rows, written.rows),
        ("file_kinds", "kinds", _listed(detail.kinds), _listed(written.kinds)),
        ("file_outcomes", "outcomes", _listed(detail.outcomes), _listed(written.outcomes)),
        ("file_attempts", "attempts", detail.attempts, written.attempts),
        ("file_hash_total", "hash total", detail.hash_total, written.hash_total),
        ("file_fingerprint", "fingerprint", detail.fingerprint, written.fingerprint),
    ):
        yield _check(name, (f"{words} of the detail", left), ("of the file read back", right))


def _listed(counts: Mapping[RowKind, int] | Mapping[Outcome, int]) -> str:
    """Return counts as one line, in an order that does not depend on the rows'."""
    return ", ".join(sorted(f"{word} {count:,}" for word, count in counts.items() if count))


def _check(name: str, left: tuple[str, int | str], right: tuple[str, int | str]) -> Check:
    ok = left[1] == right[1]
    sentence = f"{_figure(left)}; {_figure(right)}{'' if ok else ': they differ'}."
    return Check(
        name=name,
        left=left[1],
        right=right[1],
        ok=ok,
        sentence=sentence[0].upper() + sentence[1:],
    )


def _figure(named: tuple[str, int | str]) -> str:
    words, figure = named
    return f"{words}: {figure:,}" if isinstance(figure, int) else f"{words}: {figure}"
