"""How conditions on one subject are written: fields that say what they ask, turned into conditions.

A stranger adds a condition in `policy/conditions.py`; nothing here need change.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel

from policy.fields import Strict
from policy.logic import Condition
from policy.predicates import Predicate
from policy.reads import Read

type OwnKeys = frozenset[str]
"""Fingerprints of the organisation's own API keys."""


@dataclass(frozen=True, slots=True)
class Asks:
    """Annotates a field: its condition reads this, and what was written says what that must be."""

    read: "Read[Any] | Callable[[Any], Read[Any]]"
    """The read, or how the section chooses it."""
    predicate: Callable[..., Predicate[Any]]
    """From what was written to the predicate."""
    ours: bool = False
    """True when the predicate takes the organisation's own keys as well."""

    def condition(self, of: "Section", written: Any, words: str, own: OwnKeys) -> Condition:
        """Return the condition that was written."""
        read = self.read if isinstance(self.read, Read) else self.read(of)
        predicate = self.predicate(written, own) if self.ours else self.predicate(written)
        return Condition(read=read, predicate=predicate, words=words)


@dataclass(frozen=True, slots=True)
class Narrows:
    """Annotates a field that is no condition by itself: it says what its section counts."""


class Section(Strict):
    """Conditions on one subject; all that are given must hold."""

    implied: ClassVar[tuple[Asks, Any] | None] = None
    """What must hold, whatever else is written: a condition and what it would be written with."""
    bare: ClassVar[str] = ""
    """The implied condition in words."""

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        super().__pydantic_init_subclass__(**more)
        for name, field in cls.model_fields.items():
            if sum(isinstance(note, Asks | Narrows) for note in field.metadata) != 1:
                raise TypeError(f"{cls.__name__}.{name} does not say what it asks")

    @classmethod
    def asked(cls) -> dict[str, Asks]:
        """Return the fields that are conditions, and what they ask."""
        notes = ((name, note) for name, f in cls.model_fields.items() for note in f.metadata)
        return {name: note for name, note in notes if isinstance(note, Asks)}

    def conditions(self, subject: str, own: OwnKeys) -> Iterator[Condition]:
        """Yield what was written. `subject` is the section's name in the file."""
        for name, asks in self.asked().items():
            written = getattr(self, name)
            if written is not None:
                yield asks.condition(self, written, f"{subject} {_phrase(name, written)}", own)
        if self.implied is not None:
            asks, written = self.implied
            yield asks.condition(self, written, self._counted(subject), own)

    def _counted(self, subject: str) -> str:
        narrowing = self.model_fields_set - self.asked().keys()
        words = [_phrase(n, getattr(self, n)) for n in type(self).model_fields if n in narrowing]
        return f"{subject} {', '.join(words)}" if words else self.bare


def _phrase(name: str, written: Any) -> str:
    return f"{name.replace('_', ' ')}{_value(written)}"


def _value(written: Any) -> str:
    if written is True:
        return ""
    if written is False:
        return " no"
    if isinstance(written, BaseModel):
        parts = (getattr(written, name) for name in type(written).model_fields)
        return " " + " ".join(_value(part).strip() for part in parts)
    if isinstance(written, list):
        return " " + " or ".join(map(str, written))
    return f" {written}"
