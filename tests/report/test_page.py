"""The page as text: whole, safe, the same each time, and small however large the run."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from pagecase import RUN, Case, allocation, busy, case
from pagecases import CASES, bad, clean, foreign, million, resumed, stopped, tiny

from bulkcancel.model import DetailRow, Figures, Outcome
from bulkcancel.report import ReportSource, write_reports
from bulkcancel.report.words import MEANINGS, headlines

VOID = {"meta", "br"}
SAFE_LINKS = re.compile(r"#[a-z-]+|[a-z]+\.(csv|xlsx|json)")
MOST_BYTES = 150_000


class Outline(HTMLParser):
    """Reads a page, and complains of what is not closed in order.

    Attributes:
        ids: the ids of elements, in order.
        found: each element's name with its attributes.
        headings: the levels of the headings.
        drawings: the attributes of each drawing that is not within another.
        text: all text but that of the style.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.drawings: list[dict[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element."""
        named = dict(attrs)
        assert len(named) == len(attrs), f"{tag} has an attribute twice"
        self.found.append((tag, named))
        if (own := named.get("id")) is not None:
            self.ids.append(own)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "svg" and "svg" not in self._open:
            self.drawings.append(named)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that closes itself: only a drawing has such."""
        assert "svg" in self._open, f"<{tag}/> outside of a drawing"
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Take the end of an element."""
        assert self._open.pop() == tag, f"{tag} is closed out of order"

    def handle_data(self, data: str) -> None:
        """Take text."""
        if "style" not in self._open:
            self.text += data


@pytest.fixture(scope="module", params=CASES)
def page(request: pytest.FixtureRequest) -> str:
    """The page of each sort of run."""
    return CASES[request.param]().page()


def test_well_formed(page: str) -> None:
    """Elements are closed in order, ids are unique, and what refers to one finds it."""
    outline = Outline(page)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert len(outline.ids) == len(set(outline.ids))
    for _, attributes in outline.found:
        for label in (attributes.get("aria-labelledby") or "").split():
            assert label in outline.ids
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in outline.ids
    for reference in re.findall(r"url\(#([^)]+)\)", page):
        assert reference in outline.ids


def test_one_headline_and_headings_in_order(page: str) -> None:
    """There is one h1, and no level is skipped."""
    headings = Outline(page).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))


def test_drawings_are_told_or_hidden(page: str) -> None:
    """A chart has a title and a description; what only repeats figures beside it is hidden."""
    for attributes in Outline(page).drawings:
        if attributes.get("aria-hidden") != "true":
            assert attributes["role"] == "img"
            assert len((attributes["aria-labelledby"] or "").split()) == 2


def test_tables_have_captions_and_scopes(page: str) -> None:
    """Each table says what it holds, and each heading cell which way it heads."""
    elements = Outline(page).found
    tables = sum(tag == "table" for tag, _ in elements)
    assert tables == sum(tag == "caption" for tag, _ in elements)
    for tag, attributes in elements:
        if tag == "th":
            assert attributes["scope"] in {"col", "row", "rowgroup"}


def test_nothing_is_loaded_and_nothing_runs(page: str) -> None:
    """No script, no handler, no style attribute, no address but those of the files beside it."""
    for tag, attributes in Outline(page).found:
        assert tag not in {"script", "link", "img", "iframe", "form", "base", "object", "use"}
        assert "style" not in attributes
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        if "href" in attributes:
            assert SAFE_LINKS.fullmatch(attributes["href"] or "")
    assert "@import" not in page
    assert set(re.findall(r"url\((.)", page)) <= {"#"}


def test_the_policy_permits_this_style_only(page: str) -> None:
    """The content policy names the hash of the one style block, and permits nothing else."""
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = policy.replace("&#39;", "'").replace("&#43;", "+")
    assert policy.split("; ") == [
        "default-src 'none'", f"style-src 'sha256-{digest}'", "img-src 'none'",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert '<meta name="referrer" content="no-referrer">' in page
    assert '<meta name="robots" content="noindex">' in page


def test_small(page: str) -> None:
    """No page is large."""
    assert len(page.encode()) < MOST_BYTES


def test_every_character_can_be_seen(page: str) -> None:
    """No control character and none that turns the direction of writing is in it."""
    assert all(char.isprintable() or char == "\n" for char in page)


def test_the_same_text_each_time() -> None:
    """The same arguments give the same page, to the letter."""
    assert bad().page() == bad().page()
    assert foreign().page() == foreign().page()


def test_written_with_the_other_reports(
    tmp_path: Path, source_of: Callable[..., ReportSource], every_outcome: tuple[DetailRow, ...]
) -> None:
    """A run's end writes the page beside the other files, and a rebuild writes the same bytes."""
    source = source_of(every_outcome, other_columns=("note", "empty"))
    written = write_reports(tmp_path, source)
    first = (tmp_path / "report.html").read_bytes()
    write_reports(tmp_path, source)
    assert (tmp_path / "report.html").read_bytes() == first
    digest = hashlib.sha256(first).hexdigest()
    assert written.summary["files"]["report.html"] == digest
    outline = Outline(first.decode())
    for name, own in written.summary["files"].items():
        assert (own in outline.text) == (name != "report.html")
    for tag, attributes in outline.found:
        if tag == "a" and not (attributes["href"] or "").startswith("#"):
            assert (tmp_path / (attributes["href"] or "")).exists()


@pytest.mark.parametrize("name", CASES)
def test_the_words_of_the_terminal(name: str) -> None:
    """Verdict, headlines and meanings stand there in the same words; every outcome is named."""
    made = CASES[name]()
    text = Outline(made.page()).text
    assert made.summary["verdict"] in text
    for label, words in headlines(made.summary):
        assert label in text
        assert words in text
    for word, count in made.summary["outcomes"].items():
        if count:
            assert MEANINGS[word] in text
            assert f"{count:,}" in text
        elif made.summary["rows"]["unique"]:
            assert word in text
    for check in made.summary["control"]["checks"]:
        assert check["sentence"] in text or len(check["sentence"]) > 500


@pytest.mark.parametrize(
    ("made", "words", "command"),
    [
        (clean(), "Complete", False),
        (tiny(), "Complete", False),
        (case([allocation(2, Outcome.NOT_FOUND)]), "Finished with breaks", False),
        (bad(), "Some are unknown", True),
        (stopped(), "Stopped early, resumable", True),
    ],
    ids=["clean", "tiny", "breaks", "unknown", "stopped"],
)
def test_state_and_next_command(made: Case, words: str, command: bool) -> None:  # noqa: FBT001
    """The state is said in words, and the one command that goes on if there is something to do."""
    page = made.page()
    assert f"<strong>{words}</strong>" in page
    assert f"<title>{words} · run {RUN} · bulkcancel</title>" in page
    assert (f"<code>bulkcancel resume {RUN}</code></pre>" in page) == command
    assert ("Nothing is left to do." in page) == (words == "Complete")


def test_foreign_text_stays_text() -> None:
    """Markup, template code and invisible characters from outside are shown, and do nothing."""
    page = foreign().page()
    assert "<script" not in page
    assert "<b>" not in page.replace("<b>", "", page.count('total"><b>') + page.count("</i> <b>"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert r"\u202egnp.exe\x1b[31m &amp; " in page
    assert r"\ud800" in page
    assert "{{ 7*7 }}" in page
    assert "تم رفض الطلب" in page
    assert "y" * 61 not in page


def test_a_million_rows_are_put_together() -> None:
    """Groups are capped, rows beyond them are counted, and the files that have all are linked."""
    page = million().page()
    text = Outline(page).text
    assert "HTTP 409: … is …" in text
    assert 20 < page.count('class="examples"') <= 40
    assert "other reasons: see breaks.csv" in text
    assert "The first 32 starts are not shown here." in text
    assert "The 40 largest of 5,000 combinations" in text
    assert "grew by 2 to 1,999" in text
    assert '<a href="breaks.csv">' in page
    assert '<a href="reconciliation.csv">' in page


def test_breaks_have_their_next_step() -> None:
    """Each outcome among the breaks says what to do, and its commands are set as such."""
    page = bad().page()
    assert f"or go on with <code>bulkcancel resume {RUN}</code>, which reads it back first." in page
    assert "Run <code>retry.csv</code> as a new input once the API is well" in page
    assert "HTTP 400: because of unknown, …" in page
    assert "6.2E+23" in page


def test_what_there_is_not_is_said() -> None:
    """Where there is nothing to show, a sentence says so."""
    text = Outline(case([], figures=Figures()).page()).text
    for sentence in (
        "There was no allocation to cancel.",
        "There was no request.",
        "There was no answer.",
        "There is none.",
        "No version was seen before a cancel",
        "No cancel was sent.",
        "Nothing held a request back.",
    ):
        assert sentence in text


def test_starts_are_told_apart() -> None:
    """A run that was resumed shows each start, and when it was."""
    text = Outline(resumed().page()).text
    assert "in 3 starts" in text
    assert "start 1" in text
    assert "2 at 2026-11-24 00:01:41, 3 at 2026-11-24 01:08:21." in text


def test_totals_that_do_not_balance_are_shouted() -> None:
    """A page made from totals that contradict each other says so, and so does each check."""
    made = case([allocation(2, Outcome.CANCELLED)], attempts={"sent": 3}, figures=busy(3))
    page = made.page()
    assert "The totals do not balance" in page
    assert "✗ DIFFERS" in page
    assert "<strong>Not to be relied on</strong>" in page
    assert "<i>≠</i>" in page


def test_a_summary_that_lacks_what_is_optional() -> None:
    """A summary of a hand-made source needs no more than its documented keys."""
    made = clean(3)
    summary = dict(made.summary)
    for name in ("segments", "stop", "forecast"):
        del summary[name]
    summary["input"] = {"path": "-", "sha256": "ab", "bytes": 1, "id_column": "id", "sheet": None}
    summary["target"] = {"base_url": "http://h", "account": "a", "stage": None, "channel": None}
    page = type(made)(summary=summary, figures=Figures(), groups=made.groups).page()
    assert "standard input" in page
