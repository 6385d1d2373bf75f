"""OCSF 1.8.0 as published, resolved; checks whether an event is one.

The schema is kept outside the repository; tests skip where it is absent.
"""

import json
import re
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_NAME = "shared/data/ocsf-schema-1.8.0.tar.xz"
_COMPUTED = {"class_uid", "category_uid", "type_uid"}
_BASES: dict[str, type[Any]] = {
    "string_t": str,
    "integer_t": int,
    "long_t": int,
    "boolean_t": bool,
    "float_t": float,
}


@cache
def _files() -> dict[str, Any]:
    for folder in (_ROOT.parent, _ROOT.parents[1]):
        if (archive := folder / _NAME).is_file():
            break
    else:
        pytest.skip("the published schema of OCSF is not on this machine")
    with tarfile.open(archive) as tar:
        return {
            member.name.removeprefix("./"): json.load(tar.extractfile(member))  # type: ignore[arg-type]
            for member in tar.getmembers()
            if member.name.endswith(".json")
        }


@cache
def _named(folder: str) -> dict[str, Any]:
    found = {}
    for path, value in _files().items():
        if path.startswith(folder):
            found[Path(path).stem] = {**value, "folder": Path(path).parent.name}
    return found


@cache
def _resolved(folder: str, name: str) -> dict[str, Any]:
    """Return attributes, constraints and allowed profiles, parents' first."""
    raw = _named(folder)[name]
    parent = raw.get("extends")
    above = _resolved(folder, parent) if parent and parent != name else {}
    attributes = {key: dict(value) for key, value in above.get("attributes", {}).items()}
    own = dict(raw["attributes"])
    for include in own.pop("$include", []):
        for key, value in _files()[include]["attributes"].items():
            if isinstance(value, dict) and key != "$include":
                profile = Path(include).stem
                attributes.setdefault(key, {"profile": profile, **value})
    for key, value in own.items():
        merged = {**attributes.get(key, {}), **value}
        merged["enum"] = {**attributes.get(key, {}).get("enum", {}), **value.get("enum", {})}
        if key in attributes and "profile" in attributes[key] and value.get("profile", "") is None:
            del merged["profile"]
        attributes[key] = merged
    return {
        "attributes": attributes,
        "constraints": raw.get("constraints") or above.get("constraints") or {},
        "profiles": {*raw.get("profiles", ()), *above.get("profiles", ())},
        "uid": raw.get("uid", 0),
        "folder": raw["folder"],
    }


@cache
def _classes() -> dict[int, str]:
    categories = _files()["categories.json"]["attributes"]
    found = {}
    for name, raw in _named("events/").items():
        category = categories.get(raw["folder"], {}).get("uid", 0)
        if name == "base_event":
            found[0] = name
        elif raw.get("uid"):
            found[category * 1000 + raw["uid"]] = name
    return found


def complaints(event: dict[str, Any]) -> list[str]:
    """Return what is wrong with an event; nothing where it is one."""
    name = _classes()[event["class_uid"]]
    schema = _resolved("events/", name)
    told = []
    if event["class_uid"] // 1000 != event["category_uid"]:
        told.append("category_uid")
    if event["class_uid"] * 100 + event["activity_id"] != event["type_uid"]:
        told.append("type_uid")
    profiles = set(event["metadata"].get("profiles", ()))
    if not profiles <= schema["profiles"]:
        told.append(f"profiles not allowed: {profiles - schema['profiles']}")
    return told + _object(event, schema, profiles, name)


def _object(
    value: dict[str, Any], schema: dict[str, Any], profiles: set[str], at: str
) -> list[str]:
    told = []
    attributes = schema["attributes"]
    for key, rule in attributes.items():
        profile = rule.get("profile")
        usable = not profile or profile in profiles
        if rule.get("requirement") == "required" and usable and key not in value:
            told.append(f"{at}.{key} is required")
        if key in value and not usable:
            told.append(f"{at}.{key} is of the profile {profile}")
    for key, part in value.items():
        if key not in attributes:
            told.append(f"{at}.{key} is invented")
        else:
            told += _attribute(key, part, attributes[key], profiles, f"{at}.{key}")
    one_of = schema["constraints"].get("at_least_one")
    if one_of and not any(key in value for key in one_of):
        told.append(f"{at}: one of {one_of}")
    return told


def _attribute(
    key: str, value: Any, rule: dict[str, Any], profiles: set[str], at: str
) -> list[str]:
    known = _files()["dictionary.json"]["attributes"][key]
    if known.get("is_array"):
        if not isinstance(value, list):
            return [f"{at} is no array"]
        return [
            complaint
            for item in value
            for complaint in _attribute_one(key, item, rule, known, profiles, at)
        ]
    return _attribute_one(key, value, rule, known, profiles, at)


def _attribute_one(
    key: str,
    value: Any,
    rule: dict[str, Any],
    known: dict[str, Any],
    profiles: set[str],
    at: str,
) -> list[str]:
    if rule.get("@deprecated") or known.get("@deprecated"):
        return [f"{at} is deprecated"]
    kind = rule.get("type", known["type"])
    types = _files()["dictionary.json"]["types"]["attributes"]
    if kind not in types:
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        return [] if kind == "object" else _object(value, _resolved("objects/", kind), profiles, at)
    if kind == "json_t":
        return []
    told = _scalar(value, types[kind], kind, at)
    enum = {**known.get("enum", {}), **rule.get("enum", {})}
    # Enumerations of texts (`http_method`) and numbers alike; those of numbers end in `_id`.
    if enum and key not in _COMPUTED and str(value) not in enum:
        told.append(f"{at}: {value!r} is not in its enumeration")
    if enum.get(str(value), {}).get("@deprecated"):
        told.append(f"{at}: {value!r} is deprecated")
    return told


def _scalar(value: Any, type_: dict[str, Any], kind: str, at: str) -> list[str]:
    wanted = _BASES[type_.get("type", kind)]
    if type(value) is not wanted:
        return [f"{at} is no {kind}"]
    told = []
    if (low_high := type_.get("range")) and not low_high[0] <= value <= low_high[1]:
        told.append(f"{at} is out of range")
    if (pattern := type_.get("regex")) and not re.search(pattern, value):
        told.append(f"{at} does not look like a {kind}")
    if (most := type_.get("max_len")) and len(value) > most:
        told.append(f"{at} is too long")
    return told
