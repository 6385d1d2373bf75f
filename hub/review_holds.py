"""Requests that wait for a person on any machine, as the review shows them: made of what endpoints
told of each, which is no payload and no excerpt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import Account, AccountKind, Category, Destination
from core.decision import Decision, Verdict
from core.findings import Confidence, Finding
from core.ids import utc_now
from core.record import Record, RequestSummary, ResponseSummary
from core.review import HoldState
from core.text import printable
from destinations.catalogue import find
from fleet.held import Became
from hub.council import Council, council
from hub.database import Database
from hub.held import holds, is_answered
from hub.questions import Row

_ID = "hold-"


def number_of_hold(id_: str) -> int:
    """Return the number of what the desk calls so; 0 for anything else. Endpoints may give
    requests the same id, so theirs names none of them.
    """
    told = id_.removeprefix(_ID)
    is_number = told.isascii() and told.isdecimal() and len(told) < 19
    return int(told) if id_.startswith(_ID) and is_number else 0


@dataclass(frozen=True, slots=True)
class HubHolds:
    """What waits on all machines. Implements `core.review_ports.HoldQueue`."""

    database: Database
    folder: Path

    def waiting(self) -> Sequence[Record]:
        """What waits and of which something is to be said still, the one with the least time
        first.
        """
        with self.database.work() as connection:
            shown = council(connection, self.folder)
            found = holds(connection, utc_now())
        return [_record(row, shown) for row in found if not is_answered(row)]

    def asked_by(self, record_ids: Sequence[str]) -> Mapping[str, str]:
        """Who asked for what an endpoint releases once a second person says the same."""
        with self.database.at_once() as connection:
            found = {f"{_ID}{row['number']}": row for row in holds(connection, utc_now())}
        asked = {id_: found[id_] for id_ in record_ids if id_ in found}
        return {
            id_: printable(row["who"] or "", 60)
            for id_, row in asked.items()
            if row["became"] == Became.ASKED
        }

    def states(self, record_ids: Sequence[str]) -> Mapping[str, HoldState]:
        """Nothing: how they ended stands in the endpoint's evidence."""
        return {}


def _record(row: Row, shown: Council) -> Record:
    """Return a held request as the desk shows it. It is one person's, and `hub holds` names the
    machine: no pseudonym stands here.
    """
    service = find(row["place"])
    script = Script(
        path=None,
        sha256=row["sha256"] or None,
        launched_as=LaunchedAs.FILE,
        name=row["script"],
    )
    return Record(
        id=f"{_ID}{row['number']}",
        at=row["told_at"],
        sender=Attribution(
            certainty=Certainty.LIKELY,  # the endpoint's word; its record is not here yet
            method="hub",
            process=None,
            user=shown.person_there(row["person"]) or None,
            script=script if row["script"] else None,
        ),
        destination=Destination(
            scheme="https",
            host=row["place"],
            port=443,
            path="",
            service=None if service is None else service.name,
            category=Category.OTHER if service is None else service.category,
            account=Account(kind=AccountKind(row["account"])),
        ),
        request=RequestSummary(method="", content_type=None, bytes=row["bytes"], complete=True),
        response=ResponseSummary(),
        llm=None,
        findings=tuple(_finding(kind, row["found"]) for kind in row["kinds"]),
        decision=Decision(
            verdict=Verdict.HOLD,
            rule=row["rule"] or None,
            reason=_reason(row),
            hold_seconds=(row["ends_at"] - row["told_at"]).total_seconds(),
        ),
    )


def _reason(row: Row) -> str:
    """Return why it is held, and why an answer was not taken where it is."""
    if row["became"] != Became.REFUSED:
        return str(row["reason"])
    by = printable(row["who"] or "", 60)
    return f"What {by} said was not taken there: {row['became_why']} It is held: {row['reason']}"


def _finding(kind: str, found: int) -> Finding:
    return Finding(
        kind=kind, detector="hub", confidence=Confidence.LIKELY, count=found, distinct=found
    )
