"""Sums of records whose time is over: what cases, versions of scripts, traffic and hours were added
up from them, kept when the records went. One packed text for each cut; the chain of acts has its
hash.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from core.case_keys import case_of_key
from core.fate import Fate
from core.happenings import Event, Happening
from evidence.acts import read_act
from evidence.case_sums import CaseSums
from evidence.case_sums_before import sums_before
from evidence.chain import canonical
from evidence.database import Connection
from evidence.days import SUMS
from evidence.frames import behind
from evidence.merkle import Frontier
from evidence.parts import SALT_BYTES
from evidence.rollup import Rollup, hour_key, joined

_HOUR_NAMES, _OUTCOME = 6, 5
"""Columns of an hour before its sums, and which of them says what became of it."""
_FORM = 2
"""Of the text; the first counted no record that left in part, nor by the hour what went past."""
_TRAFFIC_NAMES, _TRAFFIC_SUMS = 3, 5
_EXPIRED = """SELECT CAST(body AS BLOB) FROM review_entries
    WHERE action IN ('expired', 'expired_apart', 'erased', 'sums_expired') ORDER BY seq"""
_PAST = "SELECT cut, unpacked(body) FROM past ORDER BY cut > 0, abs(cut)"
"""What expired behind a legal hold comes first, filed under less than nothing: it says who was
newest in a case only where nothing else does, or `newest_apart`.
"""
_NEWEST_OF = "SELECT max(seq) FROM entries WHERE case_id = (SELECT id FROM cases WHERE key = ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Sums whose time is over."""

    hour: int
    """All hours before this one since 1970, and all before this bucket of traffic."""
    bucket: int
    cases: frozenset[str]
    scripts: frozenset[tuple[str, str]]


def _new_salt() -> str:
    return os.urandom(SALT_BYTES).hex()


@dataclass(slots=True)
class Sums:
    """What was added up from the records of one cut."""

    rollup: Rollup = field(default_factory=Rollup)
    newest: dict[str, dict[str, int]] = field(default_factory=dict)
    """Case → hash of the script (or nothing) → newest entry with it."""
    oldest: dict[str, int] = field(default_factory=dict)
    """Case → its first entry; earlier versions did not keep it."""
    earlier: list[CaseSums] = field(default_factory=list)
    """What an earlier version kept of cases of one outcome and some kinds each; in the rollup,
    too."""
    earlier_keys: list[str] = field(default_factory=list)
    salt: str = field(default_factory=_new_salt, repr=False)
    """Without it nobody can tell by trying what was erased from a text of which the hash is told.
    Earlier versions wrote none.
    """

    def before(self) -> Iterator[tuple[str, CaseSums]]:
        """Yield what an earlier version kept, by its keys."""
        return zip(self.earlier_keys, self.earlier, strict=True)

    def seen(self, key: str, sha256: str | None, seq: int) -> None:
        """Note the newest entry of a case."""
        self.newest.setdefault(key, {})[sha256 or ""] = seq
        self.oldest.setdefault(key, seq)

    def to_bytes(self) -> bytes:
        """Return the text that is hashed and kept."""
        rollup = self.rollup
        value = {
            "form": _FORM,
            "cases": [rollup.cases[key].to_json() for key in sorted(rollup.cases)],
            "newest": self.newest,
            "scripts": [[*key, *seen] for key, seen in sorted(rollup.scripts.items())],
            "traffic": [[*key, *sums] for key, sums in sorted(rollup.traffic.items())],
            "hours": [[*key, *sums] for key, sums in sorted(rollup.hours.items())],
        }
        beside = {"oldest": self.oldest, "salt": self.salt}
        return canonical(value | {name: told for name, told in beside.items() if told})

    @classmethod
    def from_bytes(cls, text: bytes) -> "Sums":
        """Read the text. Raises ValueError."""
        try:
            value = orjson.loads(text)
            rollup = Rollup(
                scripts={(row[0], row[1]): row[2:] for row in value["scripts"]},
                traffic={(row[0], row[1], row[2]): _traffic_sums(row) for row in value["traffic"]},
                # Earlier versions did not add up by the hour, or not all of it.
                hours={hour_key(row): _hour_sums(row) for row in value.get("hours", ())},
            )
            sums = cls(rollup=rollup, newest=value["newest"], oldest=value.get("oldest", {}))
            sums.salt = str(value.get("salt", ""))
            for case in value["cases"]:
                sums._take(case, value.get("form", 1))
            return sums
        except (orjson.JSONDecodeError, KeyError, TypeError, IndexError, AttributeError):
            raise ValueError("the sums of an earlier time are damaged") from None

    def _take(self, case: Mapping[str, Any], form: int) -> None:
        if "inside" in case:
            found = CaseSums.of(case)
            self.rollup.join_case(found if form == _FORM else _of_what_left(found))
            return
        self.earlier.append(sums_before(case))
        self.earlier_keys.append(case["key"])
        self.rollup.join_case(_of_what_left(sums_before(case)))

    def without(self, names: Callable[[object], bool]) -> "Sums":
        """Return the sums without all rows whose sender, people or destination one of the names
        is.
        """
        rollup = self.rollup
        cases = {k: v for k, v in rollup.cases.items() if not any(map(names, v.texts()))}
        return Sums(
            rollup=Rollup(
                cases=cases,
                scripts={k: v for k, v in rollup.scripts.items() if not names(k[0])},
                traffic={k: v for k, v in rollup.traffic.items() if not any(map(names, k[:2]))},
                hours={k: v for k, v in rollup.hours.items() if not any(map(names, k[1:3]))},
            ),
            newest={k: seen for k, seen in self.newest.items() if case_of_key(k) in cases},
            oldest={k: seq for k, seq in self.oldest.items() if case_of_key(k) in cases},
            salt=self.salt,
        )

    def marked(self, hashes: Collection[int]) -> bool:
        """Return whether the sums of a case tell of values with one of these hashes."""
        return self.unmarked(dict.fromkeys(hashes, 0))

    def unmarked(self, stand_ins: Mapping[int, int]) -> bool:
        """Put other numbers in the place of hashes of values (`evidence.sketch`); return whether
        there were any.
        """
        found = False
        for case in self.rollup.cases.values():
            for kind in case.kinds.values():
                if (left := kind.values.without(stand_ins)) is not None:
                    kind.values, found = left, True
        return found

    def name(self, names: Callable[[object], bool]) -> bool:
        """Return whether one of the names is in a row."""
        return self.without(names).to_bytes() != self.to_bytes()

    def since(self, ended: Ended) -> "Sums":
        """Return the sums without those whose time is over."""
        rollup = self.rollup
        cases = {k: v for k, v in rollup.cases.items() if k not in ended.cases}
        return Sums(
            rollup=Rollup(
                cases=cases,
                scripts={k: v for k, v in rollup.scripts.items() if k not in ended.scripts},
                traffic={k: v for k, v in rollup.traffic.items() if k[2] >= ended.bucket},
                hours={k: v for k, v in rollup.hours.items() if k[0] >= ended.hour},
            ),
            newest={k: seen for k, seen in self.newest.items() if case_of_key(k) in cases},
            oldest={k: seq for k, seq in self.oldest.items() if case_of_key(k) in cases},
            salt=self.salt,
        )


def _hour_sums(row: Sequence[Any]) -> list[int]:
    sums = _padded(row[_HOUR_NAMES:], len(SUMS))
    if row[_OUTCOME] == Fate.PAST:
        sums[_SENT] = sums[_LEAST] = sums[_EXCHANGES]
    return sums


_EXCHANGES, _SENT, _LEAST = map(SUMS.index, ("exchanges", "sent", "least"))


def _traffic_sums(row: Sequence[Any]) -> list[int]:
    return _padded(row[_TRAFFIC_NAMES:], _TRAFFIC_SUMS)


def _padded(sums: Sequence[int], length: int) -> list[int]:
    return [*sums, *[0] * (length - len(sums))]


def _of_what_left(sums: CaseSums) -> CaseSums:
    """Return the sums of a case, of which the bytes were those of all its requests: so many left
    only where all did.
    """
    least = sums.outcomes.get(Fate.PAST, 0)
    if sums.left_count < sums.count:
        least, size = sums.left_count, 0
    else:
        size = sums.bytes_sent
    return replace(sums, bytes_sent=size, least=max(sums.least, least))


def digest(text: bytes) -> str:
    """Return the hash of a text as the chain of acts tells it."""
    return hashlib.sha256(text).hexdigest()


@dataclass(slots=True)
class Past:
    """Up to where records have expired, by the chain of acts."""

    cut: int = 0
    """The last entry that is gone."""
    head: bytes = b""
    """Its hash."""
    frontier: Frontier = field(default_factory=Frontier)
    """The tree of all entries up to it."""
    told: str | None = None
    """When it was cut, and by which rule."""
    apart: int = 0
    """How many entries behind a legal hold expired: their places and hashes are left."""
    apart_told: str | None = None
    """When the newest of these did, and by which rule."""
    digests: dict[int, str] = field(default_factory=dict)
    """Cut → hash of its sums."""
    sums_before: str | None = None
    """Sums of hours before this time are gone, too (RFC 3339)."""

    @classmethod
    def of(cls, connection: Connection) -> "Past":
        """Read it; acts that cannot be read say nothing."""
        found = cls()
        for (text,) in connection.execute(_EXPIRED):
            try:
                act = read_act(text).act
                if isinstance(act, Happening):
                    found._take(act)
            except (ValueError, TypeError, KeyError):
                continue
        return found

    def _take(self, act: Happening) -> None:
        facts: Any = act.facts
        if act.event is not Event.EXPIRED:
            for row in facts.get("past") or ():
                cut, _, hashed = row.partition(":")
                self.digests[int(cut)] = hashed
            if act.event is Event.SUMS_EXPIRED:
                self.sums_before = max(self.sums_before or "", str(facts["before"]))
            elif act.event is Event.EXPIRED_APART:
                self.apart += int(facts["records"])
                self.apart_told = _told(act)
            return
        cut = int(facts["up_to_entry"])
        frontier = Frontier.from_bytes(cut, bytes.fromhex("".join(facts["frontier"])))
        self.cut, self.head, self.frontier = cut, bytes.fromhex(facts["hash"]), frontier
        self.digests[cut] = str(facts["sums"])
        self.told = _told(act)

    def problem(self, connection: Connection) -> str | None:
        """Return what is wrong with the sums that are kept, if anything."""
        kept = {int(cut): digest(text) for cut, text in connection.execute(_PAST)}
        if kept != self.digests:
            return "the sums of records that expired are not those that the chain of acts tells"
        if any(any(behind(frame)) for (frame,) in connection.execute("SELECT body FROM past")):
            return "something stands behind the sums of records that expired"
        oldest = connection.value("SELECT min(seq) FROM entries")
        if self.cut and oldest is not None and oldest <= self.cut:
            return f"entry {oldest} expired, and is there again"
        return None


def _told(act: Happening) -> str:
    return f"{act.at:%Y-%m-%d}, {act.facts['rule']}"


def past_sums(connection: Connection) -> Iterator[tuple[int, Sums]]:
    """Yield the sums of what expired behind a legal hold, by less than nothing, then of each cut,
    oldest first; those that are damaged are left out.
    """
    for cut, text in connection.execute(_PAST):
        try:
            yield int(cut), Sums.from_bytes(text)
        except ValueError:
            continue


def oldest_of_past(connection: Connection) -> dict[str, int]:
    """Return of each case with records that expired an entry that is not behind its first, unless
    that is still there.
    """
    found: dict[str, int] = {}
    before = 0
    for cut, sums in past_sums(connection):
        for key in sums.newest:
            case, oldest = case_of_key(key), sums.oldest.get(key, before + 1)
            found[case] = min(oldest, found.get(case, oldest))
        before = max(cut, before)
    return found


def all_past(connection: Connection) -> Sums:
    """Return what all records that expired added up to."""
    whole = Sums()
    for _, sums in past_sums(connection):
        joined(whole.rollup, sums.rollup)
        whole.earlier += sums.earlier
        whole.earlier_keys += sums.earlier_keys
        for key, seen in sums.newest.items():
            known = whole.newest.setdefault(key, {})
            for sha256, seq in seen.items():
                known[sha256] = max(seq, known.get(sha256, 0))
    return whole


def newest_apart(connection: Connection) -> Rollup:
    """Return what has to be added behind all entries: of each case whose newest record expired
    behind a legal hold, what that record told, and no sums.
    """
    newest, told = dict[str, int](), dict[str, CaseSums]()
    for cut, sums in past_sums(connection):
        for key, seen in sums.newest.items():
            case, last = case_of_key(key), max(seen.values(), default=0)
            if last <= newest.get(case, 0):
                continue
            newest[case] = last
            told.pop(case, None)
            if cut < 0 and (found := sums.rollup.cases.get(case)) is not None:
                told[case] = found
    return Rollup(
        cases={
            key: case.newest_only()
            for key, case in told.items()
            if (connection.value(_NEWEST_OF, (key,)) or 0) < newest[key]
        }
    )
