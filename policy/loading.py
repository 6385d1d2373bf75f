"""Reading a policy file: YAML to validated values, or every fault with its place."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarint import ScalarInt

from core.errors import SettingsError
from core.text import printable
from core.vocabulary.packages import PackageState
from core.yaml_faults import NO_VALUE
from policy.compiling import compile_policy
from policy.conditions import whens
from policy.countries import CountryTable, TableError
from policy.decide import RulePolicy
from policy.faults import Problem, nearest, problems_of
from policy.plain_yaml import not_used_here
from policy.rules import PolicyModel
from policy.yaml_places import (
    BEGIN,
    TOO_DEEP,
    Place,
    first_alias,
    no_such_value,
    not_utf8,
    place_of,
    refused_at,
    too_deep,
    way_to,
)

_LARGEST = 1_000_000
_LAST_TABLE: dict[bytes, CountryTable] = {}


class PolicyError(SettingsError):
    """A policy file is wrong. `str()` is one line on the first fault; `problems` has them all."""

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"{source}:{first.line}:{first.column}: {first.message}{more}",
            remedy="Mend the file and try again; outgate policy schema describes its format.",
        )
        self.source = source
        self.problems = problems

    def lines(self) -> tuple[str, ...]:
        """Return each fault as `file:line:column: words`."""
        return tuple(f"{self.source}:{p.line}:{p.column}: {p.message}" for p in self.problems)


def load_file(path: Path, *, kinds: frozenset[str] = frozenset()) -> RulePolicy:
    """Return the policy in this file. Raises PolicyError or SettingsError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"The policy file {path} cannot be read: {error.strerror}.",
            remedy="Check its path and its permissions.",
        ) from error
    return load_bytes(content, str(path), kinds=kinds)


def load_bytes(content: bytes, source: str, *, kinds: frozenset[str] = frozenset()) -> RulePolicy:
    """Return the policy in these bytes."""
    model, folder = parse(content, source, kinds=kinds), Path(source).absolute().parent
    policy = compile_policy(model, version_of(content), folder)
    if _asks_for_list(model) and not model.organisation.packages:
        words = "a rule asks for packages that are not_allowed, but organisation lists no packages"
        raise _asked_in_vain(content, source, ("script", "packages"), words)
    if model.organisation.countries is not None:
        path = folder / model.organisation.countries
        table = _countries(path, content, source)
        return replace(policy, countries=table, countries_file=str(path))
    if policy.asks_country:
        words = "a rule asks for the country, but organisation names no table of countries"
        raise _asked_in_vain(content, source, ("destination", "country"), words)
    return policy


def _asks_for_list(model: PolicyModel) -> bool:
    asked = (when.script for rule in model.rules for when in whens(rule.when))
    return any(s is not None and PackageState.NOT_ALLOWED in (s.packages or ()) for s in asked)


def _asked_in_vain(content: bytes, source: str, asked: tuple[str, str], words: str) -> PolicyError:
    """Return the fault of the first rule that asks for something that the file does not supply."""
    tree = _tree(content, source)
    way = way_to(tree, *asked) or ()
    return PolicyError(source, (_problem(place_of(way, tree, at_key=True)[0], words),))


def _countries(path: Path, content: bytes, source: str) -> CountryTable:
    try:
        return _table(path.read_bytes())
    except OSError as error:
        words = f"the table of countries {path} cannot be read: {error.strerror}"
        place, _ = place_of(("organisation", "countries"), _tree(content, source))
        raise PolicyError(source, (_problem(place, words),)) from error
    except TableError as error:
        raise PolicyError(str(path), (_problem((error.line, 1), error.message),)) from None


def _problem(place: Place, words: str) -> Problem:
    return Problem(line=place[0], column=place[1], message=words)


def _table(content: bytes) -> CountryTable:
    """A large table takes seconds to read: it is kept while only the rules change."""
    digest = hashlib.sha256(content).digest()
    table = _LAST_TABLE.get(digest)
    if table is None:
        table = CountryTable(content)
        _LAST_TABLE.clear()
        _LAST_TABLE[digest] = table
    return table


def load_preset(name: str, *, kinds: frozenset[str] = frozenset()) -> RulePolicy:
    """Return a policy that ships with Outgate."""
    return load_bytes(preset_text(name).encode(), f"preset {name}", kinds=kinds)


def preset_names() -> tuple[str, ...]:
    """Return the names of the policies that ship with Outgate."""
    folder = resources.files("policy") / "presets"
    return tuple(
        sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))
    )


def preset_text(name: str) -> str:
    """Return a preset as its file reads, to be copied and changed."""
    known = preset_names()
    if name not in known:
        hint = nearest(name, known)
        meant = f" Did you mean {hint}?" if hint else ""
        raise SettingsError(
            f"There is no preset “{printable(name, 60)}”.{meant}",
            remedy="Presets: " + ", ".join(known) + ".",
        )
    return (resources.files("policy") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")


def version_of(content: bytes) -> str:
    """Return the first 16 hex digits of the file's SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def parse(content: bytes, source: str, *, kinds: frozenset[str] = frozenset()) -> PolicyModel:
    """Return the validated file. `kinds` are finding kinds besides those that are always known."""
    return parse_as(PolicyModel, content, source, kinds=kinds)


def parse_as[M: BaseModel](
    model: type[M], content: bytes, source: str, *, kinds: frozenset[str] = frozenset()
) -> M:
    """Return a YAML file as this model. Raises PolicyError with the place of every fault."""
    tree = _tree(content, source)
    data = _plain(tree)
    try:
        return model.model_validate(data, context={"kinds": kinds | _own_kinds(data)})
    except ValidationError as error:
        faults = error.errors(include_url=False)
        found = (problem for details in faults for problem in problems_of(details, tree, model))
        problems = sorted(dict.fromkeys(found), key=lambda p: (p.line, p.column))
        raise PolicyError(source, tuple(problems)) from None


def positions(content: bytes, key: str) -> Iterator[tuple[int, str]]:
    """Yield where each entry of a list in the file begins (its line, counted from 0), with its id.
    Raises PolicyError.
    """
    tree = _tree(content, "the policy file")
    entries: Any = tree.get(key) if isinstance(tree, CommentedMap) else None
    for number, entry in enumerate(entries or ()):
        yield entries.lc.item(number)[0], str(entry.get("id"))


def _own_kinds(data: Any) -> frozenset[str]:
    """Return the kinds that the file itself declares under `organisation`."""
    section = data.get("organisation") if isinstance(data, dict) else None
    declared = section.get("kinds") if isinstance(section, dict) else None
    return frozenset(
        k for k in (declared if isinstance(declared, list) else [declared]) if isinstance(k, str)
    )


def _tree(content: bytes, source: str) -> Any:
    if len(content) > _LARGEST:
        raise PolicyError(source, (_problem(BEGIN, "the file is larger than 1 MB"),))
    if (odd := not_utf8(content)) is not None:
        raise PolicyError(source, (_problem(odd, "this is not UTF-8 text"),))
    text = content.decode("utf-8-sig")
    if (deep := too_deep(text)) is not None:
        raise PolicyError(source, (_problem(deep, TOO_DEEP),))
    if (alias := first_alias(text)) is not None:
        words = "anchors (&x, *x) are not used here; quote *"
        raise PolicyError(source, (_problem(alias, words),))
    try:
        tree = YAML(typ="rt", pure=True).load(StringIO(text))
    except MarkedYAMLError as error:
        raise PolicyError(source, (_syntax(error, text),)) from None
    except YAMLError as error:
        place = refused_at(error, text)
        raise PolicyError(source, (_problem(place, "this is not YAML"),)) from None
    except RecursionError:
        raise PolicyError(source, (_problem(BEGIN, TOO_DEEP),)) from None
    except NO_VALUE:
        raise PolicyError(source, (_problem(*no_such_value(text)),)) from None
    if (unused := not_used_here(tree)) is not None:
        raise PolicyError(source, (unused,))
    return CommentedMap() if tree is None else tree


def _syntax(error: MarkedYAMLError, text: str) -> Problem:
    words = printable(str(error.problem or "this is not YAML"), 200)
    if "undefined alias" in words:
        words = "text that begins with * must stand in quotes"
    return _problem(refused_at(error, text), f"not readable: {words}")


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, ScalarInt) and (width := getattr(node, "_width", None)):
        # An account number that begins with zeros.
        return str(int(node)).zfill(width)
    return node
