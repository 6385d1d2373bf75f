"""The sums of one endpoint: made anew from its records and from what is kept of removed months."""

from collections.abc import Sequence
from typing import LiteralString

from hub.database import Connection
from hub.how_rows import hows_again, keep_dropped_hows, unname_hows

_FORGET = "DELETE FROM sums WHERE place IN (SELECT number FROM places WHERE endpoint = %s)"
KEY: LiteralString = "day, place, destination, kinds, outcome, account, review"
_COUNTS: LiteralString = """records, went, bytes_went, found, rows_hit, first_at, last_at, most_rows, most_people,
        most_values"""
_MOST = """first_at = least(past_sums.first_at, EXCLUDED.first_at),
        last_at = greatest(past_sums.last_at, EXCLUDED.last_at),
        most_rows = greatest(past_sums.most_rows, EXCLUDED.most_rows),
        most_people = greatest(past_sums.most_people, EXCLUDED.most_people),
        most_values = greatest(past_sums.most_values, EXCLUDED.most_values)"""
_KNOWN: LiteralString = """SELECT (r.at AT TIME ZONE 'UTC')::date AS day, r.place, r.destination, r.kinds,
        r.outcome, r.account, r.review, 1::bigint AS records, r.went::int::bigint AS went,
        CASE WHEN r.went THEN r.bytes ELSE 0 END AS bytes_went, r.found::bigint AS found,
        r.rows_hit::bigint AS rows_hit, r.at AS first_at, r.at AS last_at,
        r.rows_hit AS most_rows, r.people AS most_people, r.most_values
    FROM records r JOIN chains c ON c.number = r.chain
    WHERE c.endpoint = %(endpoint)s AND c.state <> 'superseded'
    UNION ALL SELECT p.day, p.place, p.destination, p.kinds, p.outcome, p.account, p.review,
        p.records, p.went, p.bytes_went, p.found, p.rows_hit, p.first_at, p.last_at,
        p.most_rows, p.most_people, p.most_values
    FROM past_sums p JOIN chains c ON c.number = p.chain
    WHERE c.endpoint = %(endpoint)s AND c.state <> 'superseded'"""
ADDED: LiteralString = f"""SELECT {KEY}, sum(records)::bigint AS records, sum(went)::bigint AS went,
        sum(bytes_went)::bigint AS bytes_went, sum(found)::bigint AS found,
        sum(rows_hit)::bigint AS rows_hit, min(first_at) AS first_at, max(last_at) AS last_at,
        max(most_rows) AS most_rows, max(most_people) AS most_people,
        max(most_values) AS most_values
    FROM ({_KNOWN}) AS known GROUP BY {KEY}"""  # noqa: S608 - texts of this file
"""What the records of an endpoint, and what is kept of removed months, add up to."""
_AGAIN = f"""INSERT INTO sums ({KEY}, {_COUNTS}) {ADDED}"""
_FORGET_SOME = f"""DELETE FROM sums WHERE ({KEY}) IN (SELECT * FROM unnest(%s::date[], %s::int[],
    %s::int[], %s::int[], %s::int[], %s::int[], %s::bool[]))"""  # noqa: S608 - texts of this file
_SOME_AGAIN = f"""INSERT INTO sums ({KEY}, {_COUNTS}) SELECT * FROM ({ADDED}) AS added
    WHERE place = ANY(%(place)s::int[]) AND ({KEY}) IN (SELECT * FROM unnest(%(day)s::date[],
        %(place)s::int[], %(to)s::int[], %(kinds)s::int[], %(outcome)s::int[], %(account)s::int[],
        %(review)s::bool[]))"""  # noqa: S608 - texts of this file
"""Which places it is about stands by itself: records are found by them."""
_IN_KEY = ("day", "place", "to", "kinds", "outcome", "account", "review")
_LACKING = """SELECT c.number, int8multirange(int8range(1, c.last + 1))
        - coalesce((SELECT range_agg(int8range(r.seq, r.seq + 1)) FROM records r
            WHERE r.chain = c.number), '{}')
        - coalesce((SELECT range_agg(int8range(g.first, g.last + 1)) FROM gaps g
            WHERE g.chain = c.number), '{}')
        - coalesce((SELECT range_agg(int8range(m.first, m.last + 1)) FROM removed_runs m
            WHERE m.chain = c.number), '{}') AS seqs
    FROM chains c WHERE c.endpoint = %s AND c.kind = 'records' AND c.state <> 'superseded'
    ORDER BY c.number"""
_DROPPED = f"""INSERT INTO past_sums (chain, {KEY}, {_COUNTS})
    SELECT %(chain)s, s.day, s.place, s.destination, s.kinds, s.outcome, s.account, s.review,
        s.records - coalesce(k.records, 0), greatest(s.went - coalesce(k.went, 0), 0),
        greatest(s.bytes_went - coalesce(k.bytes_went, 0), 0),
        greatest(s.found - coalesce(k.found, 0), 0),
        greatest(s.rows_hit - coalesce(k.rows_hit, 0), 0), s.first_at, s.last_at,
        s.most_rows, s.most_people, s.most_values
    FROM sums s JOIN places p ON p.number = s.place AND p.endpoint = %(endpoint)s
        LEFT JOIN ({ADDED}) AS k USING ({KEY})
    WHERE s.records > coalesce(k.records, 0)
    ON CONFLICT (chain, place, destination, kinds, outcome, account, review, day) DO UPDATE SET
        records = past_sums.records + EXCLUDED.records, went = past_sums.went + EXCLUDED.went,
        bytes_went = past_sums.bytes_went + EXCLUDED.bytes_went,
        found = past_sums.found + EXCLUDED.found,
        rows_hit = past_sums.rows_hit + EXCLUDED.rows_hit, {_MOST}
    RETURNING place"""  # noqa: S608 - texts of this file
_PLACE = """INSERT INTO removed_places (chain, place, seqs)
    SELECT DISTINCT %s::int, place, %s::int8multirange FROM unnest(%s::int[]) AS place
    ON CONFLICT (chain, place) DO UPDATE SET seqs = removed_places.seqs + EXCLUDED.seqs"""

_SENDERS = """SELECT place FROM removed_places WHERE chain = %s
    AND seqs && (SELECT range_agg(int8range(seq, seq + 1)) FROM unnest(%s::bigint[]) AS seq)
    AND place <> %s"""
_UNNAME = f"""WITH gone AS (DELETE FROM past_sums WHERE place = %(sender)s RETURNING *)
    INSERT INTO past_sums (chain, {KEY}, {_COUNTS})
    SELECT chain, day, %(place)s::int, destination, kinds, outcome, account, review, records, went,
        bytes_went, found, rows_hit, first_at, last_at, most_rows, most_people, most_values
    FROM gone
    ON CONFLICT (chain, place, destination, kinds, outcome, account, review, day) DO UPDATE SET
        records = past_sums.records + EXCLUDED.records, went = past_sums.went + EXCLUDED.went,
        bytes_went = past_sums.bytes_went + EXCLUDED.bytes_went,
        found = past_sums.found + EXCLUDED.found,
        rows_hit = past_sums.rows_hit + EXCLUDED.rows_hit, {_MOST}"""  # noqa: S608 - texts of this file
_CHAINS = "SELECT number FROM chains WHERE endpoint = %s ORDER BY number FOR UPDATE"
_LOCK = 0x4F475355
_BESIDE = "SELECT pg_advisory_xact_lock_shared(%s, %s)"
_ALONE = "SELECT pg_advisory_xact_lock(%s, %s)"
_FORGET_PLACE = "DELETE FROM removed_places WHERE place = %s"


def add_beside(connection: Connection, endpoint: int) -> None:
    """Keep everybody from making sums of an endpoint anew until the caller's transaction ends, in
    which they are added to. Rows of chains are locked before this, never after it.
    """
    connection.execute(_BESIDE, (_LOCK, endpoint))


def make_alone(connection: Connection, endpoint: int) -> None:
    """Keep everybody else from changing the sums of an endpoint until the caller's transaction
    ends, in which they are made anew: for what is added meanwhile would be counted twice, or
    lost.
    """
    connection.execute(_ALONE, (_LOCK, endpoint))


def make_all_alone(connection: Connection, endpoint: int) -> None:
    """The same, for whoever touches any chain of the endpoint."""
    connection.execute(_CHAINS, (endpoint,))
    make_alone(connection, endpoint)


def sum_again(connection: Connection, endpoint: int) -> None:
    """Make the sums of an endpoint anew, inside the caller's transaction."""
    connection.execute(_FORGET, (endpoint,))
    connection.execute(_AGAIN, {"endpoint": endpoint})
    hows_again(connection, endpoint)


def add_again(connection: Connection, endpoint: int, keys: Sequence[tuple[object, ...]]) -> None:
    """Make some sums of an endpoint anew, by `KEY`, inside the caller's transaction."""
    columns = [list(column) for column in zip(*keys, strict=True)]
    connection.execute(_FORGET_SOME, columns)
    values = dict(zip(_IN_KEY, columns, strict=True))
    connection.execute(_SOME_AGAIN, {**values, "endpoint": endpoint})


def keep_dropped(connection: Connection, endpoint: int) -> None:
    """Keep what the sums say of records whose rows somebody dropped by hand, before the sums are
    made anew without them. Whose rows they were is not known any more: each sender of them stands
    for all entries that lack.
    """
    lacking = [row for row in connection.execute(_LACKING, (endpoint,)).fetchall() if row[1]]
    if not lacking:
        return
    values = {"chain": lacking[0][0], "endpoint": endpoint}
    keep_dropped_hows(connection, endpoint, lacking[0][0])
    places = [place for (place,) in connection.execute(_DROPPED, values).fetchall()]
    for chain, seqs in lacking:
        connection.execute(_PLACE, (chain, seqs, places))


def unname(connection: Connection, chain: int, seqs: Sequence[int], place: int) -> None:
    """Take the senders of these entries out of what is kept of removed months; `place` is the
    sender of what was erased. What cannot be told from an entry any more goes with it: all that its
    sender sent in those months is nobody's then.
    """
    found = connection.execute(_SENDERS, (chain, list(seqs), place)).fetchall()
    for (sender,) in found:
        connection.execute(_UNNAME, {"sender": sender, "place": place})
        unname_hows(connection, sender, place)
        connection.execute(_FORGET_PLACE, (sender,))
