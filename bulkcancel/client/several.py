"""Several allocations in one path, and the answer that shows several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Raw
from msgspec.json import Decoder
from yarl import URL

from bulkcancel.client.decode import read_body
from bulkcancel.client.secret import Secret
from bulkcancel.errors import RefusedError
from bulkcancel.model import AllocationView, Body, OneAllocation, SeveralAllocations

MOST_IDS: Final = 50
LONGEST_LIST: Final = 2000
"""So many characters the ids of one path may take, with the commas between them."""

_BLANKS: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"
_LIST: Final = Decoder(list[Raw])


def several_url(prefix: str, singles: Sequence[URL]) -> URL:
    """Return the address of a request for several ids, from the checked addresses of each alone.

    Raises:
        RefusedError: There are none or too many, one comes twice, or the list is too long.
    """
    ids = [single.raw_path.rpartition("/")[2] for single in singles]
    joined = ",".join(ids)
    if not 1 <= len(ids) <= MOST_IDS or len(set(ids)) != len(ids) or len(joined) > LONGEST_LIST:
        raise RefusedError(
            f"one request takes 1 to {MOST_IDS} different allocation ids, of {LONGEST_LIST:,} "
            "characters together"
        )
    url = URL(prefix + joined, encoded=True)
    path = prefix.partition("://")[2].partition("/")[2]
    if url.raw_path != f"/{path}{joined}" or url.raw_query_string:
        raise RefusedError("the ids would change the address of the request")
    return url


def read_several(
    body: bytes, *, http_status: int, content_type: str, content_encoding: str, token: Secret
) -> Body:
    """Return the shape of the answer to a cancel of several; arguments as for `read_body`.

    A list with a 2xx status keeps its allocations. Every other body is what it is for one.
    """

    def shape(part: bytes, part_type: str) -> Body:
        return read_body(
            part,
            http_status=http_status,
            content_type=part_type,
            content_encoding=content_encoding,
            token=token,
        )

    is_success = 200 <= http_status < 300  # noqa: PLR2004 - the 2xx statuses
    whole = shape(body, content_type)
    if not is_success or not isinstance(whole, SeveralAllocations):
        return whole
    shown: list[AllocationView] = []
    # That it is a list, and whole, was found out just now.
    for element in _LIST.decode(body.removeprefix(_BOM).strip(_BLANKS)):
        part = bytes(element).strip(_BLANKS)
        one = shape(part, "") if part.startswith(b"{") else None
        if isinstance(one, OneAllocation):
            shown.append(one.view)
    return SeveralAllocations(count=whole.count, shown=tuple(shown))
