"""What is wrong in a policy file: where, and in words that name what was probably meant."""

import difflib
import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from core.text import printable
from policy.fields import PLACED, UNKNOWN_KIND
from policy.yaml_places import place_of

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
    "greater_than_equal": "should be at least {ge}",
    "less_than_equal": "should be at most {le}",
    "string_pattern_mismatch": "{words}",
    "date_from_datetime_parsing": "should be a date such as 2027-01-31",
    "date_parsing": "should be a date such as 2027-01-31",
    "date_type": "should be a date such as 2027-01-31",
}

_KEY = "[key]"
"""How pydantic writes in a place that the fault is in a name, not in its value."""

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


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like this one."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return found[0] if found else None


def problems_of(details: ErrorDetails, tree: Any, model: type[BaseModel]) -> Iterator[Problem]:
    """Yield the faults that validation by `model` found, each with its place in the file."""
    if details["type"] != PLACED:
        yield _problem(details, tree, model)
        return
    for fault in details["ctx"]["faults"]:
        (line, column), _ = place_of((*details["loc"], *fault.way), tree, at_key=fault.at_key)
        yield Problem(line=line, column=column, message=fault.words)


def _problem(details: ErrorDetails, tree: Any, model: type[BaseModel]) -> Problem:
    kind, path = details["type"], details["loc"]
    (line, column), node = place_of(path, tree, at_key=kind == "extra_forbidden")
    context = details.get("ctx", {})
    written = printable(str(_written(node, path)), 60)
    if kind == "extra_forbidden":
        message = _unknown_name(path, model)
    elif kind in {"enum", "literal_error"}:
        message = _unknown_word(written, str(context.get("expected", "")))
    elif kind == "invalid_key" or path[-1:] == (_KEY,):
        name = printable(str([step for step in path if step != _KEY][-1]), 60)
        message = f"the name “{name}” should be text; put it in quotes"
    elif kind == UNKNOWN_KIND:
        message = f"“{written}” {context['words']}"
    elif kind in {"value_error", "assertion_error"}:
        message = str(context.get("error", details["msg"]))
    else:
        message = _wrong_form(kind, path, details["msg"], context)
    return Problem(line=line, column=column, message=message)


def _unknown_name(path: tuple[int | str, ...], model: type[BaseModel]) -> str:
    name = str(path[-1]) if path else "the file"
    return _not_known(printable(name, 60), list(_fields_at(path[:-1], model)))


def _unknown_word(written: str, expected: str) -> str:
    known = re.findall(r"'([^']*)'", expected)
    return _not_known(written, known, f"it is {expected}")


def _not_known(written: str, known: Sequence[str], otherwise: str = "") -> str:
    """Return what to say of a word, with the known one that is meant, or else those there are."""
    hint = nearest(written, known)
    more = ", …" if len(known) > _LISTED else ""
    listed = f"it is one of {', '.join(known[:_LISTED])}{more}" if known else otherwise
    choice = f"did you mean “{hint}”?" if hint else listed
    return f"“{written}” is not known here{f'; {choice}' if choice else ''}"


_LISTED = 12


def _wrong_form(
    kind: str, path: tuple[int | str, ...], message: str, context: Mapping[str, Any]
) -> str:
    names = [str(step) for step in path if not isinstance(step, int)]
    patterns = (_PATTERNS[name] for name in reversed(names) if name in _PATTERNS)
    words = {"words": next(patterns, "is not written as it should be"), **context}
    said = _PLAIN.get(kind, message.lower()).format(**words)
    return f"{printable(names[-1] if names else 'the file', 60)} {said}"


def _written(node: Any, path: tuple[int | str, ...]) -> Any:
    if isinstance(node, list) and path and isinstance(path[-1], int) and path[-1] < len(node):
        return node[path[-1]]
    return "…" if isinstance(node, dict | list) else node


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
