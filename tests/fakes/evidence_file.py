"""The evidence file by other hands than the gate's: edited by statements, or chained anew as only
an attacker, or a later version, would.
"""

import json
import lzma
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from evidence.chain import canonical, genesis, link
from evidence.database import connect
from evidence.frames import packed

STORES = Path(__file__).parents[1] / "evidence" / "stores"
"""Files that earlier versions really wrote."""


def old_store(place: Path, version: int) -> None:
    """Put a file of that schema at the place: the fourth as it was written, earlier ones as they
    differed from it, later ones as those versions made them of it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    kept = STORES / f"schema-{max(version, 4)}.db.xz"
    place.write_bytes(lzma.decompress(kept.read_bytes()))
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        if version < 3:
            for name in ("record", "hold_key"):
                connection.execute(f"DROP INDEX review_entries_by_{name}")
            for name in ("record_id", "hold_key"):
                connection.execute(f"ALTER TABLE review_entries DROP COLUMN {name}")
        if version < 2:
            connection.execute("DROP TABLE scripts")
            connection.execute("DROP TABLE traffic")
        connection.execute(f"PRAGMA user_version={version}")


def many_cases(place: Path) -> None:
    """Put a file of the sixth schema at the place, in which one question is many cases."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(lzma.decompress((STORES / "cases-6.db.xz").read_bytes()))


def run(place: Path, *statements: str) -> None:
    """Run statements, which may say `packed(text)` and `unpacked(body)` as the gate's may."""
    with closing(connect(place)) as connection:
        for statement in statements:
            connection.execute(statement).close()


def replaced(what: str, by: str, where: str) -> str:
    """Return the statement that replaces a text in the bodies of records."""
    text = f"replace(CAST(unpacked(body) AS TEXT), '{what}', '{by}')"
    return f"UPDATE entries SET body = packed({text}) WHERE {where}"


def rechained(place: Path, seq: int, change: Callable[[Any], Any]) -> None:
    """Put another body into a record, and chain it and all others anew."""
    with closing(connect(place)) as connection:
        head = genesis(str(connection.value("SELECT value FROM meta WHERE key = 'chain.records'")))
        query = "SELECT seq, unpacked(body) FROM entries ORDER BY seq"
        for number, text in connection.execute(query).fetchall():
            body = canonical(change(json.loads(text))) if number == seq else text
            before, head = head, link(head, number, body)
            connection.execute(
                """UPDATE entries SET body = ?, prev = ?, hash = ?, salt = NULL, cuts = NULL
                WHERE seq = ?""",
                (packed(body), before, head, number),
            )


def rechained_acts(place: Path, seq: int, change: Callable[[Any], Any]) -> None:
    """Put another body into an act, and chain it and all others anew."""
    with closing(connect(place)) as connection:
        head = genesis(str(connection.value("SELECT value FROM meta WHERE key = 'chain.reviews'")))
        query = "SELECT seq, body FROM review_entries ORDER BY seq"
        for number, text in connection.execute(query).fetchall():
            body = canonical(change(json.loads(text))) if number == seq else text.encode()
            before, head = head, link(head, number, body)
            connection.execute(
                "UPDATE review_entries SET body = ?, prev = ?, hash = ? WHERE seq = ?",
                (body.decode(), before, head, number),
            )
