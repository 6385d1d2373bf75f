"""The statements of the read side."""

from dataclasses import dataclass
from datetime import datetime

from core.observation import SCHEMA as OBSERVATION
from evidence.acts import ACT_COLUMNS
from evidence.entries import ENTRY_COLUMNS
from evidence.rollup import UNREADABLE
from evidence.times import micros

PAGE = 500
_LONGEST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """Entries that began at or after `since` and before `until`; None is without end."""

    since: datetime | None = None
    until: datetime | None = None

    def bounds(self) -> tuple[str, tuple[int, ...]]:
        """Return the statement and parameters that give the entry before the first and the last
        entry in question.
        """
        statement = """SELECT coalesce(min(seq), 1) - 1, coalesce(max(seq), 0) FROM entries
            WHERE at_us >= ? AND at_us < ?"""
        return statement, self._times()

    def page(self, after: int, last: int) -> tuple[str, tuple[int, ...]]:
        """Return the statement and parameters for the next page after entry `after`, up to entry
        `last`.
        """
        # The unary plus keeps SQLite on the order of the chain and off a sort by the index on time.
        statement = f"""SELECT {ENTRY_COLUMNS} FROM entries
            WHERE seq > ? AND seq <= ? AND +at_us >= ? AND +at_us < ?
            ORDER BY seq LIMIT ?"""  # noqa: S608
        return statement, (after, last, *self._times(), PAGE)

    def _times(self) -> tuple[int, int]:
        since = -_LONGEST if self.since is None else micros(self.since)
        return since, _LONGEST if self.until is None else micros(self.until)


BY_TIME = f"""SELECT {ENTRY_COLUMNS} FROM entries
    WHERE (at_us, seq) > (?, ?) AND seq <= ? ORDER BY at_us, seq LIMIT ?"""  # noqa: S608
OF_CASE = f"""SELECT {ENTRY_COLUMNS} FROM entries
    WHERE case_id = (SELECT id FROM cases WHERE key = ?) ORDER BY seq DESC LIMIT ? OFFSET ?"""  # noqa: S608
BY_ID = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE id = ?"  # noqa: S608
SEQS_OF_CASES = """SELECT seq FROM entries WHERE case_id IN
    (SELECT id FROM cases WHERE key IN (SELECT value FROM json_each(?)))"""
AFTER = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
BY_SEQS = f"""SELECT {ENTRY_COLUMNS} FROM entries
    WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq"""  # noqa: S608
ACT_ENTRIES = """SELECT seq, prev, hash, id, at_us, CAST(body AS BLOB), NULL, NULL, NULL, NULL,
    (SELECT n.prev FROM review_entries n WHERE n.seq = review_entries.seq + 1)
    FROM review_entries WHERE seq > ? ORDER BY seq LIMIT ?"""
ACTS = f"SELECT {ACT_COLUMNS} FROM review_entries WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
HISTORY = f"""SELECT {ACT_COLUMNS} FROM review_entries
    WHERE case_key = ? OR (case_key > ? AND case_key < ?) ORDER BY seq"""  # noqa: S608


def history_of(key: str) -> tuple[str, tuple[str, ...]]:
    """Return the statement and parameters that give the acts of a case; those of earlier versions
    name kinds and outcome behind its key.
    """
    return HISTORY, (key, key + "\x1f", key + "\x20")


DESTINATIONS_FIRST_SEEN = """SELECT destination, min(us) FROM (
    SELECT destination, min(bucket) * 300000000 AS us FROM traffic GROUP BY destination
    UNION ALL
    SELECT coalesce(service, host), min(first_us) FROM cases
        WHERE verdict <> 'observed' GROUP BY 1
    ) GROUP BY destination"""
"""Of what left, to five minutes; of what is to be reviewed, be it stopped or not, exactly."""
VERSIONS = """SELECT script, sha256, first_us, last_us FROM scripts
    WHERE ? IS NULL OR script = ? ORDER BY script, first_us"""
DEGRADED = "SELECT count(*) FROM cases WHERE degraded_us >= ?"
OPEN_CASES = "SELECT count(*) FROM cases WHERE status = 'open' OR until_us <= ?"


def _is_request(text: str) -> str:
    return f"""instr({text}, '"schema":"{OBSERVATION}"') = 0"""


REQUESTS = f"""SELECT (SELECT coalesce(sum(exchanges), 0) FROM hours WHERE hour >= ?)
    + (SELECT count(*) FROM entries WHERE at_us >= ? AND at_us < ?
        AND {_is_request("coalesce(unpacked(body), '')")})
    + (SELECT count(*) FROM entries WHERE at_us >= ?
        AND case_id = (SELECT id FROM cases WHERE key = '{UNREADABLE}'))"""  # noqa: S608
"""Requests since then: those of whole hours from the sums, of the hour before them one by one, and
what this version cannot read, which counts as a request.
"""
NEWEST_REQUEST = f"""SELECT at_us FROM entries WHERE at_us >= ?
    AND {_is_request("coalesce(unpacked(body), '')")} ORDER BY at_us DESC LIMIT 1"""  # noqa: S608


def kept(since: datetime | None) -> tuple[str, tuple[int, ...]]:
    """Return the statement and parameters that give how many entries there are."""
    if since is not None:
        return "SELECT count(*) FROM entries WHERE at_us >= ?", (micros(since),)
    # Entries go from the beginning only, so first and last number give their count; counting a
    # million takes a tenth of a second.
    # Asked for in one breath, first and last are looked for in every entry.
    first, last = "SELECT min(seq) FROM entries", "SELECT max(seq) FROM entries"
    return f"SELECT coalesce(({last}) - ({first}) + 1, 0)", ()
