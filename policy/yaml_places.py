"""Where something stands in a YAML text: what a way of names and numbers leads to, and what the
reader itself gives no place for. Lines and columns count from 1.
"""

import codecs
import re
from collections.abc import Iterator
from datetime import date
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from core.yaml_faults import NO_VALUE

type Way = tuple[int | str, ...]
type Place = tuple[int, int]

BEGIN: Place = (1, 1)
TOO_DEEP = "nested too deeply"
_DEEPEST = 100
"""Rules are nested ten deep. What YAML's reader takes for a file grows by the square of it."""
_INDENTED = re.compile(rf"^[ ?-]{{{2 * _DEEPEST}}}", re.MULTILINE)
_BRACKETS = re.compile(r"[\[\]{}]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def place_of(way: Way, tree: Any, *, at_key: bool = False) -> tuple[Place, Any]:
    """Return place and value of the deepest part of the way that is there.

    `tree`: what ruamel.yaml's round-trip reader returns. `at_key`: the name is meant and not its
    value.
    """
    node, line, column = tree, 0, 0
    if isinstance(tree, CommentedMap | CommentedSeq) and tree:
        line, column = tree.lc.line, tree.lc.col
    for depth, step in enumerate(way):
        if isinstance(node, CommentedMap) and step in node:
            last = depth == len(way) - 1
            line, column = node.lc.key(step) if at_key and last else node.lc.value(step)
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line, column = node.lc.item(step)
            node = node[step]
        else:
            break
    return (line + 1, column + 1), node


def place_in(text: str, way: Way, *, at_key: bool = False) -> Place:
    """Return where the way leads in a text that another reader of YAML took."""
    try:
        tree = YAML(typ="rt", pure=True).load(StringIO(text))
    except (YAMLError, *NO_VALUE):
        return BEGIN
    return place_of(way, tree, at_key=at_key)[0]


def way_to(tree: Any, section: str, name: str) -> Way | None:
    """Return the way to the first `name` that stands in a section of this name; None where there
    is none.
    """
    for step, inner in _parts(tree):
        if step == section and isinstance(inner, dict) and name in inner:
            return step, name
        if (found := way_to(inner, section, name)) is not None:
            return step, *found
    return None


def _parts(tree: Any) -> Iterator[tuple[int | str, Any]]:
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list):
        yield from enumerate(tree)


def not_utf8(content: bytes) -> Place | None:
    """Return where the first byte stands that is no UTF-8, after a mark of byte order or none."""
    written = content.removeprefix(codecs.BOM_UTF8)
    try:
        written.decode()
    except UnicodeDecodeError as error:
        lines = written[: error.start].split(b"\n")
        return len(lines), len(lines[-1].decode()) + 1
    return None


def too_deep(text: str) -> Place | None:
    """Return where more brackets are open, or something stands further in, than a policy's do. In
    quotes and remarks they count as well: so many open ones stand in none.
    """
    opened = 0
    for found in _BRACKETS.finditer(text):
        opened = opened + 1 if found.group() in "[{" else max(0, opened - 1)
        if opened > _DEEPEST:
            return _of_offset(text, found.start())
    indented = _INDENTED.search(text)
    return None if indented is None else _of_offset(text, indented.end() - 1)


def _of_offset(text: str, offset: int) -> Place:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def first_alias(text: str) -> Place | None:
    """Return where something is first named again (`*x`) that got a name before (`&x`)."""
    if "&" not in text or "*" not in text:
        return None
    named: set[str] = set()
    try:
        for event in YAML(typ="rt", pure=True).parse(StringIO(text)):
            anchor = getattr(event, "anchor", None)
            if isinstance(event, AliasEvent) and anchor in named:
                return event.start_mark.line + 1, event.start_mark.column + 1
            named.add(str(anchor))
    except YAMLError:
        return None
    return None


def refused_at(error: YAMLError, text: str) -> Place:
    """Return where the reader's own fault lies. Where an end was missed, that is what was begun,
    or else the last that is written.
    """
    if isinstance(error, ReaderError) and isinstance(error.position, int):
        return _of_offset(text, error.position)
    problem = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    end = len(text.rstrip())
    if problem is None or problem.index >= end:
        if context is None or context.index >= end:
            return _of_offset(text, max(0, end - 1))
        problem = context
    return problem.line + 1, problem.column + 1


def no_such_value(text: str) -> tuple[Place, str]:
    """Return where the first value stands that the reader cannot make, and what to say of it: it
    raises what Python says of them, without a place.
    """
    if (deep := too_deep(text)) is not None:
        return deep, TOO_DEEP
    try:
        scalars = list(_scalars(YAML(typ="rt", pure=True).compose(StringIO(text))))
    except RecursionError:
        return BEGIN, TOO_DEEP
    for scalar in scalars:
        written = text[scalar.start_mark.index : scalar.end_mark.index]
        try:
            YAML(typ="rt", pure=True).load(StringIO(written))
        except (YAMLError, *NO_VALUE):
            place = scalar.start_mark.line + 1, scalar.start_mark.column + 1
            return place, _of_value(written)
    return BEGIN, _NO_VALUE


_NO_VALUE = "a name or value here is none that YAML knows"


def _of_value(written: str) -> str:
    found = _DATE.match(written)
    try:
        _ = found and date.fromisoformat(found.group())
    except ValueError:
        return f"{found.group() if found else ''} is no date of the calendar"
    return _NO_VALUE


def _scalars(node: Any) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for one in node.value:
            yield from _scalars(one)
    elif isinstance(node, MappingNode):
        for name, value in node.value:
            yield from _scalars(name)
            yield from _scalars(value)
