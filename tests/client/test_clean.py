"""A server's message keeps its sense and loses what a report must not hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcancel.client import Secret
from bulkcancel.client.clean import LONGEST, clean_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLXRoaXM"
TOKEN = Secret("0123-opaque/TOKEN+sentinel=~abc")
PLAIN = st.text(st.characters(categories=["Ll", "Lu", "Po", "Zs"], exclude_characters="@%"))
VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=400)


@pytest.mark.parametrize(
    "text",
    [
        "AllocationRequestId Not Found/Valid",
        "Allocation 62ff5c0bec0aed3c86202c32 is already cancelled or scratched",
        "404 123456789012345678901234 not found",
        "5 62345678901234567890abcd",
        "ALLOCATION-2005: already cancelled at 2023-01-01T00:00:00.123456789Z",
        "SERVICE-4006 12345 modified by another request, please resubmit",
        "on 2023-01-01, 2024-12-31 and 2022-08-01 18:03:28",
        "request 550e8400-e29b-41d4-a716-446655440000 failed",
        "Bearer token expired",
        "Bearer authentication: missing role (403)",
        "quantity 12 of 345 at location 1234B, order 123456",
        "Größe → 50 % „ok“ 日本語",
    ],
)
def test_what_explains_an_outcome_stays(text: str) -> None:
    """Ids, error codes, dates, small numbers and words are left as they are."""
    assert clean_text(text, TOKEN) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (f"no role for {JWT}!", "no role for [redacted]!"),
        (f"token={JWT}", "[redacted]"),
        (f"cut: {JWT[:30]}", "cut: [redacted]"),
        ("Authorization: Bearer xxx1", "Authorization: Bearer [redacted]"),
        ("bearer AbCdEf,", "bearer [redacted],"),
        (f"bad {TOKEN.reveal()} given", "bad [redacted] given"),
        (f"bad {TOKEN.reveal()[:12]}... given", "bad [redacted] given"),
        (f"bad {TOKEN.reveal()[5:25]} given", "bad [redacted] given"),
        ("mail jane.doe+x@example.com now", "mail [e-mail] now"),
        ("<mailto:jane@localhost>", "<[e-mail]>"),
        ("jane%40example.com", "[e-mail]"),
        ("jane\uff20example.com", "[e-mail]"),
        ("call +49 (0) 30 / 123-456 today", "call [number] today"),
        ("call 555.123.4567, or 5551234567", "call [number], or [number]"),
        ("phone_5551234567x", "phone_[number]x"),
        ("tel\u00a0555\u20111234567", "tel [number]"),
        ("٥٥٥١٢٣٤٥٦٧", "[number]"),
        ("a\r\nb\tc\x0bd\u2028e\x85f", "a b c d e f"),
        ("\x1b[31mred\x07\x00", "[31mred"),
        ("ab\u202ecd\u2066ef\u200bgh\ufeffij\u00adk", "abcdefghijk"),
        ("lone \ud800 surrogate, \ue000 private", "lone surrogate, private"),
        ("   ", ""),
    ],
)
def test_what_a_report_must_not_hold_goes(text: str, cleaned: str) -> None:
    """Tokens, addresses, telephone numbers and unprintable characters are taken out."""
    assert clean_text(text, TOKEN) == cleaned


@given(before=PLAIN, after=PLAIN, token=VISIBLE)
def test_the_token_never_comes_through(before: str, after: str, token: str) -> None:
    """Neither as it is, nor put together by removing what was hidden in it."""
    half = len(token) // 2
    for glue in ("", "\u200b", "\x00"):
        text = f"{before} {token[:half]}{glue}{token[half:]} {after}"
        assert token not in clean_text(text, Secret(token))


@given(before=PLAIN, after=PLAIN, digits=st.text("0123456789", min_size=7, max_size=23))
def test_a_long_number_never_comes_through(before: str, after: str, digits: str) -> None:
    """Seven digits and more are taken for somebody's number, with separators or without."""
    for separator in ("", " ", "-", ".", " / "):
        number = separator.join(digits)
        assert number not in clean_text(f"{before} {number} {after}", TOKEN)


@given(
    name=st.text("abcdefghijklmnopqrstuvwxyz.-_+", min_size=1, max_size=300),
    host=st.text("abcdefghijklmnopqrstuvwxyz.-", min_size=1, max_size=300),
)
def test_an_address_never_comes_through(name: str, host: str) -> None:
    """However long its parts are, nothing with an @ inside stays."""
    assert "@" not in clean_text(f"for {name}@{host} only", TOKEN)


@given(text=st.text())
def test_the_result_is_one_short_printable_line(text: str) -> None:
    """Any text becomes at most 200 printable characters without a line break."""
    line = clean_text(text, TOKEN)
    assert len(line) <= LONGEST
    assert line.isprintable()
    assert line == line.strip()


@given(allocation_id=st.text("0123456789abcdefABCDEF", min_size=24, max_size=24))
def test_every_allocation_id_stays(allocation_id: str) -> None:
    """An id made of digits only is still an id, whatever number stands beside it."""
    text = f"404 {allocation_id} 7"
    assert clean_text(text, TOKEN) == text


@pytest.mark.parametrize(
    "seed", ["a", "1", "1 ", "eyJ", "a.", "Bearer ", "@", "a@", "A_", "(", "1("]
)
def test_a_hostile_text_costs_little_time(seed: str) -> None:
    """A text is cut before any pattern reads it: a megabyte costs no more than a page."""
    started = time.process_time()
    clean_text(seed * 1_000_000, TOKEN)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("refused for Jane Sentinel.", "refused for [name]."),
        ("deliver to 42 Sentinel Lane", "deliver to [name]"),
        ("held by José Müller-Lüdenscheidt", "held by [name]"),
        ("AllocationRequestId Not Found/Valid", "AllocationRequestId Not Found/Valid"),
        ("Too Many Requests", "Too Many Requests"),
        ("502 Bad Gateway", "502 Bad Gateway"),
        ("Allocation is already shipped", "Allocation is already shipped"),
    ],
)
def test_what_looks_like_a_name_is_replaced(text: str, clean: str) -> None:
    """Capitalised words beside each other are a name, unless they are an API's own."""
    assert clean_text(text, Secret("sentinel-token")) == clean
