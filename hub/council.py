"""How far persons and departments are shown, as works council and employer agreed: pseudonyms in
place of names, groups below a size told as small, and a name only by two named persons, chained.
"""

import hashlib
import hmac
import os
from base64 import b32encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import orjson

from certs.files import PRIVATE_FILE, create_file
from core.errors import InputError, SettingsError
from core.rights import Who, actor, at_least, same_person
from core.text import printable
from hub.database import Connection
from hub.deeds import Word, chained, deed, deeds_about

KEY_FILE = "pseudonym.key"
SMALLEST = 5
_KEY_BYTES = 32
_PREFIX = "person-"
_LETTERS = 10
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_HOMES = frozenset({"home", "users", "documents and settings"})
_SHOWN_FOR = timedelta(days=1)
_READ = "SELECT pseudonyms, smallest_group, may_reveal FROM council"
_WRITE = """INSERT INTO council (pseudonyms, smallest_group, may_reveal, deed)
    VALUES (%(pseudonyms)s, %(smallest_group)s, %(may_reveal)s, %(deed)s)
    ON CONFLICT (one) DO UPDATE SET pseudonyms = EXCLUDED.pseudonyms, deed = EXCLUDED.deed,
        smallest_group = EXCLUDED.smallest_group, may_reveal = EXCLUDED.may_reveal"""
_PEOPLE = "SELECT name FROM people"
_ABOUT = "council"
PERSONS: LiteralString = """count(DISTINCT lower(coalesce(
    nullif(split_part(split_part(w.name, '\\', -1), '@', 1), ''), w.name)))"""
"""Of names `w`, how many persons they are at least, as `core.rights.at_least` counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What was agreed on."""

    pseudonyms: bool = False
    smallest_group: int = 1
    """People of whom a department is told of by itself."""
    may_reveal: tuple[str, ...] = ()
    """Who may look behind pseudonyms: two of them together."""

    def facts(self) -> dict[str, Any]:
        """Return it as it is chained."""
        return {
            "pseudonyms": self.pseudonyms,
            "smallest_group": self.smallest_group,
            "may_reveal": list(self.may_reveal),
        }

    def loosened_by(self, other: "Agreed") -> bool:
        """Return whether the other shows more of people, or lets others do so."""
        return self.pseudonyms and (
            not other.pseudonyms
            or other.smallest_group < self.smallest_group
            or set(other.may_reveal) != set(self.may_reveal)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Council:
    """Shows as much of people as was agreed on."""

    agreed: Agreed
    key: bytes = field(repr=False)
    nobody: bool = False
    """True: of so few people pseudonyms would tell, too."""

    def person(self, name: str) -> str:
        """Return a name as it may be shown; the same person is the same everywhere."""
        if self.nobody and self.agreed.pseudonyms:
            return ""
        if not self.agreed.pseudonyms or not name or _is_told(name):
            return name
        mark = hmac.new(self.key, name.casefold().encode("utf-8", "replace"), hashlib.sha256)
        return _PREFIX + b32encode(mark.digest())[:_LETTERS].decode().lower()

    def people(self, names: Sequence[str]) -> list[str]:
        """Return names as they may be shown."""
        return sorted({self.person(name) for name in names})

    def told_apart(self, names: Sequence[str]) -> tuple[list[str], str]:
        """Return some people as they may be shown together, and how many there are in words: of
        fewer than the smallest group, however their names are written, neither who nor how many.
        """
        if self.are_few(at_least(names)):
            return [], f"fewer than {self.agreed.smallest_group}"
        return self.people(names), str(len({name.casefold() for name in names}))

    def are_few(self, count: int) -> bool:
        """Return whether of so many people nothing may be told by themselves."""
        return self.agreed.pseudonyms and count < self.agreed.smallest_group

    def naming_nobody(self) -> "Council":
        """Return what shows no person at all, not by a pseudonym either."""
        return replace(self, nobody=True)

    def person_there(self, name: str) -> str:
        """Return a name beside that of a machine as it may be shown."""
        return "" if self.agreed.pseudonyms else name

    def path(self, path: str, names: Sequence[str] = ()) -> str:
        """Return a path without the names of people in it: of homes, and those named."""
        if not self.agreed.pseudonyms:
            return path
        known = {name.casefold() for name in names if name}
        parts, before = path.replace("\\", "/").split("/"), ""
        told, at = [], 0
        for part in parts[:-1]:
            covered = part and (before in _HOMES or part.casefold() in known)
            told.append(("~" if covered else part) + path[at + len(part)])  # its own separator
            at += len(part) + 1
            before = part.casefold()
        return "".join(told) + parts[-1]

    def script(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row about a script as it may be shown: its `people`, `people_told` (how many, in
        words) and `paths`.
        """
        people, told = self.told_apart(row["people"] or [])
        return {**self._paths(row), "people": people, "people_told": told}

    def _paths(self, row: dict[str, Any]) -> dict[str, Any]:
        if "paths" not in row:
            return row
        paths = {self.path(path, row["people"] or []) for path in row["paths"] or ()}
        return {**row, "paths": sorted(paths)}

    def text(self, text: bytes) -> bytes:
        """Return the JSON of an entry as it may be shown: who sent it by a pseudonym, and homes
        without their owners; unchanged where names are shown, or where it is no such JSON.
        """
        if not self.agreed.pseudonyms or not text:
            return text
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
        if not isinstance(value, dict):
            return text
        known = {name.casefold() for name in _named(value) if isinstance(name, str) and name}
        return orjson.dumps({**self._covered(value, known), "people": "pseudonyms"})

    def _covered(self, value: Any, known: set[str]) -> Any:
        if isinstance(value, dict):
            return {name: self._covered(one, known) for name, one in value.items()}
        if isinstance(value, list):
            return [self._covered(one, known) for one in value]
        if not isinstance(value, str):
            return value
        if value.casefold() in known:
            return self.person(value)
        return self.path(value, sorted(known)) if "/" in value or "\\" in value else value

    def on_a_machine(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row that names a machine as it may be shown: a pseudonym beside it would be that
        of whose machine it is, and the same everywhere.
        """
        people = [] if self.agreed.pseudonyms else self.people(row["people"] or [])
        return {**self._paths(row), "people": people}

    def groups(self, people_of: dict[str, set[str]]) -> list[str]:
        """Return groups with how many people each, those that are too small told together."""
        sizes = {group: len(people) for group, people in people_of.items()}
        apart = self.apart({group: at_least(people) for group, people in people_of.items()})
        told = [f"{group} ({sizes[group]})" for group in sorted(apart)]
        if len(apart) < len(sizes):
            told.append(f"{len(sizes) - len(apart)} more, not told apart")
        return told

    def apart(self, sizes: Mapping[str, int]) -> set[str]:
        """Return the groups, of so many people each, that may be told by themselves: those that
        are large enough, less the smallest of them where what is left of all would be too small,
        for it is found by subtraction.
        """
        most, apart = self.agreed.smallest_group, sorted(sizes, key=lambda one: (sizes[one], one))
        if not self.agreed.pseudonyms:
            return set(apart)
        hidden = 0
        while apart and (sizes[apart[0]] < most or 0 < hidden < most):
            hidden += sizes[apart.pop(0)]
        return set(apart)


def _is_told(name: str) -> bool:
    """Return whether a name is a pseudonym already, and not merely called like one."""
    letters = name.removeprefix(_PREFIX)
    return letters != name and len(letters) == _LETTERS and set(letters) <= _ALPHABET


def _named(value: dict[str, Any]) -> Iterator[Any]:
    """Yield what in an entry is the name of a person: who sent, who owns the script, who acted."""
    yield value.get("who")
    sender = value.get("sender")
    if isinstance(sender, dict):
        yield sender.get("user")
        script = sender.get("script")
        version = script.get("version") if isinstance(script, dict) else None
        if isinstance(version, dict):
            yield version.get("owner")


def key_of(folder: Path, name: str = KEY_FILE) -> bytes:
    """Return a key in a hub's folder, by default that of pseudonyms; made where there is none.

    Raises SettingsError.
    """
    path = folder / name
    try:
        if not path.exists():
            create_file(path, os.urandom(_KEY_BYTES), PRIVATE_FILE)
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"The key {name} cannot be read in {folder}: {error.strerror}.",
            remedy="Hubs beside each other share copies of one folder.",
        ) from None
    if len(key) != _KEY_BYTES:
        raise SettingsError(f"{path} is damaged.", remedy="Restore it from a backup.")
    return key


def agreed(connection: Connection) -> Agreed:
    """Return what is agreed on now."""
    row = connection.execute(_READ).fetchone()
    if row is None:
        return Agreed()
    return Agreed(pseudonyms=row[0], smallest_group=row[1], may_reveal=tuple(row[2]))


def council(connection: Connection, folder: Path) -> Council:
    """Return what shows people. Raises SettingsError."""
    found = agreed(connection)
    return Council(agreed=found, key=key_of(folder) if found.pseudonyms else b"")


def agree(connection: Connection, wanted: Agreed, *, who: Who, note: str, now: datetime) -> str:
    """Change what is agreed on; what shows more of people than before waits for a second person.

    Return what was done. Raises InputError.
    """
    if wanted.pseudonyms and not _are_two(wanted.may_reveal):
        raise InputError(
            "With pseudonyms at least two persons are named who may look behind them.",
            remedy="--may-reveal NAME, twice or more",
        )
    if not 1 <= wanted.smallest_group <= 1000:
        raise InputError("The smallest group is a number from 1 to 1000.")
    if any(not name.strip() or printable(name, 200) != name for name in wanted.may_reveal):
        raise InputError("--may-reveal names nobody.", remedy="--may-reveal NAME, twice or more")
    clean = tuple(sorted(set(wanted.may_reveal)))
    wanted, before = replace(wanted, may_reveal=clean), agreed(connection)
    told: dict[str, Any] = {"who": who, "note": note, "now": now}
    if not before.loosened_by(wanted):
        _set(connection, wanted, **told)
        return "It is so from now on."
    refuse_unnamed(before, who)
    seq = chained(connection, Word.COUNCIL_ASKED, _ABOUT, facts=wanted.facts(), **told)
    return f"It shows more of people than before: another named person confirms {seq} first."


def _are_two(names: Sequence[str]) -> bool:
    """Return whether these are two different persons at least, however their names are written."""
    return any(not same_person(names[0], other) for other in names[1:])


def _set(connection: Connection, wanted: Agreed, *, who: Who, note: str, now: datetime) -> None:
    told: dict[str, Any] = {"who": who, "note": note, "now": now}
    seq = chained(connection, Word.COUNCIL_SET, _ABOUT, facts=wanted.facts(), **told)
    connection.execute(_WRITE, {**wanted.facts(), "deed": seq})


def ask(connection: Connection, pseudonym: str, *, who: Who, note: str, now: datetime) -> int:
    """Ask for the name behind a pseudonym; return the number that a second person confirms.

    Raises InputError.
    """
    refuse_unnamed(agreed(connection), who)
    if not pseudonym.startswith(_PREFIX):
        raise InputError("That is no pseudonym.", remedy="They read person-…")
    return chained(connection, Word.REVEAL_ASKED, pseudonym, who=who, note=note, now=now)


def confirm(
    connection: Connection, shown: Council, seq: int, *, who: Who, note: str, now: datetime
) -> str:
    """Confirm what another person asked for, and return the answer. Raises InputError."""
    refuse_unnamed(shown.agreed, who)
    asked = deed(connection, seq)
    if asked is None or asked.word not in (Word.REVEAL_ASKED, Word.COUNCIL_ASKED):
        raise InputError("Nothing was asked under that number.")
    subject = asked.facts.get("subject")
    if same_person(asked.who, actor(who).name) or (subject and subject == actor(who).subject):
        raise InputError("A second person confirms: who asked cannot.")
    if now - datetime.fromisoformat(asked.at) > _SHOWN_FOR:
        raise InputError("It was asked more than a day ago.", remedy="Ask again.")
    told: dict[str, Any] = {"who": who, "note": note, "now": now}
    if any(one.facts.get("asked") == seq for one in deeds_about(connection, asked.about)):
        raise InputError("It was confirmed already.")
    if asked.word == Word.COUNCIL_ASKED:
        facts = {**asked.facts, "may_reveal": tuple(asked.facts["may_reveal"])}
        chained(connection, Word.REVEALED, _ABOUT, facts={"asked": seq}, **told)
        _set(connection, Agreed(**facts), **told)
        return "It is so from now on."
    name = _behind(connection, shown, asked.about)
    chained(connection, Word.REVEALED, asked.about, facts={"asked": seq}, **told)
    return f"{asked.about} is {printable(name, 200)}."


def revealed_to(
    connection: Connection, shown: Council, pseudonym: str, *, who: Who, now: datetime
) -> str | None:
    """Return the name behind a pseudonym for who asked for it, once a second person confirmed; for
    a day, then None.
    """
    told = deeds_about(connection, pseudonym)
    mine = {d.seq for d in told if d.word == Word.REVEAL_ASKED and d.who == actor(who).name}
    for one in told:
        fresh = now - datetime.fromisoformat(one.at) <= _SHOWN_FOR
        if one.word == Word.REVEALED and one.facts.get("asked") in mine and fresh:
            return _behind(connection, shown, pseudonym)
    return None


def _behind(connection: Connection, shown: Council, pseudonym: str) -> str:
    for (name,) in connection.execute(_PEOPLE).fetchall():
        if shown.person(name) == pseudonym:
            return str(name)
    raise InputError(
        "Nobody is behind that pseudonym (any more).", remedy="What was erased is not found."
    )


def refuse_unnamed(found: Agreed, who: Who) -> None:
    """Raise InputError for who is not named to look behind pseudonyms."""
    if not found.pseudonyms:
        raise InputError("People are shown by their names.", remedy="See: outgate hub council")
    if actor(who).name not in found.may_reveal:
        raise InputError("Only persons who are named for it may do that.")
