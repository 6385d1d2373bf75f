"""The history of a script over the whole fleet, as the desk asks for it: by the path that a record
shows. Its versions on all machines, and what was said of them here.
"""

from collections.abc import Sequence
from datetime import datetime

from core.review import About, Action, ReviewEvent, ScriptVersion, script_key
from hub.case_senders import senders
from hub.council import Council
from hub.database import Connection
from hub.deeds import Word, deeds_about

_MOST = 100
_FAMILIES = """SELECT DISTINCT x.family FROM places p JOIN scripts x ON x.number = p.script
    WHERE p.number = ANY(%s)"""
_AT = "SELECT number FROM places WHERE path = %s AND script IS NOT NULL"
_VERSIONS = """SELECT encode(x.sha256, 'hex'), min(t.first_at), max(t.last_at)
    FROM scripts x JOIN places p ON p.script = x.number JOIN totals t ON t.place = p.number
    WHERE x.family = ANY(%s) GROUP BY x.sha256 ORDER BY 3 DESC, 1 LIMIT %s"""
_SAID = {Word.APPROVED: Action.APPROVE_SCRIPT, Word.WITHDRAWN: Action.WITHDRAW_SCRIPT}


def families(connection: Connection, path: str, shown: Council) -> list[int]:
    """Return the numbers under which the versions of a script at this path count as one; the path
    as far as people are shown.
    """
    if shown.agreed.pseudonyms:
        places = senders(connection, shown, About.SCRIPT, [path])
    else:
        places = [number for (number,) in connection.execute(_AT, (path,)).fetchall()]
    return [family for (family,) in connection.execute(_FAMILIES, (places,)).fetchall()]


def versions(connection: Connection, path: str, shown: Council) -> list[ScriptVersion]:
    """Return the newest versions that any machine had, and from when to when each sent."""
    found = connection.execute(_VERSIONS, (families(connection, path, shown), _MOST)).fetchall()
    return [
        ScriptVersion(script=path, sha256=sha256, first_at=first, last_at=last)
        for sha256, first, last in found
    ]


def said_of(connection: Connection, path: str, shown: Council) -> Sequence[ReviewEvent]:
    """Return what was said of its versions for the whole fleet, oldest first."""
    found = [
        ReviewEvent(
            id=f"deed-{deed.seq}",
            at=datetime.fromisoformat(deed.at),
            case_key=script_key(path),
            action=_SAID[Word(deed.word)],
            who=deed.who,
            note=deed.note,
            script=path,
            script_sha256=version.sha256,
            role=deed.facts.get("role"),
            channel=deed.facts.get("channel"),
        )
        for version in versions(connection, path, shown)
        for deed in deeds_about(connection, f"script {version.sha256}")
        if deed.word in _SAID
    ]
    return sorted(found, key=lambda event: event.at)
