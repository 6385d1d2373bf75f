"""All words that rules may name, with what they mean: for `outgate policy words` and advice."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.classification import Category
from core.findings import NOT_INSPECTED
from core.vocabulary.destinations import ACCOUNTS, CATEGORIES
from core.vocabulary.files import LABELS, SAME
from core.vocabulary.findings import CONFIDENCE
from core.vocabulary.habits import UNUSUALS
from core.vocabulary.kinds import ANYTHING, FINDABLE, GROUPS, KINDS
from core.vocabulary.packages import PACKAGE_STATES
from core.vocabulary.protocols import WORDS as PROTOCOLS
from core.vocabulary.senders import CERTAINTIES, LAUNCHES
from core.vocabulary.verdicts import ANSWERS
from destinations import SERVICES, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedService:
    """A service or language model provider that a rule may name."""

    id: str
    name: str
    categories: tuple[Category, ...]
    aliases: tuple[str, ...]
    """Other ids of it that are read."""
    families: tuple[str, ...]
    """Other names under which an organisation may list its accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words of one place in a policy file: each with what it means and what it belongs to."""

    key: str
    """In the JSON."""
    where: str
    """Where a rule may write them."""
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]


def services() -> tuple[NamedService, ...]:
    """Return all services that a destination can be found to be, by their ids in order."""
    entries: dict[str, list[Service]] = {}
    for service in SERVICES:
        entries.setdefault(service.id, []).append(service)
    return tuple(_named(entries[one]) for one in sorted(entries))


def _named(entries: Sequence[Service]) -> NamedService:
    """Entries that share an id differ in their category only."""
    first = entries[0]
    return NamedService(
        id=first.id,
        name=first.name,
        categories=tuple(entry.category for entry in entries),
        aliases=first.aliases,
        families=tuple(f for f in (first.family,) if f is not None and f != first.id),
    )


def all_words() -> tuple[Words, ...]:
    """Return every word, place by place."""
    kind, service = ("id", "one", "groups"), ("id", "name", "categories", "aliases", "families")
    of_services = "destination: service, llm: provider, organisation: accounts"
    return (
        _meanings("answers", "then", ANSWERS),
        Words(key="kinds", where="findings: kinds", columns=kind, rows=_kinds()),
        Words(key="groups", where="findings: kinds", columns=("id", "kinds"), rows=_groups()),
        _meanings("confidence", "findings: certainty", CONFIDENCE),
        _meanings("categories", "destination: category", CATEGORIES),
        _meanings("accounts", "destination: account", {a: w.meaning for a, w in ACCOUNTS.items()}),
        Words(key="services", where=of_services, columns=service, rows=_services()),
        _meanings("senders", "attribution: certainty", CERTAINTIES),
        _meanings("launches", "script: launched_as", LAUNCHES),
        _meanings("labels", "files: label", LABELS),
        _meanings("sameness", "files: same", SAME),
        _meanings("protocols", "destination: protocol", PROTOCOLS),
        _meanings("packages", "script: packages", PACKAGE_STATES),
        _meanings("unusual", "unusual", UNUSUALS),
    )


def _meanings(key: str, where: str, meanings: Mapping[Any, str]) -> Words:
    rows = [{"id": str(word), "means": meaning} for word, meaning in meanings.items()]
    return Words(key=key, where=where, columns=("id", "means"), rows=rows)


def _kinds() -> list[dict[str, Any]]:
    return [
        {
            "id": kind.id,
            "one": kind.one,
            "many": kind.many,
            "weight": kind.weight,
            "groups": [group for group in GROUPS if group in kind.groups],
        }
        for kind in KINDS.values()
        if not kind.reserved
    ]


def _groups() -> list[dict[str, Any]]:
    named = {**GROUPS, ANYTHING: FINDABLE - {NOT_INSPECTED}}
    return [
        {"id": group, "kinds": [kind for kind in KINDS if kind in members]}
        for group, members in named.items()
    ]


def _services() -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "name": one.name,
            "categories": list(one.categories),
            "aliases": list(one.aliases),
            "families": list(one.families),
        }
        for one in services()
    ]


def lines(width: int = 100) -> Iterator[str]:
    """Yield the tables for a person."""
    for words in all_words():
        yield f"{words.key.upper()}, for {words.where}"
        rows = [[_cell(row[column]) for column in words.columns] for row in words.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
        for row in rows:
            begin = "  ".join(["", *map(str.ljust, row, widths), ""])
            yield (
                textwrap.fill(
                    row[-1], width, initial_indent=begin, subsequent_indent=" " * len(begin)
                )
                or begin.rstrip()
            )
        yield ""
    yield "Kinds of your own recognisers are those that your file lists under organisation: kinds."


def _cell(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
