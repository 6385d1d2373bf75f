"""The sums of one endpoint, made anew from its records."""

from hub.database import Connection

_FORGET = "DELETE FROM sums WHERE place IN (SELECT number FROM places WHERE endpoint = %s)"
_AGAIN = """INSERT INTO sums (day, place, destination, kinds, outcome, account, review,
        records, went, bytes_went, found, rows_hit, first_at, last_at)
    SELECT (r.at AT TIME ZONE 'UTC')::date, r.place, r.destination, r.kinds, r.outcome, r.account,
        r.review, count(*), count(*) FILTER (WHERE r.went),
        coalesce(sum(r.bytes) FILTER (WHERE r.went), 0), sum(r.found), sum(r.rows_hit),
        min(r.at), max(r.at)
    FROM records r JOIN chains c ON c.number = r.chain
    WHERE c.endpoint = %s AND c.state <> 'superseded'
    GROUP BY 1, 2, 3, 4, 5, 6, 7"""


def sum_again(connection: Connection, endpoint: int) -> None:
    """Make the sums of an endpoint anew, inside the caller's transaction."""
    connection.execute(_FORGET, (endpoint,))
    connection.execute(_AGAIN, (endpoint,))
