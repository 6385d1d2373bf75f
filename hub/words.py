"""Numbers for the words that many rows share: scripts, people, destinations, kinds, senders.

They are made outside of the transaction that uses them, in one order, so that hubs beside each
other never wait for one another in a ring; one that was made for nothing does no harm.
"""

import threading
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import LiteralString

from hub.database import Connection
from hub.facts import NO_HOW, Fact, How, Sender

_MOST_KNOWN = 200_000

_FIND: dict[str, tuple[LiteralString, LiteralString]] = {
    "people": (
        "SELECT name, number FROM people WHERE name = ANY(%s)",
        "INSERT INTO people (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING",
    ),
    "destinations": (
        "SELECT name, number FROM destinations WHERE name = ANY(%s)",
        "INSERT INTO destinations (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING",
    ),
    "words": (
        "SELECT word, number FROM words WHERE word = ANY(%s)",
        "INSERT INTO words (word) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING",
    ),
}
_KINDS = "SELECT kinds, number FROM kindsets WHERE kinds = %s"
_MAKE_KINDS = "INSERT INTO kindsets (kinds) VALUES (%s) ON CONFLICT DO NOTHING"
_HOWS = """SELECT number FROM hows
    WHERE (certain, ending, rule, model) = (%s::text, %s::text, %s::text, %s::text)"""
_MAKE_HOW = """INSERT INTO hows (certain, ending, rule, model) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING"""
_SCRIPTS = "SELECT encode(sha256, 'hex'), number, family, name FROM scripts WHERE sha256 = ANY(%s)"
_MAKE_SCRIPT = """WITH made AS (SELECT nextval(pg_get_serial_sequence('scripts', 'number')) AS n)
    INSERT INTO scripts (number, sha256, name, family) OVERRIDING SYSTEM VALUE
    SELECT n, %(sha256)s, %(name)s, coalesce(%(family)s::int, n) FROM made
    ON CONFLICT DO NOTHING"""
_PLACES = """SELECT number FROM places WHERE endpoint = %s AND path = %s
    AND coalesce(script, 0) = %s AND coalesce(person, 0) = %s"""
_MAKE_PLACE = """INSERT INTO places (endpoint, path, script, person)
    VALUES (%s, %s, nullif(%s, 0), nullif(%s, 0)) ON CONFLICT DO NOTHING"""
_STILL_THERE = """SELECT count(*) FROM (SELECT 1 FROM places WHERE number = ANY(%s)
    FOR KEY SHARE) AS there"""
_STILL_SO = """SELECT
    (SELECT count(*) FROM unnest(%s::text[], %s::int[]) AS t (name, number)
        JOIN destinations d ON (d.number, d.name) = (t.number, t.name))
    + (SELECT count(*) FROM unnest(%s::text[], %s::int[]) AS t (word, number)
        JOIN words w ON (w.number, w.word) = (t.number, t.word))
    + (SELECT count(*) FROM unnest(%s::text[], %s::int[]) AS t (kinds, number)
        JOIN kindsets k ON k.number = t.number AND array_to_string(k.kinds, ',') = t.kinds)
    + (SELECT count(*) FROM unnest(%s::text[], %s::int[]) AS t (how, number)
        JOIN hows h ON h.number = t.number
            AND concat_ws(E'\\x1f', certain, ending, rule, model) = t.how)"""
_UNITE_CASES = """UPDATE fleet_cases c SET family = %s WHERE family = %s AND NOT EXISTS
    (SELECT 1 FROM fleet_cases o WHERE (o.family, o.name, o.destination, o.account)
        = (%s, c.name, c.destination, c.account))"""
_FAMILY_THERE = """SELECT s.family, s.name FROM places p JOIN scripts s ON s.number = p.script
    WHERE p.endpoint = %s AND p.path = %s ORDER BY p.number DESC LIMIT 1"""


@dataclass(slots=True)
class Numbered:
    """The numbers of what stands in one upload."""

    places: dict[Sender, int] = field(default_factory=dict)
    destinations: dict[str, int] = field(default_factory=dict)
    kinds: dict[tuple[str, ...], int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    hows: dict[How, int] = field(default_factory=dict)
    """But for that of which nothing is told."""


class Words:
    """Remembers the numbers that were asked for; may be used from several threads."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Remember nothing: for another database."""
        with self._lock:
            self._known.clear()

    def of(self, connection: Connection, endpoint: int, facts: Sequence[Fact]) -> Numbered:
        """Return the numbers of all that stands in these facts, made where there are none."""
        found = Numbered()
        found.destinations = self._texts(connection, "destinations", {f.destination for f in facts})
        words = {f.outcome for f in facts} | {f.account for f in facts}
        found.words = self._texts(connection, "words", words)
        for kinds in sorted({f.kinds for f in facts}):
            found.kinds[kinds] = self._kinds(connection, kinds)
        found.hows = self.hows(connection, facts)
        senders = sorted({f.sender for f in facts})
        people = self._texts(connection, "people", {s.person for s in senders if s.person})
        for sender in senders:
            person = people.get(sender.person, 0)
            found.places[sender] = self._place(connection, endpoint, sender, person)
        return found

    def hows(self, connection: Connection, facts: Sequence[Fact]) -> dict[How, int]:
        """Return the numbers of how these came about, made where there are none."""
        wanted = sorted({f.how for f in facts} - {NO_HOW})
        return {how: self._how(connection, how) for how in wanted}

    def holds(self, connection: Connection, found: Numbered) -> bool:
        """Return whether the numbers still stand for the same, and keep the senders until the
        transaction ends: what an erasure leaves nothing of is removed, and a backup that was
        restored under a running hub knows less than is remembered here.
        """
        if not found.places:
            return True
        numbers = sorted(found.places.values())
        row = connection.execute(_STILL_THERE, (numbers,)).fetchone()
        if row is None or row[0] != len(set(numbers)):
            return False
        kinds = [",".join(one) for one in found.kinds]
        pairs = (
            *(list(found.destinations), list(found.destinations.values())),
            *(list(found.words), list(found.words.values())),
            *(kinds, list(found.kinds.values())),
            *(["\x1f".join(one) for one in found.hows], list(found.hows.values())),
        )
        row = connection.execute(_STILL_SO, pairs).fetchone()
        return row is not None and row[0] == sum(len(one) for one in pairs) // 2

    def _texts(self, connection: Connection, table: str, wanted: Iterable[str]) -> dict[str, int]:
        wanted = sorted(set(wanted))
        known = {w: n for w in wanted if (n := self._known.get((table, w))) is not None}
        lacking = [word for word in wanted if word not in known]
        if lacking:
            find, make = _FIND[table]
            found: dict[str, int] = dict(connection.execute(find, (lacking,)).fetchall())
            if len(found) < len(lacking):
                connection.execute(make, ([w for w in lacking if w not in found],))
                found = dict(connection.execute(find, (lacking,)).fetchall())
            if table != "people":  # a name that was erased comes back under another number
                self._keep({(table, word): number for word, number in found.items()})
            known |= found
        return known

    def _kinds(self, connection: Connection, kinds: tuple[str, ...]) -> int:
        key = "kinds", kinds
        if (known := self._known.get(key)) is not None:
            return known
        row = connection.execute(_KINDS, (list(kinds),)).fetchone()
        if row is None:
            connection.execute(_MAKE_KINDS, (list(kinds),))
            row = connection.execute(_KINDS, (list(kinds),)).fetchone()
        assert row is not None
        self._keep({key: int(row[1])})
        return int(row[1])

    def _how(self, connection: Connection, how: How) -> int:
        key = "how", how
        if (known := self._known.get(key)) is not None:
            return known
        row = connection.execute(_HOWS, how).fetchone()
        if row is None:
            connection.execute(_MAKE_HOW, how)
            row = connection.execute(_HOWS, how).fetchone()
        assert row is not None
        self._keep({key: int(row[0])})
        return int(row[0])

    def _place(self, connection: Connection, endpoint: int, sender: Sender, person: int) -> int:
        key = "place", endpoint, sender
        if (known := self._known.get(key)) is not None:
            return known
        script = self._script(connection, endpoint, sender) if sender.sha256 else 0
        values = (endpoint, sender.path, script, person)
        row = connection.execute(_PLACES, values).fetchone()
        if row is None:
            connection.execute(_MAKE_PLACE, values)
            row = connection.execute(_PLACES, values).fetchone()
        assert row is not None
        self._keep({key: int(row[0])})
        return int(row[0])

    def _script(self, connection: Connection, endpoint: int, sender: Sender) -> int:
        key = "script", sender.sha256
        if (known := self._known.get(key)) is not None and self._known.get(
            ("path", endpoint, sender.path)
        ) == known:
            return known
        sha256 = bytes.fromhex(sender.sha256)
        there = None
        if _is_path(sender.path):
            there = connection.execute(_FAMILY_THERE, (endpoint, sender.path)).fetchone()
        row = connection.execute(_SCRIPTS, ([sha256],)).fetchone()
        if row is None:
            family = None if there is None else there[0]
            values = {"sha256": sha256, "name": sender.name, "family": family}
            connection.execute(_MAKE_SCRIPT, values)
            row = connection.execute(_SCRIPTS, ([sha256],)).fetchone()
            assert row is not None
        elif there is not None and there[0] != row[2] and there[1] == row[3]:
            _unite(connection, there[0], row[2])
        number = int(row[1])
        self._keep({key: number, ("path", endpoint, sender.path): number})
        return number

    def _keep(self, numbers: dict[Hashable, int]) -> None:
        with self._lock:
            if len(self._known) + len(numbers) > _MOST_KNOWN:
                self._known.clear()
            self._known.update(numbers)


def _is_path(path: str) -> bool:
    """Return whether it names a file: what runs from standard input has no versions."""
    return "/" in path or "\\" in path


def _unite(connection: Connection, one: int, other: int) -> None:
    """Make one entry of two: one path on one endpoint held versions of both, under one name."""
    kept, gone = min(one, other), max(one, other)
    connection.execute("UPDATE scripts SET family = %s WHERE family = %s", (kept, gone))
    connection.execute(_UNITE_CASES, (kept, gone, kept))
