"""Sentences, and parts of them, that several cases have in common."""

from __future__ import annotations

# Of texts.
NOT_UTF8 = (
    "is not UTF-8: the file has another encoding (often Windows-1252: then say --encoding cp1252), "
    'or is cut off or binary; export it as "CSV UTF-8"'
)
NUL = (
    "is binary, or UTF-16 text without a mark (then say --encoding utf-16-le); export it as "
    '"CSV UTF-8"'
)
_AS_TEXT = "format the column as Text, fill it anew (or import it as Text), and export it again"
ROUNDED_TEXT = f"looks like a number that a spreadsheet rounded; {_AS_TEXT}"
ZEROED_TEXT = (
    "looks like a number of which a spreadsheet kept 15 digits and wrote zeros after; " + _AS_TEXT
)
DECIMALS = f"looks like a number with decimals; {_AS_TEXT}"
LOST_ZEROS = f"seems to have lost zeros at its front; {_AS_TEXT}"
DATE_TEXT = f"looks like a date that a spreadsheet made of it; {_AS_TEXT}"
ERROR_TEXT = f"is an error of a spreadsheet's formula; {_AS_TEXT}"
TRUTH_TEXT = f"is a truth value and no id; {_AS_TEXT}"
NOTHING_TEXT = f"is a word for nothing, written by the program that exported it; {_AS_TEXT}"
TOO_WIDE_TEXT = (
    f"is what a spreadsheet shows of a number that is too wide for its column; {_AS_TEXT}"
)
CASE_OF_ROW_2 = "differs only in case from row 2: write it one way"
EMPTY = "the id is empty"

# Of headers.
ALTERNATIVES = "may both hold the ids: say which one does with --id-column NAME"

# Of cells in workbooks.
_AGAIN = (
    "format the column as Text and enter the ids again, or import the original file with that "
    "column as Text"
)
NUMBER = (
    "is a number in the spreadsheet, not text: digits may be rounded and leading zeros lost; "
    f"{_AGAIN}"
)
ROUNDED = (
    f"is a number in the spreadsheet, which keeps 15 digits of it and rounds the rest; {_AGAIN}"
)
DATE = f"is a date in the spreadsheet, not text; {_AGAIN}"
TIME = f"is a time in the spreadsheet, not text; {_AGAIN}"
DURATION = f"is a duration in the spreadsheet, not text; {_AGAIN}"
LOGICAL = f"is a logical value in the spreadsheet, not text; {_AGAIN}"
ERROR = "is an error in the spreadsheet: mend the formula, or paste the ids in as values"
NO_VALUE = (
    "is a formula without a value: open the file in the spreadsheet program and save it, or paste "
    "the ids in as values"
)


def no_name(*columns: str) -> str:
    """Return the sentence on a header without a column of ids."""
    shown = ", ".join(f"'{column}'" for column in columns)
    return (
        "no column is named allocation_id (or allocationId, Allocation ID, ...); the columns are "
        f"{shown}; say which one holds the ids with --id-column NAME"
    )


def characters(number: int) -> str:
    """Return what is said of an id of another length."""
    return f"has {number} characters instead of 24"


def hidden(first: int, number: int, sheet: str = "Allocations") -> str:
    """Return the sentence on hidden rows: the number of the first one, and how many they are."""
    if number == 1:
        return (
            f"sheet '{sheet}': row {first} holds data and is hidden: unhide it or clear the "
            "filter, or take it as well with --include-hidden"
        )
    return (
        f"sheet '{sheet}': {number} rows with data are hidden, the first is row {first}: unhide "
        "them or clear the filter, or take them as well with --include-hidden"
    )


def merged(cells: str) -> str:
    """Return the sentence on merged cells."""
    return (
        f"sheet 'Allocations': the cells '{cells}' are merged, and column A among them holds the "
        "ids: unmerge them, and see that each row has its own id"
    )


def damaged_book(what: str) -> str:
    """Return the sentence on a workbook that no program wrote so."""
    return (
        f"is a damaged or unfinished workbook ({what}); copy it again, or open it in the "
        "spreadsheet program and save it anew"
    )


IN_A_TABLE = 'open it in a spreadsheet program, save it as "CSV UTF-8" and give that file'
