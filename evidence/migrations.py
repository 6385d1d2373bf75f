"""Every schema the file ever had, as ordered steps forward. A released step is never edited: add
another.

Step 1 is the first schema; `schema.py` runs the steps that an older file lacks, in one transaction.
Where they lead to is not said here: a test holds the end of the steps against the tables.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step forward: statements, and whether what is derived from the entries must be made anew
    afterwards; lots, which tell what an earlier version added up, then go.
    """

    statements: tuple[str, ...]
    rebuild: bool = False
    resum: bool = False
    """A file of the version right before has only that added up anew which this one left out; one
    of an earlier version is rebuilt.
    """
    compact: bool = False
    """The file is then written anew without its free pages, on which the old form still stands."""


_V1 = Step(
    statements=(
        "CREATE TABLE meta (key VARCHAR NOT NULL PRIMARY KEY, value VARCHAR NOT NULL)",
        """CREATE TABLE entries (
            seq INTEGER NOT NULL PRIMARY KEY, id VARCHAR NOT NULL UNIQUE, at_us BIGINT NOT NULL,
            case_id INTEGER, prev BLOB NOT NULL, hash BLOB NOT NULL, body VARCHAR NOT NULL)""",
        "CREATE INDEX entries_by_time ON entries (at_us)",
        "CREATE INDEX entries_by_case ON entries (case_id, seq) WHERE case_id IS NOT NULL",
        """CREATE TABLE open_exchanges (
            slot INTEGER NOT NULL PRIMARY KEY, id VARCHAR NOT NULL, gate VARCHAR NOT NULL,
            body VARCHAR NOT NULL)""",
        """CREATE TABLE cases (
            id INTEGER NOT NULL PRIMARY KEY, key VARCHAR NOT NULL UNIQUE, status VARCHAR NOT NULL,
            disposition VARCHAR, first_us BIGINT NOT NULL, last_us BIGINT NOT NULL,
            count INTEGER NOT NULL, verdict VARCHAR NOT NULL, script VARCHAR NOT NULL,
            script_path VARCHAR, script_sha256 VARCHAR, user VARCHAR, host VARCHAR NOT NULL,
            service VARCHAR, category VARCHAR NOT NULL, account_kind VARCHAR NOT NULL,
            kinds VARCHAR NOT NULL, most_values INTEGER NOT NULL, most_records INTEGER,
            bytes_sent BIGINT NOT NULL, last_record VARCHAR NOT NULL, degraded INTEGER NOT NULL)""",
        "CREATE INDEX cases_by_status ON cases (status, last_us)",
        "CREATE INDEX cases_by_time ON cases (last_us)",
        """CREATE TABLE review_entries (
            seq INTEGER NOT NULL PRIMARY KEY, id VARCHAR NOT NULL UNIQUE, at_us BIGINT NOT NULL,
            case_key VARCHAR NOT NULL, action VARCHAR NOT NULL, script VARCHAR,
            script_sha256 VARCHAR, prev BLOB NOT NULL, hash BLOB NOT NULL, body VARCHAR NOT NULL)""",
        "CREATE INDEX review_entries_by_case ON review_entries (case_key, seq)",
        "CREATE INDEX review_entries_by_script ON review_entries (script, seq)",
    )
)

_V2 = Step(
    statements=(
        """CREATE TABLE scripts (
            script VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, first_us BIGINT NOT NULL,
            last_us BIGINT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (script,
            sha256)) WITHOUT ROWID""",
        """CREATE TABLE traffic (
            script VARCHAR NOT NULL, destination VARCHAR NOT NULL, bucket INTEGER NOT NULL,
            exchanges INTEGER NOT NULL, bytes BIGINT NOT NULL, tokens BIGINT NOT NULL,
            cost_micro_usd BIGINT NOT NULL, PRIMARY KEY (script, destination,
            bucket)) WITHOUT ROWID""",
    ),
    rebuild=True,
)

_V3 = Step(
    statements=(
        "ALTER TABLE review_entries ADD COLUMN record_id VARCHAR",
        "ALTER TABLE review_entries ADD COLUMN hold_key VARCHAR",
        """UPDATE review_entries SET record_id = json_extract(body, '$.record_id'),
            hold_key = json_extract(body, '$.hold_key')""",
        (
            "CREATE INDEX review_entries_by_record ON review_entries (record_id, seq) WHERE"
            " record_id IS NOT NULL"
        ),
        (
            "CREATE INDEX review_entries_by_hold_key ON review_entries (hold_key, seq) WHERE"
            " hold_key IS NOT NULL"
        ),
    )
)

_V4 = Step(statements=(), rebuild=True)
"""Cases tell what went past the gate, or never left, from what passed."""

_V5 = Step(
    statements=(
        """CREATE TABLE checkpoints (
            seq INTEGER NOT NULL PRIMARY KEY, at_us BIGINT NOT NULL, why VARCHAR NOT NULL,
            records INTEGER NOT NULL, reviews INTEGER NOT NULL, public BLOB NOT NULL,
            records_frontier BLOB NOT NULL, reviews_frontier BLOB NOT NULL,
            note VARCHAR NOT NULL)""",
    )
)

_V6 = Step(
    statements=(
        "DROP INDEX entries_by_time",
        "DROP INDEX entries_by_case",
        "ALTER TABLE entries RENAME TO entries_before",
        """CREATE TABLE entries (
            seq INTEGER NOT NULL PRIMARY KEY, id VARCHAR NOT NULL UNIQUE, at_us BIGINT NOT NULL,
            case_id INTEGER, prev BLOB NOT NULL, hash BLOB NOT NULL, salt BLOB, cuts BLOB,
            body BLOB NOT NULL)""",
        """INSERT INTO entries (seq, id, at_us, case_id, prev, hash, body)
            SELECT seq, id, at_us, case_id, prev, hash, packed(CAST(body AS BLOB))
            FROM entries_before ORDER BY seq""",
        "CREATE INDEX entries_by_time ON entries (at_us)",
        "CREATE INDEX entries_by_case ON entries (case_id, seq) WHERE case_id IS NOT NULL",
        """CREATE TABLE erased (
            seq INTEGER NOT NULL PRIMARY KEY, cuts BLOB NOT NULL, sealed BLOB NOT NULL)""",
        "CREATE TABLE past (cut INTEGER NOT NULL PRIMARY KEY, body BLOB NOT NULL)",
        """CREATE TABLE marks (
            mark BIGINT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (mark, seq)) WITHOUT ROWID""",
        """INSERT OR IGNORE INTO marks (mark, seq)
            SELECT mark(found.value), e.seq FROM entries_before e,
            json_each(CASE WHEN json_valid(e.body) THEN e.body ELSE '{}' END, '$.findings') f,
            json_each(f.value, '$.fingerprints') found
            WHERE f.type = 'object' AND mark(found.value) IS NOT NULL""",
        """INSERT OR IGNORE INTO marks (mark, seq)
            SELECT -1, e.seq FROM entries_before e,
            json_each(CASE WHEN json_valid(e.body) THEN e.body ELSE '{}' END, '$.findings') f
            WHERE f.type = 'object' AND json_array_length(f.value, '$.fingerprints') > 0
            AND json_extract(f.value, '$.distinct')
                > json_array_length(f.value, '$.fingerprints')""",
        "DROP TABLE entries_before",
    ),
    compact=True,
)
"""Records are packed, hashed by parts from now on, and found by the fingerprints of values."""

_V7 = Step(
    statements=(
        """CREATE TABLE hours (
            hour INTEGER NOT NULL, script VARCHAR NOT NULL, destination VARCHAR NOT NULL,
            account VARCHAR NOT NULL, kinds VARCHAR NOT NULL, outcome VARCHAR NOT NULL,
            exchanges INTEGER NOT NULL, sent INTEGER NOT NULL, bytes BIGINT NOT NULL,
            found BIGINT NOT NULL, tokens BIGINT NOT NULL, cost_micro_usd BIGINT NOT NULL,
            PRIMARY KEY (hour, script, destination, account, kinds, outcome)) WITHOUT ROWID""",
    ),
    rebuild=True,
)
"""Sums by the hour, which are kept longer than records."""

_V8 = Step(
    statements=(
        "DROP TABLE cases",
        """CREATE TABLE cases (
            id INTEGER NOT NULL PRIMARY KEY, key VARCHAR NOT NULL UNIQUE, status VARCHAR NOT NULL,
            disposition VARCHAR, until_us BIGINT, first_us BIGINT NOT NULL, last_us BIGINT NOT NULL,
            count INTEGER NOT NULL, risk INTEGER NOT NULL, people INTEGER NOT NULL,
            verdict VARCHAR NOT NULL, script VARCHAR NOT NULL, script_path VARCHAR,
            script_sha256 VARCHAR, user VARCHAR, host VARCHAR NOT NULL, service VARCHAR,
            category VARCHAR NOT NULL, account_kind VARCHAR NOT NULL, kinds VARCHAR NOT NULL,
            users VARCHAR NOT NULL, outcomes VARCHAR NOT NULL, rules VARCHAR NOT NULL,
            models VARCHAR NOT NULL, most_values INTEGER NOT NULL, most_records INTEGER,
            bytes_sent BIGINT NOT NULL, left_count INTEGER NOT NULL, last_record VARCHAR NOT NULL,
            degraded INTEGER NOT NULL, degraded_us BIGINT, closed VARCHAR, inside BLOB NOT NULL)""",
        "CREATE INDEX cases_by_risk ON cases (status, risk, last_us)",
        "CREATE INDEX cases_by_status ON cases (status, last_us)",
        "CREATE INDEX cases_by_time ON cases (last_us)",
        "CREATE INDEX cases_by_until ON cases (until_us) WHERE until_us IS NOT NULL",
    ),
    rebuild=True,
)
"""One question, one case: what one script sends to one account of one destination."""

_V9 = Step(statements=("ALTER TABLE open_exchanges ADD COLUMN seal BLOB",), rebuild=True)
"""Exchanges under way are sealed: nobody else can put one in. Published examples are in no sum."""

_V10 = Step(
    statements=(
        """CREATE TABLE days (
            day INTEGER NOT NULL, destination VARCHAR NOT NULL, account VARCHAR NOT NULL,
            outcome VARCHAR NOT NULL, first_hour INTEGER NOT NULL, last_hour INTEGER NOT NULL,
            exchanges INTEGER NOT NULL, sent INTEGER NOT NULL, bytes BIGINT NOT NULL,
            found BIGINT NOT NULL, tokens BIGINT NOT NULL, cost_micro_usd BIGINT NOT NULL,
            PRIMARY KEY (day, destination, account, outcome)) WITHOUT ROWID""",
        """INSERT INTO days
            SELECT (hour - (hour % 24 + 24) % 24) / 24, destination, account, outcome, min(hour),
                max(hour), sum(exchanges), sum(sent), sum(bytes), sum(found), sum(tokens),
                sum(cost_micro_usd)
            FROM hours GROUP BY 1, destination, account, outcome""",
    ),
    rebuild=True,
)
"""Sums by the day, for what is asked of weeks and months. Cases tell where a number is only the
least that there is.
"""

_V11 = Step(
    statements=(
        """CREATE TABLE lots (
            first INTEGER NOT NULL PRIMARY KEY, last INTEGER NOT NULL, closed BLOB NOT NULL)""",
    ),
)
"""What a gate says of the entries that it wrote, so that `verify` need not read all texts again."""

_V12 = Step(statements=())
"""Closings of before requests were counted of which a check failed hold for none such. From here on
every step tells of itself in the chain of acts.
"""

_V13 = Step(
    statements=(
        "ALTER TABLE hours ADD COLUMN least INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE days ADD COLUMN least INTEGER DEFAULT 0 NOT NULL",
    ),
)
"""Sums tell whether they are only the least that left."""

_V14 = Step(
    statements=("ALTER TABLE traffic ADD COLUMN least INTEGER DEFAULT 0 NOT NULL",),
    resum=True,
)
"""What left in part, and what went past the gate, is in every sum of what left."""

STEPS: tuple[Step, ...] = (
    *(_V1, _V2, _V3, _V4, _V5, _V6, _V7, _V8, _V9, _V10, _V11, _V12, _V13, _V14),
)
