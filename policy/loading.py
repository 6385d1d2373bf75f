"""Reading a policy file: YAML to validated values, with the line, the column and the nearest word of every fault."""

import difflib
import hashlib
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarint import ScalarInt

from core.errors import SettingsError
from core.text import printable
from policy.compiling import asks_country, compile_policy
from policy.countries import CountryTable, TableError
from policy.decide import RulePolicy
from policy.fields import UNKNOWN_KIND
from policy.rules import PolicyModel

_LARGEST = 1_000_000
_LAST_TABLE: dict[bytes, CountryTable] = {}
_PLAIN = {
    "missing": "is missing",
    "string_type": "should be text; put it in quotes",
    "list_type": "should be a list",
    "dict_type": "should be a section with names and values",
    "model_type": "should be a section with names and values",
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "too_short": "should not be empty",
    "string_too_short": "should not be empty",
    "greater_than": "should be more than {gt}",
    "less_than_equal": "should be at most {le}",
    "string_pattern_mismatch": "{words}",
    "date_from_datetime_parsing": "should be a date such as 2027-01-31",
    "date_parsing": "should be a date such as 2027-01-31",
    "date_type": "should be a date such as 2027-01-31",
}

_PATTERNS = {
    "id": "holds lower-case letters, digits, dots, dashes and underscores only",
    "sha256": "holds SHA-256 digests: 64 hex digits in lower case",
    "key_fingerprints": "holds fingerprints as records show them: 16 hex digits in lower case",
    "headers": "holds plain ASCII values only",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a policy file; line and column count from 1."""

    line: int
    column: int
    message: str


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
    return compile_policy(model, version_of(content), folder, _countries(model, folder, source))


def _countries(model: PolicyModel, folder: Path, source: str) -> CountryTable | None:
    named = model.organisation.countries
    if named is None:
        if asks_country(model):
            words = "a rule asks for the country, but organisation names no table of countries"
            raise PolicyError(source, (Problem(line=1, column=1, message=words),))
        return None
    path = folder / named
    try:
        return _table(path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"The table of countries {path} cannot be read: {error.strerror}."
        ) from error
    except TableError as error:
        raise PolicyError(
            str(path), (Problem(line=error.line, column=1, message=error.message),)
        ) from None


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
        raise SettingsError(
            f"There is no preset “{printable(name, 60)}”.{f' Did you mean {hint}?' if hint else ''}",
            remedy="Presets: " + ", ".join(known) + ".",
        )
    return (resources.files("policy") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")


def version_of(content: bytes) -> str:
    """Return the first 16 hex digits of the file's SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def parse(content: bytes, source: str, *, kinds: frozenset[str] = frozenset()) -> PolicyModel:
    """Return the validated file. `kinds` are finding kinds besides those that Outgate always knows."""
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
        found = (_problem(details, tree, model) for details in error.errors(include_url=False))
        problems = sorted(dict.fromkeys(found), key=lambda p: (p.line, p.column))
        raise PolicyError(source, tuple(problems)) from None


def _own_kinds(data: Any) -> frozenset[str]:
    """Return the kinds that the file itself declares under `organisation`."""
    section = data.get("organisation") if isinstance(data, dict) else None
    declared = section.get("kinds") if isinstance(section, dict) else None
    return frozenset(
        k for k in (declared if isinstance(declared, list) else [declared]) if isinstance(k, str)
    )


def nearest(word: str, known: Iterator[str] | tuple[str, ...] | list[str]) -> str | None:
    """Return the known word that is most like this one."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return found[0] if found else None


def _tree(content: bytes, source: str) -> Any:
    if len(content) > _LARGEST:
        raise PolicyError(
            source, (Problem(line=1, column=1, message="the file is larger than 1 MB"),)
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyError(
            source, (Problem(line=line, column=1, message="this is not UTF-8 text"),)
        ) from None
    if re.search(r"^\s*<<\s*:|[:\-]\s+[&*]\w", text, re.MULTILINE) and _has_alias(text):
        raise PolicyError(
            source,
            (Problem(line=1, column=1, message="anchors (&x, *x) are not used here; quote *"),),
        )
    try:
        tree = YAML(typ="rt", pure=True).load(StringIO(text))
    except MarkedYAMLError as error:
        raise PolicyError(source, (_syntax(error),)) from None
    except YAMLError:
        raise PolicyError(
            source, (Problem(line=1, column=1, message="this is not YAML"),)
        ) from None
    except RecursionError:
        raise PolicyError(
            source, (Problem(line=1, column=1, message="nested too deeply"),)
        ) from None
    return CommentedMap() if tree is None else tree


def _has_alias(text: str) -> bool:
    from ruamel.yaml.events import AliasEvent

    try:
        return any(
            isinstance(event, AliasEvent)
            for event in YAML(typ="rt", pure=True).parse(StringIO(text))
        )
    except YAMLError:
        return False


def _syntax(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    words = printable(str(error.problem or "this is not YAML"), 200)
    if "undefined alias" in words:
        words = "text that begins with * must stand in quotes"
    return Problem(
        line=mark.line + 1 if mark else 1,
        column=mark.column + 1 if mark else 1,
        message=f"not readable: {words}",
    )


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, ScalarInt) and (width := getattr(node, "_width", None)):
        # An account number that begins with zeros.
        return str(int(node)).zfill(width)
    return node


def _problem(details: ErrorDetails, tree: Any, model: type[BaseModel]) -> Problem:
    kind, path = details["type"], details["loc"]
    line, column, node = _place(path, tree, at_key=kind == "extra_forbidden")
    name = str(path[-1]) if path else "the file"
    context = details.get("ctx", {})
    if kind == "extra_forbidden":
        hint = nearest(name, list(_fields_at(path[:-1], model)))
        message = f"“{printable(name, 60)}” is not known here" + (
            f"; did you mean “{hint}”?" if hint else ""
        )
    elif kind in {"enum", "literal_error"}:
        known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        written = printable(str(_written(node, path)), 60)
        hint = nearest(written, known)
        choice = f"; did you mean “{hint}”?" if hint else f"; it is one of {', '.join(known[:12])}"
        message = f"“{written}” is not known here{choice}"
    elif kind == UNKNOWN_KIND:
        message = f"“{printable(str(_written(node, path)), 60)}” {context['words']}"
    elif kind in {"value_error", "assertion_error"}:
        message = str(context.get("error", details["msg"]))
    else:
        names = [str(p) for p in path if not isinstance(p, int)]
        told = next(
            (_PATTERNS[n] for n in reversed(names) if n in _PATTERNS),
            "is not written as it should be",
        )
        words = _PLAIN.get(kind, details["msg"].lower()).format(**{"words": told, **context})
        message = f"{printable(names[-1] if names else 'the file', 60)} {words}"
    return Problem(line=line, column=column, message=message)


def _written(node: Any, path: tuple[int | str, ...]) -> Any:
    if isinstance(node, list) and path and isinstance(path[-1], int) and path[-1] < len(node):
        return node[path[-1]]
    return "…" if isinstance(node, dict | list) else node


def _place(path: tuple[int | str, ...], tree: Any, *, at_key: bool) -> tuple[int, int, Any]:
    """Return line, column and value of the deepest part of the path that is in the file."""
    node, line, column = tree, 0, 0
    for depth, step in enumerate(path):
        if isinstance(node, CommentedMap) and step in node:
            last = depth == len(path) - 1
            line, column = node.lc.key(step) if at_key and last else node.lc.value(step)
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line, column = node.lc.item(step)
            node = node[step]
        else:
            break
    return line + 1, column + 1, node


def _fields_at(path: tuple[int | str, ...], root: type[BaseModel]) -> Iterator[str]:
    """Yield the names that the section at this path may hold."""
    model: type[BaseModel] | None = root
    for step in path:
        if isinstance(step, int) or model is None:
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        model = _model_in(fields[step].annotation) if step in fields else None
    if model is not None:
        for name, field in model.model_fields.items():
            yield field.alias or name


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, TypeAliasType):
        return _model_in(annotation.__value__)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {list, Annotated, Union, types.UnionType}:
        for part in get_args(annotation):
            if (found := _model_in(part)) is not None:
                return found
    return None
