"""What the queue tells of cases beside their sums: that a sender is only likely, and which acts on
one were the sender's own. Asked of a whole page at a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter

import orjson

from core.attribution import Certainty
from core.review import Action, Case, own_acts, script_key
from evidence.database import Connection
from evidence.frames import text_of
from evidence.review_entries import review_of
from evidence.said import certainty_in

type Version = tuple[str, str]
"""Path and hash of a script."""
type Act = tuple[int, Action, bool]
"""Place in the chain, what was done, and whether on one's own."""

_BODIES = """SELECT entries.id, entries.body FROM json_each(?) AS wanted
    CROSS JOIN entries ON entries.id = wanted.value"""
_OF_CASES = """SELECT wanted.value, act.seq, CAST(act.body AS BLOB) FROM json_each(?) AS wanted
    CROSS JOIN review_entries AS act ON act.case_key = wanted.value
        OR (act.case_key > wanted.value || char(31) AND act.case_key < wanted.value || ' ')"""
"""Acts of earlier versions name kinds and outcome behind the key of a case."""
_OF_SCRIPTS = """SELECT act.script, act.script_sha256, act.seq, CAST(act.body AS BLOB)
    FROM json_each(?) AS wanted CROSS JOIN review_entries AS act ON act.case_key = wanted.value
    WHERE act.case_key = 'script' || char(31) || act.script AND act.script_sha256 IS NOT NULL"""
_LIKELY = f'"certainty":"{Certainty.LIKELY.value}"'.encode()


def marked(connection: Connection, cases: Sequence[tuple[Case, str | None]]) -> list[Case]:
    """Return the cases with what the queue marks; each comes with the hash of its script's newest
    version.
    """
    likely = _likely(connection, [case.last_record for case, _ in cases])
    acts = _Acts(connection, cases)
    return [
        _with(case, case.last_record in likely, acts.own(case, sha256)) for case, sha256 in cases
    ]


def _with(case: Case, likely: bool, own: frozenset[Action]) -> Case:
    return replace(case, likely=likely, own=own) if likely or own else case


def _likely(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Return which of the records are of a sender that is only likely."""
    rows = connection.execute(_BODIES, (_listed(ids),))
    return {id_ for id_, body in rows if _is_likely(body)}


@lru_cache(maxsize=1024)
def _is_likely(frame: bytes | str) -> bool:
    """Return whether the sender in a stored text is only likely: most are those of the page
    before.
    """
    text = text_of(frame) or b""
    return _LIKELY in text and certainty_in(text) == Certainty.LIKELY


class _Acts:
    """What was done with each of some cases, and with the versions that sent them."""

    def __init__(self, connection: Connection, cases: Iterable[tuple[Case, str | None]]) -> None:
        self._read: dict[int, Act | None] = {}
        keys = {case.key for case, _ in cases}
        scripts = {script_key(case.script_path) for case, sha256 in cases if case.script_path}
        self._of_cases: dict[str, list[Act]] = {}
        for key, seq, body in connection.execute(_OF_CASES, (_listed(keys),)):
            self._add(self._of_cases, key, seq, body)
        self._of_versions: dict[Version, list[Act]] = {}
        for path, sha256, seq, body in connection.execute(_OF_SCRIPTS, (_listed(scripts),)):
            self._add(self._of_versions, (path, sha256), seq, body)

    def _add[Key](self, acts: dict[Key, list[Act]], key: Key, seq: int, body: bytes) -> None:
        if seq not in self._read:
            self._read[seq] = _act(seq, body)
        act = self._read[seq]
        if act is not None:
            acts.setdefault(key, []).append(act)

    def own(self, case: Case, sha256: str | None) -> frozenset[Action]:
        """Return which acts that stand were the sender's own."""
        of_case = self._of_cases.get(case.key, [])
        of_version: Sequence[Act] = ()
        if sha256 and case.script_path:
            of_version = self._of_versions.get((case.script_path, sha256), ())
        if not of_case and not of_version:
            return frozenset()
        first = itemgetter(0)
        every = (*sorted(of_case, key=first), *sorted(of_version, key=first))
        return own_acts((action, own) for _, action, own in every)


def _act(seq: int, body: bytes) -> Act | None:
    """Return an act; None for one that this version cannot read."""
    try:
        event = review_of(body).event
    except ValueError:
        return None
    return seq, event.action, event.own is True


def _listed(texts: Iterable[str]) -> str:
    return orjson.dumps([text for text in texts if isinstance(text, str)]).decode()
