"""The check-in of an endpoint with which all is well, as one question to the database: who it is,
that each of its chains goes on from what was witnessed or is its first, what is wanted and what
there is for it.

Ten thousand endpoints that come back together ask it; each question costs the hub more than what it
asks. Where anything is not as it should be nothing is changed, and the check-in is taken step by
step (`hub.checkins`), which says what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from core.vocabulary.fleet import Alarm
from evidence.chain import genesis
from hub.chains import ToldChain, begun_since, most_begun
from hub.database import Database

_ASK: LiteralString = """WITH me AS MATERIALIZED (
        SELECT e.number, e.grouped FROM certificates c JOIN endpoints e ON e.number = c.endpoint
        WHERE c.serial = %(serial)s AND e.id = %(id)s AND e.revoked_at IS NULL),
    known AS MATERIALIZED (
        SELECT c.number, c.kind, c.chain, c.state, c.last, c.seen_at,
            t.last > c.last OR (t.last = c.last AND t.head = c.head) AS fits
        FROM unnest(%(kinds)s::text[], %(chains)s::text[], %(lasts)s::bigint[], %(heads)s::bytea[])
                AS t (kind, chain, last, head)
            JOIN chains c ON c.chain = t.chain AND c.kind = t.kind AND c.state <> 'superseded'
            JOIN me ON me.number = c.endpoint),
    fresh AS MATERIALIZED (
        SELECT t.kind, t.chain, t.start
        FROM unnest(%(kinds)s::text[], %(chains)s::text[], %(starts)s::bytea[])
                AS t (kind, chain, start)
            CROSS JOIN me
        WHERE NOT EXISTS (SELECT 1 FROM chains c WHERE c.chain = t.chain)
            AND NOT EXISTS (SELECT 1 FROM chains o WHERE o.endpoint = me.number
                AND o.kind = t.kind AND o.state <> 'superseded' AND o.last > 0)
            AND (SELECT count(*) FROM chains d WHERE d.endpoint = me.number
                AND d.made_at > %(since)s) + cardinality(%(kinds)s::text[]) <= %(begun)s),
    well AS MATERIALIZED (
        SELECT me.number FROM me WHERE
            (SELECT count(*) FROM known WHERE fits) + (SELECT count(*) FROM fresh)
                = cardinality(%(kinds)s::text[])
            AND NOT EXISTS (SELECT 1 FROM known k JOIN chains o ON o.endpoint = me.number
                AND o.kind = k.kind AND o.chain <> k.chain AND o.state <> 'superseded'
                AND o.last > 0 AND o.seen_at > k.seen_at)),
    seen AS (
        UPDATE endpoints e SET seen_at = %(now)s, version = %(version)s, clock_off_s = %(off)s,
            policy = %(policy)s, approvals = %(approvals)s, retention = %(retention)s,
            settings = %(settings)s, trouble = %(trouble)s
        FROM well WHERE e.number = well.number),
    moved AS (
        UPDATE chains c SET seen_at = %(now)s FROM well CROSS JOIN known
        WHERE c.number = known.number),
    begun AS (
        INSERT INTO chains (endpoint, kind, chain, head, made_at, seen_at)
        SELECT well.number, fresh.kind, fresh.chain, fresh.start, %(now)s, %(now)s
        FROM well CROSS JOIN fresh ON CONFLICT DO NOTHING),
    over AS (
        UPDATE alarms a SET ended_at = %(now)s, ended_by = 'hub', note = 'it is over'
        FROM well WHERE a.endpoint = well.number AND a.kind = ANY(%(over)s)
            AND a.ended_at IS NULL)
    SELECT (SELECT json_object_agg(kind, json_build_object('next', last + 1, 'state', state))
            FROM (SELECT kind, last, state FROM known
                UNION ALL SELECT kind, 0, 'good' FROM fresh) AS stands),
        ARRAY(SELECT DISTINCT encode(s.sha256, 'hex') FROM places p
            JOIN scripts s ON s.number = p.script
            LEFT JOIN made_of m ON m.endpoint = p.endpoint AND m.script = s.number
            WHERE p.endpoint = me.number AND (m.script IS NULL OR (m.told_at < %(before)s
                AND EXISTS (SELECT 1 FROM sums t
                    WHERE t.place = p.number AND t.last_at > m.told_at)))
            LIMIT %(most)s),
        (SELECT json_object_agg(chain, json_build_object('done', done, 'swept', swept)) FROM (
            SELECT c.chain, max(e.seq) FILTER (WHERE e.done_at IS NOT NULL) AS done,
                max(e.seq) FILTER (WHERE e.swept_at IS NOT NULL) AS swept
            FROM erasures e JOIN chains c ON c.number = e.chain
            WHERE e.endpoint = me.number GROUP BY c.chain) AS told),
        (SELECT json_object_agg(kind, version) FROM (
            SELECT kind, max(version) AS version FROM orders
            WHERE grouped IN ('', me.grouped) AND percent > %(share)s GROUP BY kind) AS meant),
        (SELECT count(*) FROM requests r
            LEFT JOIN replies a ON a.request = r.number AND a.endpoint = me.number
            WHERE r.sealed IS NOT NULL AND r.ends_at > %(now)s AND r.grouped IN ('', me.grouped)
                AND (a.request IS NULL OR (NOT a.done AND a.at < %(again)s)))
    FROM me JOIN well ON well.number = me.number"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Well:
    """The answer to an endpoint with which all is well."""

    chains: Mapping[str, Any]
    wanted: list[str]
    erased: Mapping[str, Any]
    orders: Mapping[str, int]
    requests: int


def ask(
    database: Database,
    certificate: tuple[str, str],
    chains: tuple[ToldChain, ...],
    values: Mapping[str, Any],
) -> Well | None:
    """Return the answer; None where something is not as it should be, and nothing was changed.

    `certificate`: id and serial number, both from one that TLS has accepted.
    """
    told = {
        "id": certificate[0],
        "serial": certificate[1],
        "kinds": [one.kind for one in chains],
        "chains": [one.chain for one in chains],
        "lasts": [one.last for one in chains],
        "heads": [one.head for one in chains],
        "starts": [genesis(one.chain) for one in chains],
        "since": begun_since(values["now"]),
        "begun": most_begun(),
        "over": [Alarm.SILENT.value, Alarm.CLOCK.value],
    }
    with database.at_once() as connection:
        row = connection.execute(_ASK, {**told, **values}).fetchone()
    if row is None:
        return None
    known, wanted, erased, orders, requests = row
    return Well(
        chains=known or {},
        wanted=wanted,
        erased=erased or {},
        orders=orders or {},
        requests=requests,
    )
