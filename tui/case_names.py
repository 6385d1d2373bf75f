"""Reads a filter line against what is in the evidence: names that stand there are words, too."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import PurePath

from core.case_words import LITERALLY, Parsed, parse, quoted
from core.review import About, CaseFilter, Condition, Order
from core.review_ports import CaseStore, TellsLess
from destinations.naming import services_called
from tui.wording import safe, service_name

_CASES = 200


def names_in(store: CaseStore) -> Mapping[str, Sequence[str]]:
    """Return the names in the newest cases, by the word before the colon."""
    cases = store.page(CaseFilter(status=None, order=Order.NEWEST), 0, _CASES)
    found: dict[str, dict[str, None]] = {}
    for case in cases:
        inside = case.inside
        named = {
            "script": [case.script, PurePath(case.script_path or "").name],
            "to": [case.service or case.host, service_name(case.service, case.host)],
            "user": list(inside.users),
            "rule": list(inside.rules),
            "model": list(inside.models),
            "hash": [sha256[:12] for sha256 in inside.versions],
        }
        for word, names in named.items():
            found.setdefault(word, {}).update(dict.fromkeys(safe(n, 60) for n in names if n))
    return {word: list(names) for word, names in found.items()}


class _WhenAsked(Mapping[str, Sequence[str]]):
    """The names, read only where a word is not understood and its nearest is looked for."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store

    @cached_property
    def _names(self) -> Mapping[str, Sequence[str]]:
        return names_in(self._store)

    def __getitem__(self, word: str) -> Sequence[str]:
        return self._names[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


_NAMED: Mapping[About, str] = {
    About.SCRIPT: "script",
    About.DESTINATION: "to",
    About.USER: "user",
    About.RULE: "rule",
    About.MODEL: "model",
}
"""What is asked for by a name, and the word before the colon."""
_ALIKE = 0.6


def understood_here(
    store: CaseStore, line: str, now: datetime, zone: tzinfo | None = None
) -> Parsed:
    """Read a filter line of a person who waits for the answer: a name that stands in no case, and
    is nearly one that does, is a slip. What is kept or sent on, as in views and exports, may name
    what is not there yet.
    """
    parsed = understood(store, line, now, zone)
    if parsed.problem is None:
        slips = (_slip(store, condition, line) for condition in parsed.wanted.conditions)
        for problem in filter(None, slips):
            return replace(parsed, problem=problem)
    return parsed


def _slip(store: CaseStore, condition: Condition, line: str) -> str:
    word = _NAMED.get(condition.about)
    if word is None:
        return ""
    for value in condition.values:
        if f'"{value}"' in line or _stands(store, condition.about, value):
            continue
        names = {name.lower(): name for name in names_in(store).get(word, ())}
        if near := difflib.get_close_matches(value.lower(), names, n=1, cutoff=_ALIKE):
            told = f"No case has {word}:{quoted(safe(value, 60))}."
            nearest = f"The nearest name is {word}:{quoted(names[near[0]])}."
            return f"{told} {nearest} {LITERALLY}"
    return ""


def _stands(store: CaseStore, about: About, value: str) -> bool:
    called = services_called(value) if about is About.DESTINATION else ()
    condition = Condition(about=about, values=(value, *called))
    return store.count(CaseFilter(status=None, conditions=(condition,))) > 0


def understood(store: CaseStore, line: str, now: datetime, zone: tzinfo | None = None) -> Parsed:
    """Read a filter line. A word that is none of the language has to stand in some case."""
    if not line.strip():
        return parse(line, now, zone)

    def occurs(text: str) -> bool:
        return store.count(CaseFilter(status=None, text=text)) > 0

    def stands(about: About, text: str) -> bool:
        return not isinstance(store, TellsLess) and _stands(store, about, text)

    parsed = parse(line, now, zone, occurs, _WhenAsked(store), services_called, stands)
    if parsed.problem is None and isinstance(store, TellsLess):
        told = (store.untold(condition) for condition in parsed.wanted.conditions)
        for missing in filter(None, told):
            return replace(parsed, problem=f"This list does not tell {missing}.")
    return parsed
