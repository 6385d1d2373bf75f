"""The evidence of the fleet as the review reads it, and what people at the hub decide: the same
desk over all machines. One thread at a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ForbiddenError, InputError
from core.review import (
    Action,
    Case,
    CaseFilter,
    Condition,
    Disposition,
    Order,
    ReviewEvent,
    ScriptVersion,
    script_key,
)
from core.rights import DEED_OF, Actor, Deed
from core.stored import OpenedEntry, StoredEntry, StoredObservation, StoredRecord, UnreadableEntry
from core.vocabulary.sizes import counted
from fleet.wire import BadUpload
from hub import approvals, desk, held, how_rows, rows_again, script_past
from hub.case_list import look
from hub.case_pages import asks_how, sorts, untold
from hub.council import Council, council
from hub.database import Connection, Database
from hub.deeds import Word, deeds_about
from hub.review_cases import asks_held, case_of, inside_of, number_of
from hub.review_holds import number_of_hold
from hub.settings import policy_key
from hub.stored import entries_of as upload_of
from hub.streams import covered, entries_of

_ENTRIES = """WITH f AS MATERIALIZED (
        SELECT family, name,
            (SELECT number FROM destinations d WHERE d.name = c.destination) AS to_,
            (SELECT number FROM words w WHERE w.word = c.account) AS account,
            coalesce((SELECT number FROM words WHERE word = 'observed'), 0) AS observed
        FROM fleet_cases c WHERE number = %(case)s),
    there AS MATERIALIZED (
        SELECT p.number FROM f JOIN scripts x ON x.family = f.family AND x.name = f.name
            JOIN places p ON p.script = x.number
        UNION ALL SELECT p.number FROM f JOIN places p ON f.family = 0 AND p.script IS NULL
            AND p.path = f.name)
    SELECT c.number, c.chain, r.seq
    FROM f CROSS JOIN there t CROSS JOIN LATERAL (
        SELECT s.chain, s.seq, s.at FROM records s
            JOIN chains k ON k.number = s.chain AND k.state <> 'superseded'
        WHERE s.place = t.number AND s.destination = f.to_ AND s.account = f.account
            AND (s.outcome = f.observed) = %(observed)s AND s.review AND NOT s.gone
        ORDER BY s.at DESC, s.chain, s.seq DESC LIMIT %(most)s) AS r
        JOIN chains c ON c.number = r.chain
    ORDER BY r.at DESC, r.chain, r.seq DESC LIMIT %(limit)s OFFSET %(offset)s"""
"""The newest of each sender by the index, and of those the newest."""
_SCRIPT = script_key("")
_ACTIONS = {
    Word.COMMENTED: Action.NOTE,
    Word.ASSIGNED: Action.NOTE,
    Word.TAKEN: Action.NOTE,
    Word.CLOSED: Action.CLOSE,
    Word.REOPENED: Action.REOPEN,
}
"""What deeds about a case are in the review."""


@dataclass
class HubCases:
    """Cases of the whole fleet. Implements `core.review_ports.CaseStore`."""

    database: Database
    folder: Path
    actor: Actor
    refusal: Callable[[Deed], str | None] = lambda _: None
    key: Path | None = None
    """Folder of the key that signs answers and approvals; None: the hub's own."""
    asks: approvals.Asks = approvals.ASKS_NOTHING
    """What the settings of the hub's machine ask of approvals of scripts."""

    def data_version(self) -> int:
        """A number that changes when the list of cases does."""
        with self.database.work() as connection:
            return look(connection)

    def count(self, wanted: CaseFilter) -> int:
        """How many cases match."""
        with self._list() as connection:
            return int(desk.totals(connection, wanted, self._shown(connection))["cases"])

    def untold(self, condition: Condition) -> str:
        """What of a filter the list does not tell, or not yet, in words."""
        if missing := untold(condition):
            return missing
        if not asks_how(condition):
            return ""
        with self.database.at_once() as connection:
            left = max(one.left(connection) for one in (how_rows.LATER, rows_again.LATER))
        if not left:
            return ""
        how = f"yet how {counted(left, 'record')} came about"
        return f"{how}: they are still being read after the update (outgate hub status)"

    def sorts(self, order: Order) -> bool:
        """Whether the list is sorted by this."""
        return sorts(order)

    def page(self, wanted: CaseFilter, offset: int, limit: int) -> Sequence[Case]:
        """Cases in the order of the filter."""
        with self._list() as connection:
            rows = desk.page(connection, wanted, offset, limit, self._shown(connection))
            return [case_of(row) for row in rows]

    def cases_of(self, script: str, limit: int) -> Sequence[Case]:
        """Cases of the script of this name, or at this path, open or closed, by risk."""
        with self._list() as connection:
            there = script_past.families(connection, script, self._shown(connection))
            return [case_of(row) for row in desk.called(connection, script, there, limit)]

    def case(self, key: str) -> Case | None:
        """One case, with what is inside it."""
        with self._list() as connection:
            row = desk.listed(connection, number_of(key))
            if row is None:
                return None
            shown = self._shown(connection)
            told = desk.case(connection, row["number"], shown)
            cut = desk.held_cut(connection, row["number"]) if asks_held(row) else None
        return replace(case_of(row), inside=inside_of(row, told, shown, cut))

    def records(self, key: str, limit: int = 50, offset: int = 0) -> Sequence[StoredEntry]:
        """Records of a case from the newest, people in them as far as was agreed on."""
        found = self._entries(key, limit, offset, observed=False)
        return [one for one in found if isinstance(one, StoredRecord | UnreadableEntry)]

    def observations_of(
        self, key: str, limit: int = 50, offset: int = 0
    ) -> Sequence[StoredObservation]:
        """The newest observations of a case."""
        found = self._entries(key, limit, offset, observed=True)
        return [one for one in found if isinstance(one, StoredObservation)]

    def history(self, key: str) -> Sequence[ReviewEvent]:
        """What people at the hub did with a case, or said of a script, oldest first."""
        with self.database.at_once() as connection:
            if key.startswith(_SCRIPT):
                path, shown = key.removeprefix(_SCRIPT), self._shown(connection)
                return script_past.said_of(connection, path, shown)
            deeds = deeds_about(connection, f"case {number_of(key)}")
        return [event for deed in deeds if (event := _event(key, deed)) is not None]

    def script_versions(self, script: str | None = None) -> Sequence[ScriptVersion]:
        """Versions of a script on any machine; of all scripts none, for they are too many."""
        if script is None:
            return ()
        with self.database.at_once() as connection:
            return script_past.versions(connection, script, self._shown(connection))

    def script_of(self, key: str) -> str | None:
        """The path of the script that a case is about, where it was used last, as far as people are
        shown; None where no script is known.
        """
        with self.database.at_once() as connection:
            return script_past.script_of(connection, number_of(key), self._shown(connection))

    def made_of(self, sha256: str) -> Sequence[tuple[str, str, bool]] | None:
        """Name and version of each package that a version of a script has on any machine, and
        whether it imports it; None where no machine has told.
        """
        with self.database.at_once() as connection:
            return script_past.made_of(connection, sha256)

    def append(self, events: Sequence[ReviewEvent]) -> Sequence[ReviewEvent]:
        """Do what was decided, all or none.

        Raises ForbiddenError, InputError, SettingsError, DatabaseDownError.
        """
        for event in events:
            refused = self.refusal(DEED_OF[event.action])
            if refused is not None:
                raise ForbiddenError(refused)
        with self.database.work() as connection:
            done = [self._do(connection, event) for event in events]
        who, channel = self.actor.name, self.actor.channel
        return [
            replace(one, action=was, who=who, channel=channel)
            for one, was in zip(events, done, strict=True)
        ]

    def totals(self, since: datetime | None = None) -> Mapping[str, int]:
        """Counts for the health line; the list does not tell what was skipped."""
        with self._list() as connection:
            shown = self._shown(connection)
            counted = desk.totals(connection, CaseFilter(status=None, since=since), shown)
            whole = counted
            if since is not None:
                whole = desk.totals(connection, CaseFilter(status=None), shown)
        last = whole["last_at"] or datetime.fromtimestamp(0, UTC)
        return {
            "records": int(counted["records"]),
            "requests": int(counted["records"]),
            "open_cases": int(counted["open"]),
            "last_at_epoch": int(last.timestamp()),
        }

    def take(self, key: str) -> None:
        """Take a case over. Raises ForbiddenError, InputError, DatabaseDownError."""
        self.assign(key, self.actor.name)

    def assign(self, key: str, to: str) -> None:
        """Give a case to somebody. Raises ForbiddenError, InputError, DatabaseDownError."""
        self._work(lambda c, told: desk.assign(c, number_of(key), to, **told))

    def comment(self, key: str, words: str) -> None:
        """Say something about a case. Raises ForbiddenError, InputError, DatabaseDownError."""
        self._work(lambda c, told: desk.comment(c, number_of(key), **{**told, "note": words}))

    def _work(self, do: Callable[[Connection, dict[str, Any]], None]) -> None:
        refused = self.refusal(Deed.WORK)
        if refused is not None:
            raise ForbiddenError(refused)
        with self.database.work() as connection:
            do(connection, {"who": self.actor, "note": "", "now": datetime.now(UTC)})

    def _shown(self, connection: Connection) -> Council:
        return council(connection, self.folder)

    @contextmanager
    def _list(self) -> Iterator[Connection]:
        """The list as it stands; made first where there is none."""
        with self.database.work() as connection:
            look(connection)
            yield connection

    def _entries(self, key: str, limit: int, offset: int, *, observed: bool) -> list[OpenedEntry]:
        with self.database.work() as connection:
            if not number_of(key):
                return []
            shown = desk.shown_in(connection, number_of(key), self._shown(connection))
            places = {"case": number_of(key), "observed": observed, "limit": limit}
            places |= {"offset": offset, "most": limit + offset}
            found = connection.execute(_ENTRIES, places).fetchall()
            return [_opened(connection, (place[0], place[1], place[2]), shown) for place in found]

    def _do(self, connection: Connection, event: ReviewEvent) -> Action:
        """Do it; return what was done: what takes two people is a request first."""
        told: dict[str, Any] = {"who": self.actor, "note": event.note, "now": event.at}
        number = number_of(event.case_key)
        match event.action:
            case Action.CLOSE:
                reason = event.disposition or Disposition.ALREADY_HANDLED
                desk.close(connection, number, reason, **told)
            case Action.REOPEN:
                desk.reopen(connection, number, **told)
            case Action.NOTE:
                desk.comment(connection, number, **told)
            case Action.APPROVE | Action.REFUSE:
                self._answer(connection, event, told)
            case Action.APPROVE_SCRIPT | Action.WITHDRAW_SCRIPT if event.script_sha256:
                yes, key = (
                    event.action is Action.APPROVE_SCRIPT,
                    policy_key(self.key or self.folder),
                )
                told |= {"approved": yes, "asks": self.asks}
                return approvals.say(connection, key, event.script_sha256, **told)
            case _:
                raise InputError("That cannot be done at the hub.")
        return event.action

    def _answer(self, connection: Connection, event: ReviewEvent, told: dict[str, Any]) -> None:
        number = number_of_hold(event.record_id or "")
        key = policy_key(self.key or self.folder)
        yes = event.action is Action.APPROVE
        held.answer(connection, key, number, approved=yes, asks=self.asks, **told)


def _opened(connection: Connection, place: tuple[int, str, int], shown: Council) -> OpenedEntry:
    chain, name, seq = place
    why = "its message is not at the hub any more"
    try:
        kept = upload_of(connection, chain, seq)
    except BadUpload:
        kept, why = None, "its message is damaged at the hub"
    entries = () if kept is None else entries_of(kept, name)
    found = next((one for one in entries if one.link.seq == seq), None)
    if found is None:
        return UnreadableEntry(id="", at=None, link=None, why=why)
    return covered(found, shown).opened()


def _event(key: str, deed: Any) -> ReviewEvent | None:
    action = _ACTIONS.get(deed.word)
    if action is None:
        return None
    disposition = deed.facts.get("disposition")
    given = {Word.ASSIGNED: "given to ", Word.TAKEN: "taken over by "}.get(deed.word)
    note = deed.note if given is None else f"{given}{deed.facts.get('to', '')}"
    return ReviewEvent(
        id=f"deed-{deed.seq}",
        at=datetime.fromisoformat(deed.at),
        case_key=key,
        action=action,
        who=deed.who,
        disposition=Disposition(disposition) if disposition else None,
        note=note,
        role=deed.facts.get("role"),
        channel=deed.facts.get("channel"),
    )
