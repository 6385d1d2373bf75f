"""An organisation's own recognisers: Presidio's YAML, read strictly, with errors that name the
entry.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import SettingsError
from core.text import printable
from core.yaml_faults import NO_VALUE

EXTRA = "outgate[recognisers]"
"""What to install so that they can run."""
_MAX_BYTES = 1_000_000
_ENTITY = re.compile(r"[A-Za-z][A-Za-z0-9_ \-]{0,60}")
_NOT_A_KIND = re.compile(r"[^a-z0-9]+")
_KINDS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "PERSON": "person",
    "IBAN_CODE": "iban",
    "LOCATION": "address",
    "US_PASSPORT": "passport",
    "US_DRIVER_LICENSE": "driving_licence",
    "US_BANK_NUMBER": "bank_account",
    "MEDICAL_LICENSE": "health_id",
    "ES_NIF": "es_dni",
    "IT_FISCAL_CODE": "it_codice_fiscale",
    "PL_PESEL": "pl_pesel",
    "FI_PERSONAL_IDENTITY_CODE": "fi_hetu",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserEntry:
    """One recogniser of the organisation, as Presidio's constructor wants it."""

    kind: str
    """The finding's kind: `employee_id`."""
    settings: dict[str, Any]
    context: tuple[str, ...]


def is_runnable() -> bool:
    """True when Presidio, which runs them, is installed; it is not loaded."""
    return find_spec("presidio_analyzer") is not None


def kind_of(entity: str) -> str:
    """Return the kind of a Presidio entity: known ones by our name, others in lower snake case."""
    return _KINDS.get(entity.upper()) or _NOT_A_KIND.sub("_", entity.lower()).strip("_")


def read_recogniser_file(path: Path) -> tuple[RecogniserEntry, ...]:
    """Return the entries of a file. Raises SettingsError with the file's name."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SettingsError(f"{path.name} is larger than 1 MB.")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path.name} cannot be read as text: {type(error).__name__}."
        ) from error
    return parse_recognisers(text, path.name)


def parse_recognisers(text: str, name: str = "recognisers") -> tuple[RecogniserEntry, ...]:
    """Return the entries of Presidio's YAML. Raises SettingsError that names the entry and what is
    wrong.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, *NO_VALUE) as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
        raise SettingsError(f"{name}{place}: this is not YAML.") from error
    entries = document.get("recognizers") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise SettingsError(f"{name}: there is no list `recognizers`.")
    return tuple(_entries(entries, name))


def _entries(entries: list[object], name: str) -> Iterable[RecogniserEntry]:
    for number, entry in enumerate(entries, 1):
        where = f"{name}, recogniser {number}"
        if not isinstance(entry, dict) or entry.get("type", "custom") != "custom":
            raise SettingsError(
                f"{where}: only own recognisers with patterns or a deny list are taken.",
                remedy=(
                    "Presidio's predefined recognisers are replaced by Outgate's own; remove the"
                    " entry."
                ),
            )
        if entry.get("enabled", True):
            yield _entry(entry, where)


def _entry(entry: dict[str, Any], where: str) -> RecogniserEntry:
    entity = _entity(entry, where)
    patterns, deny_list = (entry.get(name) or [] for name in ("patterns", "deny_list"))
    lists = isinstance(patterns, list) and isinstance(deny_list, list)
    if not lists or not (patterns or deny_list):
        raise SettingsError(f"{where}: it needs `patterns` or a `deny_list`.")
    return RecogniserEntry(
        kind=kind_of(entity),
        settings={
            "name": printable(str(entry.get("name") or entity), 60),
            "supported_entity": entity,
            "patterns": [_pattern(pattern, where) for pattern in patterns] or None,
            "deny_list": [str(word) for word in deny_list] or None,
            "deny_list_score": float(entry.get("deny_list_score", 1.0)),
        },
        context=tuple(str(word).lower() for word in _words(entry.get("context"))),
    )


def _entity(entry: dict[str, Any], where: str) -> str:
    """Return what the recogniser finds. Raises SettingsError."""
    entity = entry.get("supported_entity")
    if not entity:
        entity = next(iter(entry.get("supported_entities") or ()), None)
    if not isinstance(entity, str) or not _ENTITY.fullmatch(entity):
        raise SettingsError(f"{where}: `supported_entity` is missing or no plain word.")
    return entity


def _words(context: object) -> Iterable[object]:
    if isinstance(context, list):
        return context
    return [context] if isinstance(context, str) else []


def _pattern(pattern: object, where: str) -> dict[str, Any]:
    import regex  # type: ignore[import-untyped]

    if not isinstance(pattern, dict) or not isinstance(pattern.get("regex"), str):
        raise SettingsError(f"{where}: a pattern needs `regex`.")
    score = pattern.get("score", 0.5)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise SettingsError(f"{where}: `score` is a number from 0 to 1.")
    try:
        regex.compile(pattern["regex"])
    except regex.error as error:
        raise SettingsError(
            f"{where}: the pattern is no regular expression: {error.msg}."
        ) from error
    return {
        "name": str(pattern.get("name", "pattern")),
        "regex": pattern["regex"],
        "score": float(score),
    }
