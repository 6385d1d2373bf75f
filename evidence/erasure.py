"""Erasure: takes people out of the evidence so that both chains stay whole and nothing of them is
left in any byte of its files.

A text is overwritten by one of the same length before its row shrinks: rows that change their
length leave copies on their page, whatever SQLite is told. Then the derived tables are made anew,
the log is emptied and the file is written without free pages; only then is it told as done.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from core.errors import EvidenceError
from core.happenings import Event, happening
from core.observation import SCHEMA as OBSERVATION
from evidence.acts import append_happening
from evidence.database import Connection, connect, transaction
from evidence.entries import seal_of
from evidence.frames import packed
from evidence.gate_liveness import living
from evidence.lots import forget_lots
from evidence.marks import marks_in
from evidence.named import Named
from evidence.parts import SALT_BYTES, Seal, blank_cuts, cuts_to_bytes, erase, kinds_of_parts
from evidence.past_erasure import sums_that_tell, take_out_of_sums
from evidence.rebuild import rebuild
from evidence.removed import Removed, runs
from evidence.sqlite_errors import in_words
from evidence.statements import INSERT_ERASED
from evidence.sweeping import MOST_BESIDE_A_GATE, PATIENCE_S, sweep, unswept

_SCAN = """SELECT e.seq, e.at_us, unpacked(e.body), e.salt, e.cuts, x.cuts, x.sealed
    FROM entries e LEFT JOIN erased x ON x.seq = e.seq WHERE e.seq > ? ORDER BY e.seq"""
_OF_SENDER = frozenset({"sender", "files"})
"""Parts that tell of who sent; the others tell of a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to go: records of these people, values with these marks, records of a script, records
    before a time.
    """

    users: frozenset[str] = frozenset()
    fingerprints: frozenset[str] = frozenset()
    script: str | None = None
    before_us: int | None = None

    @property
    def names(self) -> Named:
        """What sums and acts may name."""
        return Named(users=self.users, script=self.script)


@dataclass(slots=True)
class Plan:
    """What an erasure would do: shown first, then done."""

    whole: set[int] = field(default_factory=set)
    parts: dict[int, set[int]] = field(default_factory=dict)
    observed: int = 0
    """Of those that go whole, how many are observations."""
    held: int = 0
    """Records that a legal hold keeps."""
    more_values: int = 0
    """Records with more values than marks: the value may be among the others."""
    sha256s: set[str] = field(default_factory=set)
    """Versions of the script that is erased: what was kept of their source has to go, too."""
    past: int = 0
    """Sums of records that expired in which the person or script stands, or a hash of the value;
    those rows and hashes go.
    """
    acts: int = 0
    """Acts that name the person or the script; they stay."""
    owed: bool = False
    """Whether an erasure before this one left something in the file's free room or its log."""
    swept: bool = True
    """False: erased, but what stood there may be left in the file's free room and its log."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to erase."""
        return not self.whole and not self.parts and not self.past


@in_words()
def plan(path: Path, wanted: Wanted) -> Plan:
    """Return what would be erased; reads only. Raises EvidenceError."""
    with closing(connect(path, read_only=True)) as connection:
        connection.execute("BEGIN")
        return _plan(connection, wanted)


def _plan(connection: Connection, wanted: Wanted) -> Plan:
    made, removed = Plan(owed=unswept(connection) is not None), Removed.of(connection)
    for seq, at_us, text, *columns in connection.execute(_SCAN, (0,)):
        if not text:
            continue
        body = _read(text)
        if wanted.fingerprints:
            made.more_values += _holds_more(body)
        whole, parts = _of_entry(wanted, at_us, text, body, seal_of(*columns))
        if not whole and not parts:
            continue
        sender, user = _sender(body), _user(body)
        if any(hold.covers(at_us, sender, user) for hold in removed.holds.values()):
            made.held += 1
        elif whole:
            made.whole.add(seq)
            made.observed += body.get("schema") == OBSERVATION
            if wanted.script is not None and (sha256 := _script(body).get("sha256")):
                made.sha256s.add(str(sha256))
        else:
            made.parts[seq] = parts
    names = wanted.names
    made.past = sums_that_tell(connection, names, wanted.fingerprints)
    if names:
        acts = connection.execute("SELECT CAST(body AS BLOB) FROM review_entries")
        made.acts = sum(names.is_anywhere_in(_read(text)) for (text,) in acts)
    return made


def _of_entry(
    wanted: Wanted, at_us: int, text: bytes, body: dict[str, Any], seal: Seal | None
) -> tuple[bool, set[int]]:
    """Return whether an entry goes whole, and else which of its parts."""
    if wanted.before_us is not None and at_us < wanted.before_us:
        return True, set()
    if wanted.script is not None and _sender(body) == wanted.script:
        return True, set()
    if body.get("schema") == OBSERVATION:
        return bool(wanted.users & (_people(body) | _named_in(body))), set()
    values = _values_of(wanted, body)
    sender = bool(wanted.users & _people(body))
    if not values and not sender:
        return False, set()
    if seal is None:  # hashed as one text, by an earlier version: it can only go whole
        return True, set()
    kinds, found, finding = kinds_of_parts(text, seal), set(), -1
    for number, kind in enumerate(kinds):
        finding += kind == "values"
        if (kind in _OF_SENDER and sender) or (kind not in _OF_SENDER and finding in values):
            found.add(number)
    return False, found - seal.erased


def _read(text: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _findings(body: dict[str, Any]) -> list[dict[str, Any]]:
    found = body.get("findings")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _values_of(wanted: Wanted, body: dict[str, Any]) -> set[int]:
    """Return the numbers of the findings that hold one of the values."""
    if not wanted.fingerprints:
        return set()
    return {
        number
        for number, one in enumerate(_findings(body))
        if wanted.fingerprints & set(one.get("fingerprints") or ())
    }


def _holds_more(body: dict[str, Any]) -> bool:
    return any(
        (one.get("distinct") or 0) > len(one.get("fingerprints") or ())
        for one in _findings(body)
        if one.get("fingerprints")
    )


def _part(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _script(body: dict[str, Any]) -> dict[str, Any]:
    return _part(_part(body, "sender"), "script")


def _user(body: dict[str, Any]) -> str | None:
    user = _part(body, "sender").get("user")
    return user if isinstance(user, str) else None


def _people(body: dict[str, Any]) -> set[str]:
    owner = _part(_script(body), "version").get("owner")
    return {name for name in (_user(body), owner) if isinstance(name, str)}


def _named_in(body: dict[str, Any]) -> set[str]:
    """Return the texts among the facts of an observation."""
    facts = _part(body, "facts")
    values = (_part(facts, name).get("value") for name in facts)
    return {value for value in values if isinstance(value, str)}


def _sender(body: dict[str, Any]) -> str:
    """Return the script's path or name, as cases and lists of scripts call it."""
    script = _script(body)
    return str(script.get("path") or script.get("name") or "")


@in_words()
def erase_now(
    path: Path,
    wanted: Wanted,
    *,
    who: str,
    why: str,
    asked: str | None = None,
    patience_s: float = PATIENCE_S,
) -> Plan:
    """Erase, and tell it in the chain of acts. Raises EvidenceError.

    What is told names entries and parts by number, never what stood there. `asked`: the id of the
    request of another person that this confirms. What an erasure before this one left in the
    file's free room, because it was interrupted or somebody read meanwhile, goes with it.
    """
    with closing(connect(path)) as connection:
        if connection.value("SELECT count(*) FROM entries") > MOST_BESIDE_A_GATE and living(path):
            raise EvidenceError(
                "A gate is running, and there are too many records to erase beside it.",
                remedy="Stop it with outgate stop, erase, and start it again.",
            )
        with transaction(connection):
            made = _erase(connection, wanted, who=who, why=why, asked=asked)
        owed = unswept(connection) is not None
    if owed:
        made.swept = sweep(path, who=who, patience_s=patience_s)
    return made


def _erase(
    connection: Connection, wanted: Wanted, *, who: str, why: str, asked: str | None
) -> Plan:
    made = _plan(connection, wanted)
    if made.nothing:
        return made
    _take_out(connection, made)
    forget_lots(connection, {*made.whole, *made.parts})
    facts = {
        **_facts(made, why),
        "past": take_out_of_sums(connection, wanted.names, wanted.fingerprints),
    }
    if asked is not None:
        facts["asked"] = asked
    # The act first: what it says was erased counts nowhere in what is made anew.
    append_happening(connection, happening(Event.ERASED, facts, who=who))
    rebuild(connection)
    return made


def _facts(made: Plan, why: str) -> dict[str, Any]:
    parts = [[seq, *sorted(numbers)] for seq, numbers in sorted(made.parts.items())]
    return {"why": why, "entries": runs(made.whole), "parts": parts, "held": made.held}


def _take_out(connection: Connection, made: Plan) -> None:
    for seq in sorted(made.whole):
        _forget_marks(connection, seq, None)
        empty(connection, seq)
    for seq, numbers in sorted(made.parts.items()):
        text, seal = _entry(connection, seq)
        left, sealed = erase(text, seal, numbers)
        _forget_marks(connection, seq, left)
        _overwrite(connection, seq, packed(left))
        row = {
            "seq": seq,
            "cuts": cuts_to_bytes(sealed.cuts),
            "sealed": b"".join(sealed.sealed),
        }
        INSERT_ERASED.run(connection, [row])


def empty(connection: Connection, seq: int) -> None:
    """Leave of an entry its place, its id and its hash; within a transaction."""
    _overwrite(connection, seq, b"")
    change = "UPDATE entries SET body = x'', case_id = NULL WHERE seq = ?"
    connection.execute(change, (seq,)).close()
    connection.execute("DELETE FROM erased WHERE seq = ?", (seq,)).close()


def _entry(connection: Connection, seq: int) -> tuple[bytes, Seal]:
    ((_, _, text, *columns),) = connection.execute(f"{_SCAN} LIMIT 1", (seq - 1,)).fetchall()
    seal = seal_of(*columns)
    assert seal is not None
    return text, seal


def _overwrite(connection: Connection, seq: int, frame: bytes) -> None:
    """Put a frame in the place of another without changing the length of the row, and destroy the
    salt, and how long its parts were.
    """
    length = int(connection.value("SELECT length(body) FROM entries WHERE seq = ?", (seq,)))
    if len(frame) > length:
        raise EvidenceError(
            "A record cannot be erased in part, for what is left takes more room than it had.",
            remedy="Report this: it is a fault in Outgate.",
        )
    change = """UPDATE entries SET body = ?,
        salt = CASE WHEN salt IS NULL THEN NULL ELSE zeroblob(?) END, cuts = ? WHERE seq = ?"""
    padded = frame + bytes(length - len(frame))
    cuts = connection.value("SELECT cuts FROM entries WHERE seq = ?", (seq,))
    blank = None if cuts is None else blank_cuts(cuts)
    connection.execute(change, (padded, SALT_BYTES, blank, seq)).close()


def _forget_marks(connection: Connection, seq: int, left: bytes | None) -> None:
    """Remove the marks of an entry that what is left of it does not hold."""
    query = "SELECT unpacked(body) FROM entries WHERE seq = ?"
    before = _marks(connection.value(query, (seq,)) or b"")
    gone = before - (set() if left is None else _marks(left))
    remove = "DELETE FROM marks WHERE mark = ? AND seq = ?"
    connection.executemany(remove, [(one, seq) for one in sorted(gone)]).close()


def _marks(text: bytes) -> set[int]:
    return marks_in(_findings(_read(text)))


def lines_of(made: Plan, kept_sources: Sequence[str] = ()) -> list[str]:
    """Return what the plan says to the person who has to agree."""
    lines = []
    if not made.nothing:
        observed = f"; observations: {made.observed}" if made.observed else ""
        lines = [
            f"Records erased whole: {len(made.whole) - made.observed}{observed}.",
            f"Records of which parts are erased: {len(made.parts)}; what is left proves time, "
            "place, kinds and decision.",
        ]
    if made.past:
        lines.append(
            f"Sums of records that expired, without what names or marks them: {made.past}."
        )
    if made.held:
        lines.append(f"Kept, because they are under a legal hold: {made.held}.")
    if made.more_values:
        lines.append(
            f"Records that hold more values than marks: {made.more_values}. Whether the value is "
            "among those without a mark, nobody can tell."
        )
    if kept_sources:
        lines.append(f"Sources of scripts that go with them: {len(kept_sources)}.")
    if made.acts:
        lines.append(
            f"Acts that name whom or what this is about (reviews, holds, approvals): {made.acts}. "
            "They stay: they prove who did what."
        )
    if made.owed and made.swept:
        lines.append("What an earlier erasure left in the file's free room goes with it.")
    if not made.swept:
        lines.append(
            "NOT finished: something else uses the evidence, so what stood there may be left in "
            "the file's free room. Stop the gate (outgate stop) and say the same again; a gate "
            f"does the rest by itself only where there are no more than {MOST_BESIDE_A_GATE:,} "
            "records."
        )
    lines.append("Exports, backups and copies that were made before are not reached.")
    return lines
