"""The tables of a journal."""

from __future__ import annotations

APPLICATION_ID = 0x62756C6B
"""``bulk`` in ASCII: marks an SQLite file as a journal of this program."""

VERSION = 5
"""The version of the tables; a journal of another version is refused."""

TABLES = """
-- Facts about the run, JSON by name.
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- Every row of the input. The first row of an allocation is the allocation's key elsewhere.
CREATE TABLE row (
    row INTEGER PRIMARY KEY, kind TEXT NOT NULL, allocation_id TEXT, duplicate_of INTEGER,
    text TEXT, reason TEXT, extras TEXT
);
-- What most rows are is counted as what is left when the others are.
CREATE INDEX row_without_request ON row (kind) WHERE kind <> 'allocation';
-- "About to send": written and synced before the first byte.
CREATE TABLE intent (
    row INTEGER NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (row, number)
) WITHOUT ROWID;
-- What became of each intent; append-only. Of the attempts of one request `lead` is the first row.
CREATE TABLE attempt (
    row INTEGER NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, elapsed REAL NOT NULL,
    sent INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, cause TEXT,
    http_status INTEGER, status TEXT, version INTEGER, lead INTEGER NOT NULL,
    PRIMARY KEY (row, number)
) WITHOUT ROWID;
-- Every read of an allocation; append-only.
CREATE TABLE read_back (
    row INTEGER NOT NULL, at REAL NOT NULL, elapsed REAL NOT NULL, kind TEXT NOT NULL,
    reason TEXT NOT NULL, http_status INTEGER, status TEXT, version INTEGER
);
-- What is known of an allocation that was touched and has no outcome yet.
CREATE TABLE waiting (
    row INTEGER PRIMARY KEY, what TEXT NOT NULL, due REAL NOT NULL, history TEXT NOT NULL
);
-- The final word; `history` is kept for `unknown` only, which a resume takes back.
CREATE TABLE outcome (
    row INTEGER PRIMARY KEY, outcome TEXT NOT NULL, reason TEXT NOT NULL, status TEXT,
    version_before INTEGER, version INTEGER, attempts INTEGER NOT NULL, http_status INTEGER,
    verified INTEGER NOT NULL, first_sent_at REAL, settled_at REAL NOT NULL, po_number TEXT,
    vendor_id TEXT, location TEXT, order_ids TEXT, cancelled_by TEXT, history TEXT
);
CREATE INDEX outcome_unlike_most ON outcome (outcome) WHERE outcome <> 'cancelled';
-- Outcomes that a resume took back to look again; append-only.
CREATE TABLE reopened (
    row INTEGER NOT NULL, at REAL NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL
);
-- Allocations that were breaks of earlier runs: of so many in a row, the first of which began then.
CREATE TABLE standing (row INTEGER PRIMARY KEY, runs INTEGER NOT NULL, since TEXT NOT NULL);
-- The rate limit that the pacer went by (requests/s), noted when it moved; append-only.
CREATE TABLE pace (at REAL NOT NULL, rate_limit REAL);
-- One line for each time the run was started or resumed.
CREATE TABLE segment (
    segment INTEGER PRIMARY KEY, started_at REAL NOT NULL, finished_at REAL,
    stop TEXT, facts TEXT
);
"""
