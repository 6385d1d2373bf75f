"""People in FHIR resources: names, contacts, addresses and identifiers that stand in lists of
their own, as one row a person.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from classifiers.payload import Path
from classifiers.shapes.orients import Shaped

_PEOPLE = frozenset({"Patient", "RelatedPerson", "Practitioner", "Person"})
_FINDINGS = frozenset({"Condition", "AllergyIntolerance"})
_CODED = frozenset(
    (
        "Observation DiagnosticReport Procedure Immunization MedicationRequest MedicationStatement"
        " MedicationAdministration ServiceRequest FamilyMemberHistory"
    ).split()
)
"""Resources that tell of somebody's health where they name whose it is."""
_CODES = ("code", "vaccineCode", "medicationCodeableConcept")
_SUBJECTS = ("subject", "patient")
_MAX_DEPTH = 12
_MAX_RESOURCES = 50_000
_TOLD = frozenset(
    {"name", "telecom", "address", "birthDate", "identifier", "contact", *_CODES, *_SUBJECTS}
)
"""Fields of a resource that its row tells."""
_IDENTIFIERS = (
    ("ssn", "ssn"),
    ("nhs", "nhs number"),
    ("passport", "passport"),
    ("ppn", "passport"),
    ("driver", "driver license number"),
    ("|dl", "driver license number"),
    ("mrn", "medical record number"),
    ("medical-record", "medical record number"),
    ("|mr", "medical record number"),
    ("bsn", "bsn"),
    ("nir", "nir"),
    ("kvnr", "krankenversichertennummer"),
    ("kvid", "krankenversichertennummer"),
    ("tax", "tax id"),
)
"""What a system or a code of an identifier holds → what its value is."""


class Resources(NamedTuple):
    """The tables of a payload's resources, and the places that they tell of. Holds payload."""

    tables: list[Shaped]
    paths: frozenset[Path]

    def __repr__(self) -> str:
        return f"<Resources {len(self.paths)}>"

    def tells(self, path: Path) -> bool:
        """True for a value below one of the resources that a row tells."""
        return any(part in _TOLD and path[:at] in self.paths for at, part in enumerate(path))


def is_fhir(root: Any) -> bool:
    """True when a value, or the first of a list, says that it is a resource."""
    first = root[0] if type(root) is list and root else root
    return type(first) is dict and isinstance(first.get("resourceType"), str)


def resources(root: Any, path: Path = ()) -> Resources:
    """Return the people, and what they suffer from, in a resource and all inside it."""
    people: list[dict[str, str]] = []
    findings: list[dict[str, str]] = []
    paths: list[Path] = []
    for node, place in _nodes(root, path):
        kind = node.get("resourceType")
        if kind in _PEOPLE:
            row, rows = dict(_person(node)), people
        elif kind in _FINDINGS:
            row, rows = _subject(node) | _finding(node), findings
        elif kind in _CODED and (row := _subject(node)):
            row, rows = row | _finding(node), findings
        else:
            continue
        if row:
            rows.append(row)
            paths.append(place)
    tables = [_shaped(rows) for rows in (people, findings) if rows]
    return Resources(tables, frozenset(paths))


def _shaped(rows: list[dict[str, str]]) -> Shaped:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return Shaped(names, [[row.get(name) for name in names] for row in rows])


def _nodes(root: Any, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    stack: list[tuple[Any, Path]] = [(root, path)]
    seen = 0
    while stack and seen < _MAX_RESOURCES:
        node, place = stack.pop()
        if type(node) is dict:
            if "resourceType" in node:
                seen += 1
                yield node, place
            inner = list(node.items())
        elif type(node) is list:
            inner = list(enumerate(node))
        else:
            continue
        if len(place) < _MAX_DEPTH:
            stack += [((value), (*place, name)) for name, value in reversed(inner)]


def _person(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for number, name in enumerate(_each(node, "name")):
        if text := _name(name):
            yield _numbered("full name", number), text
    yield from _telecoms(node)
    for number, address in enumerate(_each(node, "address")):
        if text := _address(address):
            yield _numbered("address", number), text
    if isinstance(node.get("birthDate"), str):
        yield "date of birth", node["birthDate"]
    for number, identifier in enumerate(_each(node, "identifier")):
        value = identifier.get("value")
        if isinstance(value, str) and value:
            yield _numbered(_identifier(identifier), number), value
    yield from _contacts(node)


def _telecoms(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    counts: dict[str, int] = {}
    for telecom in _each(node, "telecom"):
        value = telecom.get("value")
        if isinstance(value, str) and value:
            column = "email" if "@" in value else "phone"
            yield _numbered(column, counts.setdefault(column, 0)), value
            counts[column] += 1


def _contacts(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for number, contact in enumerate(_each(node, "contact")):
        named = contact.get("name")
        if isinstance(named, dict) and (text := _name(named)):
            yield _numbered("emergency contact name", number), text
        for telecom in _each(contact, "telecom"):
            if isinstance(value := telecom.get("value"), str):
                yield _numbered("contact email" if "@" in value else "contact phone", number), value


def _each(node: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = node.get(name)
    items = value if type(value) is list else [value]
    return [item for item in items if type(item) is dict]


def _numbered(name: str, number: int) -> str:
    return name if number == 0 else f"{name} {number + 1}"


def _texts(value: Any) -> list[str]:
    items = value if type(value) is list else [value]
    return [item for item in items if isinstance(item, str) and item]


def _name(name: Mapping[str, Any]) -> str:
    parts = [*_texts(name.get("given")), *_texts(name.get("family"))]
    return " ".join(parts or _texts(name.get("text")))


def _address(address: Mapping[str, Any]) -> str:
    fields = ("line", "postalCode", "city", "state", "country")
    parts = [part for field in fields for part in _texts(address.get(field))]
    return ", ".join(_texts(address.get("text")) or parts)


def _identifier(identifier: Mapping[str, Any]) -> str:
    kind = identifier.get("type")
    codes = [code.get("code") for code in _each(kind, "coding")] if isinstance(kind, dict) else []
    told = "|".join(_texts([identifier.get("system"), *codes])).lower()
    told = (
        f"{told}|{' '.join(_texts(kind.get('text')))}".lower() if isinstance(kind, dict) else told
    )
    return next((name for mark, name in _IDENTIFIERS if mark in told), "patient id")


def _finding(node: Mapping[str, Any]) -> dict[str, str]:
    """Return what somebody has or takes: its words, else its code."""
    for name in _CODES:
        if type(code := node.get(name)) is dict:
            codings = _each(code, "coding")
            displays = [coding.get("display") for coding in codings]
            codes = [coding.get("code") for coding in codings]
            if texts := [*_texts(code.get("text")), *_texts(displays), *_texts(codes)]:
                return {"diagnosis": texts[0]}
    return {}


def _subject(node: Mapping[str, Any]) -> dict[str, str]:
    """Return whose finding it is: a name, or the number in a reference."""
    for name in _SUBJECTS:
        if type(subject := node.get(name)) is dict:
            told: dict[str, str] = {}
            for text in _texts(subject.get("display")):
                told["full name"] = text
            for text in _texts(subject.get("reference")):
                told["subject"] = text
            return told
    return {}
