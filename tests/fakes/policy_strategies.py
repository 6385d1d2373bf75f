"""What an author may write, at random: drawn from the fields of the policy file's own models.

A type of field needs a strategy here; without one every test that draws policies fails. Words are
few, so that what rules name and what requests hold is often the same.
"""

import dataclasses
import types
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import NOON
from pydantic import AwareDatetime, BaseModel

from core.attribution import Attribution, Certainty
from core.classification import Destination
from core.findings import NOT_INSPECTED, Finding
from core.situation import Situation
from core.vocabulary.unread import TEXTLESS, UnreadKind
from policy import fields
from policy.conditions import When
from policy.hours import Hours
from policy.inputs import _HIDES
from policy.policy_tests import Given, situation_of_case
from policy.rules import OrganisationSection, PolicyModel, Rule, Then
from policy.sections import Section
from policy.tls_passthrough import PassThrough

OWN_KEY = "aabbccddeeffaa01"
type Strategy = st.SearchStrategy[Any]

_WORDS = st.sampled_from(["a", "b", "A", "a*", "*.b", "x.b", OWN_KEY])
_FEW = st.integers(1, 4)
_HOURS = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(["UTC", "Asia/Tokyo"]),
        "hours": st.sampled_from(["08:00-18:00", "22:00-06:00"]),
    },
    optional={"days": st.sampled_from([["wednesday"], ["thursday", "friday"]])},
)
_THEN = st.sampled_from(
    ["allow", "watch", "warn", "hold", "redact", "block", {"headers": {"X-A": "1"}}]
)
_EXEMPTION = st.fixed_dictionaries(
    {
        "description": st.just("d"),
        "owner": st.just("o"),
        "hosts": st.sampled_from([["x.b"], ["*.x.b", "x.b"]]),
        "until": st.sampled_from([NOON.date(), NOON.date() - timedelta(days=1)]),
    },
    optional={"scripts": st.just(["a"]), "then": st.sampled_from(["watch", "allow"])},
)

BY_TYPE: dict[Any, Strategy] = {
    fields.Text: _WORDS,
    fields.Identifier: _WORDS,
    fields.Kind: st.sampled_from(
        ["iban", "email", "secret", "person", "not_inspected", "bank", "anything", "personal_data"]
    ),
    fields.Country: st.sampled_from(["US", "unknown"]),
    fields.Address: st.sampled_from(["10.0.0.1", "127.0.0.1", "192.0.2.7"]),
    fields.Size: _FEW,
    fields.Count: _FEW,
    fields.Dollars: _FEW,
    fields.Port: st.sampled_from([443, 8443]),
    fields.Protocol: st.sampled_from(["postgresql", "smtp"]),
    fields.Sha256: st.sampled_from(["a" * 64, "b" * 64]),
    fields.Fingerprint: st.just(OWN_KEY),
    fields.RuleId: st.just("named by its place"),
    str: st.sampled_from(["a" * 64, "b" * 64]),
    bool: st.booleans(),
    int: st.integers(0, 5),
    float: st.integers(0, 5).map(float),
    date: st.sampled_from([NOON.date(), NOON.date() - timedelta(days=1)]),
    AwareDatetime: st.sampled_from([NOON + timedelta(hours=h) for h in (0, 7, 14, 30, -20, -80)]),
    Hours: _HOURS,
    Then: _THEN,
    PassThrough: _EXEMPTION,
    OrganisationSection: st.sampled_from([{}, {"key_fingerprints": OWN_KEY}]),
}
"""What may be written in a field of this type."""

BY_FIELD: dict[tuple[type[BaseModel], str], Strategy | None] = {
    (Given, "degraded"): st.lists(
        st.sampled_from([f"{stage}: late" for stage in (*_HIDES, "something new")]), max_size=2
    ),
    (PolicyModel, "version"): None,
    (PolicyModel, "description"): None,
    (PolicyModel, "contracts"): None,
    (PolicyModel, "tenant_restrictions"): None,
    (Rule, "owner"): None,
}
"""Where the type alone says too little. None is not drawn: it decides nothing that is compared."""


def of_type(annotation: Any, depth: int) -> Strategy:
    """Return what may be written for this type; raises LookupError where nobody said."""
    if annotation in BY_TYPE:
        return BY_TYPE[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, TypeAliasType):
        return of_type(annotation.__value__, depth)
    if origin is Annotated:
        return of_type(inner[0], depth)
    if origin in {Union, types.UnionType}:
        several = [of_type(part, depth) for part in inner if part is not types.NoneType]
        return st.one_of([*several, *several, st.none()] if types.NoneType in inner else several)
    if origin in {list, fields.Listed, fields.Several}:
        return st.lists(of_type(inner[0], depth), min_size=1, max_size=2)
    if origin is Literal:
        return st.sampled_from(inner)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return of_model(annotation, depth)
    raise LookupError(f"no strategy for fields of the type {annotation}: add one to BY_TYPE")


def of_model(model: type[BaseModel], depth: int = 1) -> Strategy:
    """Return what may be written as this section: few conditions, for many together never hold."""
    needed: dict[str, Strategy] = {}
    free: dict[str, Strategy] = {}
    for name, field in model.model_fields.items():
        nests = _nests(field.annotation)
        strategy = BY_FIELD.get((model, name), _UNSAID)
        if strategy is None or (nests and depth == 0 and model is When):
            continue
        if strategy is _UNSAID:
            strategy = of_type(field.annotation, depth - 1 if nests and model is When else depth)
        (needed if field.is_required() else free)[field.alias or name] = strategy
    if model.__module__ == Given.__module__:
        # Cases: what is left out is the same in all, so that nothing is.
        return st.fixed_dictionaries({**needed, **free})
    if not issubclass(model, Section | When):
        return st.fixed_dictionaries(needed, optional=free)
    written = _few(needed, free)
    checked = model.__pydantic_decorators__.model_validators
    return written.filter(lambda value: _valid(model, value)) if checked else written


_UNSAID: Strategy = st.nothing()


def _nests(annotation: Any) -> bool:
    return annotation is When or any(map(_nests, get_args(annotation)))


def _valid(model: type[BaseModel], value: dict[str, Any]) -> bool:
    try:
        model.model_validate(value)
    except ValueError:
        return False
    return True


@st.composite
def _few(draw: st.DrawFn, needed: dict[str, Strategy], free: dict[str, Strategy]) -> dict[str, Any]:
    """Draw one or two of what need not be written, now and then none."""
    names = draw(st.lists(st.sampled_from(sorted(free)), max_size=2, unique=True)) if free else []
    return {name: draw(s) for name, s in (*needed.items(), *((n, free[n]) for n in names))}


def _numbered(written: dict[str, Any]) -> PolicyModel:
    for letter, part in (("r", "rules"), ("e", "pass_through")):
        for number, entry in enumerate(written.get(part, ())):
            entry["id"] = f"{letter}{number}"
    return PolicyModel.model_validate(written)


def policies() -> st.SearchStrategy[PolicyModel]:
    """Return policy files, checked."""
    rules = st.lists(of_model(Rule), min_size=1, max_size=8)
    rest = of_model(PolicyModel)
    return st.builds(lambda head, body: {**head, "rules": body}, rest, rules).map(_numbered)


def conditions(subject: str, name: str) -> st.SearchStrategy[When]:
    """Return sections in which nothing but this condition is written."""
    word = of_type(SECTIONS[subject].model_fields[name].annotation, 0).filter(
        lambda w: w is not None
    )
    return word.map(lambda value: When.model_validate({subject: {name: value}}))


def _sections(annotation: Any) -> list[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [found for part in get_args(annotation) for found in _sections(part)]


SECTIONS = {
    subject: section
    for subject, field in When.model_fields.items()
    for section in _sections(field.annotation)
}
"""The sections of conditions by their names in the file."""

FIELDS = [(subject, name) for subject, section in SECTIONS.items() for name in section.asked()]
"""Every condition of the policy file: its section's name and its own."""

NARROWING = [
    (subject, name)
    for subject, section in SECTIONS.items()
    for name in section.model_fields
    if name not in section.asked()
]
"""Every word that says what its section counts."""


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Draw one request, with something missing now and then."""
    situation = situation_of_case(Given.model_validate(draw(_GIVEN)))
    if draw(st.integers(0, 3)) == 0:
        nowhere = replace(situation.destination, country=None)
        situation = replace(situation, destination=nowhere)
    if draw(st.integers(0, 3)) == 0:
        situation = replace(situation, files_are_all=False)
    return replace(situation, headers_only=draw(st.integers(0, 3)) == 0)


_GIVEN = of_model(Given)


def drawn[T](strategy: st.SearchStrategy[T], number: int) -> list[T]:
    """Return so many values, the same ones in every run."""
    values: list[T] = []

    @settings(max_examples=number, deadline=None, database=None, derandomize=True)
    @given(strategy)
    def collect(value: T) -> None:
        values.append(value)

    collect()
    return values


@cache
def conditions_drawn(subject: str, name: str, number: int = 12) -> tuple[When, ...]:
    """Return ways of writing one condition, the same ones for each test that asks."""
    return tuple(drawn(conditions(subject, name), number))


def one_by_one(one: Any, other: Any) -> Iterator[Any]:
    """Yield what lies between two values: from each to the next a single thing inside changes."""
    yield one
    for path, value in _differences(one, other):
        one = _with(one, path, value)
        yield one


def _differences(one: Any, other: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    for field in dataclasses.fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(mine) and type(mine) is type(theirs):
            for path, value in _differences(mine, theirs):
                yield (field.name, *path), value
        elif mine != theirs:
            yield (field.name,), theirs


def _with(one: Any, path: tuple[str, ...], value: Any) -> Any:
    name, *rest = path
    inner = _with(getattr(one, name), tuple(rest), value) if rest else value
    return replace(one, **{name: inner})


def _proven(sender: Attribution) -> Attribution:
    likely = sender.certainty is Certainty.LIKELY
    return replace(sender, certainty=Certainty.EXACT) if likely else sender


def _told(finding: Finding) -> Finding:
    """Return a finding that leaves nothing open: what was not read is a picture."""
    if finding.kind != NOT_INSPECTED or finding.unread in TEXTLESS:
        return finding
    return replace(finding, unread=UnreadKind.PICTURE)


def _placed(known: Destination) -> Destination:
    """Return a destination whose address and country were looked up."""
    return replace(known, address=known.address or "198.51.100.7", country=known.country or "NL")


@cache
def samples() -> tuple[Situation, ...]:
    """Return requests of many kinds, the same in every run; in some of them something is
    missing.
    """
    return tuple(drawn(situations(), 180))


@cache
def known() -> tuple[Situation, ...]:
    """Return those requests with everything known of them."""
    return tuple(
        replace(
            s,
            degraded=(),
            findings=tuple(map(_told, s.findings)),
            headers_only=False,
            files_are_all=True,
            sender=_proven(s.sender),
            destination=_placed(s.destination),
            volume=replace(s.volume, hour_exact=True, day_exact=True),
        )
        for s in samples()
    )
