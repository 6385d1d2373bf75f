"""What an author may write as one value: sizes, lists, days, kinds. Strict."""

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from core.host_names import address_of, host_meant, host_of
from core.text import printable
from core.vocabulary.kinds import ANYTHING, FINDABLE, GROUPS, near
from core.vocabulary.protocols import WORDS as PROTOCOLS
from core.vocabulary.sizes import joined
from policy.countries import CODES, UNKNOWN

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(bytes|byte|b|kb|mb|gb|tb|kib|mib|gib|tib)?", re.IGNORECASE)
_UNITS = {
    "b": 1,
    "byte": 1,
    "bytes": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
UNKNOWN_KIND = "unknown_kind"
"""Type of the fault of a kind that nothing finds; its context has the `words` to be said."""
PLACED = "placed"
"""Type of the faults that a section finds in its parts; its context has them as `faults`."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def listed(value: Any) -> Any:
    """One word may stand for a list of one."""
    return value if isinstance(value, list) else [value]


def _size(value: Any) -> Any:
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        if not match:
            raise ValueError("write a size as 500 kB, 10 MB or 1 GB")
        return int(float(match[1]) * _UNITS[(match[2] or "b").lower()])
    return value


def _as_text(value: Any) -> Any:
    """An account number without quotes is read as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def action(value: Any) -> Any:
    return {"do": value} if isinstance(value, str) else value


def section(key: str) -> BeforeValidator:
    """Let a section be written as its one main answer: `attribution: unknown`."""
    return BeforeValidator(lambda value: value if isinstance(value, dict) else {key: value})


def _day(value: Any) -> Any:
    if isinstance(value, str):
        full = [d for d in DAYS if len(value) >= 2 and d.startswith(value.lower())]
        return full[0] if full else value
    return value


def _known_kind(value: str, info: ValidationInfo) -> str:
    """A kind that is misspelt, or that no detector finds, would never match: better said now."""
    own = (info.context or {}).get("kinds", frozenset())
    if value in FINDABLE or value in GROUPS or value == ANYTHING or value in own:
        return value
    raise PydanticCustomError(UNKNOWN_KIND, "{words}", {"words": _why_unknown(value, own)})


def _why_unknown(kind: str, own: Iterable[str]) -> str:
    """Return what is to be said of a kind that nothing finds, after its name."""
    alike = [f"“{name}”" for name in near(kind, own)]
    if not alike:
        groups = ", ".join(GROUPS)
        return (
            f"is not known here: no detector finds it. Near are only the groups {groups}; "
            "outgate policy words lists all kinds, and your own stand under organisation: kinds"
        )
    others = f" Near, too: {joined(alike[1:])}." if alike[1:] else ""
    return f"is not known here; did you mean {alike[0]}?{others}"


def _country(value: str) -> str:
    """A misspelt country would never match: better said now."""
    code = value.upper()
    if code not in CODES and value != UNKNOWN:
        raise ValueError("is no country; write two letters as in ISO 3166 (DE, US, NO), or unknown")
    return value if value == UNKNOWN else code


def _address(value: str) -> str:
    if address_of(value) is None:
        raise ValueError("is no IP address")
    return host_of(value)


def _protocol(value: str) -> str:
    if value in PROTOCOLS:
        return value
    close = get_close_matches(value.casefold(), PROTOCOLS, n=3, cutoff=0.6)
    meant = f"did you mean {joined(close, 'or')}" if close else "outgate policy words lists them"
    raise ValueError(f"is no protocol that can be told; {meant}")


def _host(value: str) -> str:
    if odd := _NEVER_IN_HOSTS.intersection(value):
        raise ValueError(
            f"“{printable(value, 100)}” is no host: none holds “{printable(min(odd), 20)}”"
        )
    meant = host_meant(value)
    if meant is not None:
        what = f": write {printable(meant, 100)}" if meant else " and holds none"
        raise ValueError(
            f"“{printable(value, 100)}” is more than a host, and no destination would be like"
            f" it{what} (scheme, port and path are conditions of their own)"
        )
    return value


_NEVER_IN_HOSTS = frozenset(string.whitespace + "\"$&'()+,;<=>^`{|}~")
"""Nor in patterns of hosts. Addresses of pages are told which part of them is the host."""

type Listed[T] = Annotated[list[T], BeforeValidator(listed), Field(min_length=1)]
type Several[T] = Annotated[list[T], BeforeValidator(listed)]
type Text = Annotated[str, Field(min_length=1, max_length=1000)]
type Host = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_host)]
"""A host, or a pattern of hosts."""
type Identifier = Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=200)]
type Kind = Annotated[str, AfterValidator(_known_kind)]
type Country = Annotated[str, AfterValidator(_country)]
type Address = Annotated[str, AfterValidator(_address)]
type Size = Annotated[int, BeforeValidator(_size), Field(gt=0)]
type Count = Annotated[int, Field(gt=0)]
type Dollars = Annotated[float, Field(gt=0)]
type Port = Annotated[int, Field(ge=1, le=65535)]
type Protocol = Annotated[str, AfterValidator(_protocol)]
type Scheme = Literal["http", "https", "ws", "wss"]
type Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
type Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
type RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
type Day = Annotated[
    Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    BeforeValidator(_day),
]


@dataclass(frozen=True, slots=True)
class PartFault:
    """What is wrong with one part of a section, and the way there from the section."""

    words: str
    way: tuple[int | str, ...]
    at_key: bool = False
    """True when the part should not be there at all, or its name is what is wrong."""


def refuse(faults: Iterable[PartFault]) -> None:
    """Raise the fault of a section for what is wrong with its parts, each told at its own place."""
    if found := tuple(faults):
        words = "; ".join(fault.words for fault in found)
        raise PydanticCustomError(PLACED, "{words}", {"words": words, "faults": found})


class Strict(BaseModel):
    """A section in which an unknown name is an error; its faults never quote what was written."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
