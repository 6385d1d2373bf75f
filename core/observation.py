"""The observation: what a program was seen to do beside its requests, JSON schema
`outgate.observation/1` (see docs/observations.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.attribution import Attribution
from core.ids import rfc3339
from core.json_fields import Fields, by_word
from core.record_reading import Recall, anew, read_sender
from core.record_writing import Rendered, afresh, identified, sender_json, told

SCHEMA = "outgate.observation/1"
OBSERVED = "observed"
"""What stands for the outcome of what was only seen."""

type SeenValue = str | int | bool | tuple[str, ...] | None


class Kind(StrEnum):
    """What was observed."""

    LISTENER = "listener"
    """A program takes connections at a port."""
    CONNECTION = "connection"
    """A program talks to a database, a mail server, a file share… past what can be read."""
    RUN = "run"
    """A script ran, from its start to its end."""
    UNUSUAL = "unusual"
    """A script did what it does not usually do."""
    ORPHAN = "orphan"
    """Nobody answers for a script any more: the account of its owner is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One fact, and how it is known."""

    value: SeenValue
    """None: nobody could tell."""
    how: str
    """In a few words of ours: `the kernel's table of sockets`, `the protocol's first message`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing seen, chained like a record."""

    id: str
    """UUIDv7."""
    at: datetime
    """When it began, or was first seen."""
    kind: Kind
    about: str
    """What it is about, for a person and as part of a case's name: alike things are spelled alike
    (`postgresql at db.example:5432`), so nothing that changes from run to run stands in it.
    """
    sender: Attribution
    """The program that did it."""
    ended: datetime | None = None
    """When it ended, or was last seen; None while it lasts."""
    facts: Mapping[str, Seen] = field(default_factory=dict)
    """By name: see `core.vocabulary.observations`."""
    notable: bool = False
    """True: a person should see it, so it belongs to a case."""

    def value(self, fact: str) -> SeenValue:
        """Return the value of a fact; None where it is not known."""
        seen = self.facts.get(fact)
        return None if seen is None else seen.value

    def to_json(self, known: Rendered | None = None) -> dict[str, Any]:
        """Return it as JSON values, without its chain. Do not change them when `known` is given."""
        of = afresh if known is None else known.of
        return {
            "schema": SCHEMA,
            "id": self.id,
            "at": rfc3339(self.at),
            "ended": None if self.ended is None else rfc3339(self.ended),
            "kind": self.kind.value,
            "about": identified(self.about, 300),
            "facts": {name: _seen_json(seen) for name, seen in self.facts.items()},
            "notable": self.notable,
            "sender": of(self.sender, sender_json),
        }

    @classmethod
    def from_json(cls, value: object, known: Recall | None = None) -> "Observation":
        """Rebuild one from `to_json`; `known` spares reading what many have in common. Raises
        ValueError.
        """
        of = anew if known is None else known.of
        fields = Fields(value, "observation")
        if fields.text("schema") != SCHEMA:
            raise fields.wrong("schema")
        return cls(
            id=fields.text("id"),
            at=fields.time("at"),
            ended=fields.time_or_none("ended"),
            kind=fields.word("kind", _KINDS),
            about=fields.text("about"),
            facts={name: _seen(one) for name, one in (fields.values("facts") or {}).items()},
            notable=fields.flag("notable"),
            sender=of(fields.value("sender"), read_sender),
        )


_KINDS = by_word(Kind)


def _seen_json(seen: Seen) -> dict[str, Any]:
    value = seen.value
    if isinstance(value, str):
        value = identified(value, 400)
    elif isinstance(value, tuple):
        return {"value": [identified(one, 400) for one in value], "how": told(seen.how, 200)}
    return {"value": value, "how": told(seen.how, 200)}


def _seen(value: object) -> Seen:
    fields = Fields(value, "fact")
    found = fields.value("value")
    how = fields.text("how")
    if found is None or isinstance(found, str | bool):
        return Seen(value=found, how=how)
    if isinstance(found, list):
        return Seen(value=fields.texts("value"), how=how)
    return Seen(value=fields.whole("value"), how=how)
