"""The head of an export: what it should hold, of how much, by whom, signed with the key that signs
the checkpoints of its evidence.
"""

import string
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.ids import rfc3339
from core.json_fields import Fields
from core.text import printable
from evidence.chain import canonical
from exports.contents import Contents, Tally

SCHEMA = "outgate.export/1"
_MOST_RUNS = 1500
"""More do not fit into one cell of a spreadsheet; then only their number is told."""
_KEY_HEX, _SIGNATURE_HEX = 64, 128
_NOTHING = "0" * 64
"""A digest that is not known yet."""
_HEX = frozenset(string.digits + "abcdef")


class BadHead(ValueError):  # noqa: N818 - says what is, as evidence
    """A head is none, or was changed; the text is for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained:
    """One chain as the export holds it."""

    chain: str
    of: int
    """Entries that the evidence held."""
    head: str
    """Hash of its newest entry, hex; empty where there was none."""
    count: int = 0
    """Entries in the export."""
    runs: tuple[tuple[int, int], ...] | None = ()
    """First and last number of each unbroken run; None where they are too many."""

    def tallied(self, tally: Tally) -> "Chained":
        """Return it with what went by."""
        runs = tuple((first, last) for first, last in tally.runs)
        return replace(self, count=tally.count, runs=runs if len(runs) <= _MOST_RUNS else None)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "chain": self.chain,
            "of": self.of,
            "head": self.head,
            "count": self.count,
            "first": self.runs[0][0] if self.runs else None,
            "last": self.runs[-1][1] if self.runs else None,
            "entries": None if self.runs is None else [list(run) for run in self.runs],
        }

    @classmethod
    def from_json(cls, value: object) -> "Chained":
        """Read `to_json`. Raises ValueError."""
        fields = Fields(value, "chain of the head")
        runs = fields.value("entries")
        return cls(
            chain=fields.text("chain"),
            of=fields.whole("of"),
            head=fields.text("head"),
            count=fields.whole("count"),
            runs=None if runs is None else tuple(map(_run, _list(runs))),
        )


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise BadHead("the head does not say which entries there are")
    return value


def _run(value: object) -> tuple[int, int]:
    match value:
        case [int(first), int(last)] if 0 < first <= last:
            return first, last
    raise BadHead("the head does not say which entries there are")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What an export says of itself."""

    format: str
    at: datetime
    by: str
    """Who exported."""
    version: str
    """Of Outgate."""
    records: Chained
    acts: Chained
    since: datetime | None = None
    until: datetime | None = None
    filter: dict[str, Any] | None = None
    """What else the records were chosen by; None: by nothing else."""
    digest: str = ""
    """SHA-256 of all that is not the head, hex."""
    key: bytes = field(default=b"", repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return what is signed."""
        return {
            "schema": SCHEMA,
            "format": self.format,
            "at": rfc3339(self.at),
            "by": printable(self.by, 200),
            "outgate": self.version,
            "range": {"since": _time(self.since), "until": _time(self.until)},
            "filter": self.filter,
            "records": self.records.to_json(),
            "acts": self.acts.to_json(),
            "sha256": self.digest,
            "key": self.key.hex(),
        }

    @property
    def complete(self) -> bool:
        """Whether it says that it holds everything."""
        return self.records.count == self.records.of and self.acts.count == self.acts.of


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Makes the head of one export when its contents went by."""

    draft: Head
    key: Ed25519PrivateKey

    def head(self, contents: Contents, digest: str = "") -> Head:
        """Return the head, once the contents have been written."""
        draft = self.draft
        return replace(
            draft,
            records=draft.records.tallied(contents.counted),
            acts=draft.acts.tallied(contents.acts_counted),
            digest=digest,
            key=self.key.public_key().public_bytes_raw(),
        )

    def sealed(self, contents: Contents, digest: str) -> bytes:
        """Return the signed head over a file whose rest has this SHA-256: canonical JSON."""
        told = self.head(contents, digest).to_json()
        signature = self.key.sign(canonical(told))
        return canonical({**told, "signature": signature.hex()})

    def blank(self, contents: Contents) -> bytes:
        """Return a text as long as the head, for a format that needs its length first."""
        return blanked(self.sealed(contents, _NOTHING))


def blanked(head: bytes) -> bytes:
    """Return a head without what depends on the rest of the file, as long as before. Raises
    ValueError.
    """
    value = orjson.loads(head)
    if not isinstance(value, dict):
        raise BadHead("the head is damaged")
    return canonical({**value, "sha256": _NOTHING, "signature": "0" * _SIGNATURE_HEX})


def opened(text: bytes) -> Head:
    """Return the head in its text, its signature checked. Raises BadHead."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadHead("the head is damaged") from None
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise BadHead("the head is not one of an export that this version can read")
    if canonical(value) != text:
        raise BadHead("the head was changed: it is not written as Outgate writes it")
    signature = value.pop("signature", None)
    try:
        head = _read(value)
        _check(head.key, bytes.fromhex(_hex(signature, _SIGNATURE_HEX)), canonical(value))
    except BadHead:
        raise
    except (ValueError, TypeError):
        raise BadHead("the head is damaged") from None
    return head


def _hex(value: object, length: int) -> str:
    if not (isinstance(value, str) and len(value) == length and _HEX.issuperset(value)):
        raise BadHead("the head is not signed")
    return value


def _check(key: bytes, signature: bytes, text: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except InvalidSignature:
        raise BadHead("the head was changed: its signature is not right") from None


def _read(value: dict[str, Any]) -> Head:
    fields = Fields(value, "head")
    range_ = fields.part("range", lambda part: Fields(part, "range"))
    chosen = fields.value("filter")
    return Head(
        format=fields.text("format"),
        at=fields.time("at"),
        by=fields.text("by"),
        version=fields.text("outgate"),
        records=fields.part("records", Chained.from_json),
        acts=fields.part("acts", Chained.from_json),
        since=range_.time_or_none("since"),
        until=range_.time_or_none("until"),
        filter=chosen if isinstance(chosen, dict) else None,
        digest=fields.text("sha256"),
        key=bytes.fromhex(_hex(fields.text("key"), _KEY_HEX)),
    )
