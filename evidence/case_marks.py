"""What the queue tells of a case beside its sums: that its sender is only likely, and which acts on
it were the sender's own.
"""

from collections.abc import Iterator
from dataclasses import replace

from core.attribution import Certainty
from core.review import Action, Case, own_acts
from evidence import queries
from evidence.database import Connection
from evidence.review_entries import review_of

_CERTAINTY = """SELECT CASE WHEN json_valid(text) THEN json_extract(text, '$.sender.certainty') END
    FROM (SELECT CAST(unpacked(body) AS TEXT) AS text FROM entries WHERE id = ?)"""
_SAID_OF_VERSION = """SELECT CAST(body AS BLOB) FROM review_entries
    WHERE script = ? AND script_sha256 = ? AND case_key = 'script' || char(31) || script
    ORDER BY seq"""


def marked(connection: Connection, case: Case, sha256: str | None) -> Case:
    """Return the case with what the queue marks; `sha256`: of its script's newest version."""
    likely = connection.value(_CERTAINTY, (case.last_record,)) == Certainty.LIKELY
    own = own_acts(_acts(connection, case, sha256))
    return replace(case, likely=likely, own=own) if likely or own else case


def _acts(connection: Connection, case: Case, sha256: str | None) -> Iterator[tuple[Action, bool]]:
    """Yield what was done with a case, and with the version that sent it, each oldest first; acts
    that this version cannot read are left out.
    """
    bodies = [body for *_, body in connection.execute(*queries.history_of(case.key))]
    if sha256 and case.script_path:
        said = connection.execute(_SAID_OF_VERSION, (case.script_path, sha256))
        bodies += [body for (body,) in said]
    for body in bodies:
        try:
            event = review_of(body).event
        except ValueError:
            continue
        yield event.action, event.own is True
