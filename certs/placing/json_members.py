"""Variables among the members of a JSON file of somebody else's (comments allowed, as editors write
them): put in and taken out as text, so that every other byte stays.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MARK = "OUTGATE_BLOCK"
"""A variable that lists the names that were put in."""
_MADE_OBJECT, _MADE_FILE = "(object)", "(file)"
_SPACE = " \t\r\n"
_DEPTH = 100


class NotJsonError(ValueError):
    """The file cannot be read as an object; it is left alone."""


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    start: int
    """Where its key begins."""
    value: int
    end: int
    """Where its value ends."""


def with_members(text: str | None, owner: str, variables: Mapping[str, str]) -> str:
    """Return the file with these variables in the object that the member `owner` holds.

    What the user set there stays and wins. `text`: None where there is no file yet. Raises
    NotJsonError.
    """
    bare = "{}\n" if text is None else without_members(text, owner)
    flags = [_MADE_FILE] if text is None or _was_made(text, owner) else []
    top = _object(bare, _first(bare))
    held = next((m for m in top if m.key == owner), None)
    if held is None:
        inner = _written({MARK: " ".join([*variables, _MADE_OBJECT, *flags]), **variables}, "    ")
        whole = f"{json.dumps(owner)}: {{{inner}\n  }}"
        return _put(bare, _first(bare) + 1, f"\n  {whole}", more=bool(top))
    if bare[held.value] != "{":
        raise NotJsonError(f"{owner} is no object")
    inside = _object(bare, held.value)
    taken = {m.key for m in inside}
    ours = {name: value for name, value in variables.items() if name not in taken}
    added = _written({MARK: " ".join([*ours, *flags]), **ours}, "    ")
    return _put(bare, held.value + 1, added, more=bool(inside))


def users_own(text: str, owner: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names among these that the user set in the file. Raises NotJsonError."""
    bare = without_members(text, owner)
    held = next((m for m in _object(bare, _first(bare)) if m.key == owner), None)
    if held is None or bare[held.value] != "{":
        return ()
    return tuple(m.key for m in _object(bare, held.value) if m.key in variables)


def without_members(text: str, owner: str) -> str:
    """Return the file without what we put in. Raises NotJsonError."""
    held = _holder(text, owner)
    if held is None:
        return text
    names = _listed(text, held)
    for name in (*names, MARK):
        found = next((m for m in _object(text, held.value) if m.key == name), None)
        if found is not None:
            text = _cut(text, held.value, found)
            held = next(m for m in _object(text, _first(text)) if m.key == owner)
    if _MADE_OBJECT in names and not _object(text, held.value):
        text = _cut(text, _first(text), held)
    return text


def is_placed(text: str, owner: str) -> bool:
    """True when the file holds variables of ours. Raises NotJsonError."""
    return _holder(text, owner) is not None


def is_left_over(text: str, owner: str) -> bool:
    """True when the file was made for us, and holds nothing else. Raises NotJsonError."""
    return _was_made(text, owner) and without_members(text, owner).strip() == "{}"


def _was_made(text: str, owner: str) -> bool:
    held = _holder(text, owner)
    return held is not None and _MADE_FILE in _listed(text, held)


def _holder(text: str, owner: str) -> _Member | None:
    """Return the member that holds our mark."""
    held = next((m for m in _object(text, _first(text)) if m.key == owner), None)
    if held is None or text[held.value] != "{":
        return None
    return held if any(m.key == MARK for m in _object(text, held.value)) else None


def _listed(text: str, held: _Member) -> list[str]:
    mark = next(m for m in _object(text, held.value) if m.key == MARK)
    try:
        value = json.loads(text[mark.value : mark.end])
    except ValueError:
        value = ""
    return value.split() if isinstance(value, str) else []


def _written(values: Mapping[str, str], indent: str) -> str:
    return ",".join(f"\n{indent}{json.dumps(k)}: {json.dumps(v)}" for k, v in values.items())


def _put(text: str, at: int, words: str, *, more: bool) -> str:
    return text[:at] + words + ("," if more else "") + text[at:]


def _cut(text: str, opening: int, member: _Member) -> str:
    """Cut a member out of the object that opens there, with one comma."""
    begin = opening + 1
    for other in _object(text, opening):
        if other.start >= member.start:
            break
        begin = text.index(",", _blank(text, other.end)) + 1
    after = _blank(text, member.end)
    if text[after : after + 1] == ",":
        return text[:begin] + text[after + 1 :]
    if begin > opening + 1:
        begin -= 1
    return text[:begin] + text[member.end :]


def _first(text: str) -> int:
    at = _blank(text, 1 if text.startswith("\ufeff") else 0)
    if text[at : at + 1] != "{":
        raise NotJsonError("it is no object")
    return at


def _object(text: str, opening: int) -> list[_Member]:
    return list(_members(text, opening))


def _members(text: str, opening: int) -> Iterator[_Member]:
    at = _blank(text, opening + 1)
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise NotJsonError("a name is missing")
        end = _string(text, at)
        colon = _blank(text, end)
        if text[colon : colon + 1] != ":":
            raise NotJsonError("a colon is missing")
        value = _blank(text, colon + 1)
        stop = _value(text, value)
        try:
            key = str(json.loads(text[at:end]))
        except ValueError:
            raise NotJsonError("a name cannot be read") from None
        yield _Member(key, at, value, stop)
        at = _blank(text, stop)
        if text[at : at + 1] == ",":
            at = _blank(text, at + 1)
        elif text[at : at + 1] != "}":
            raise NotJsonError("a comma is missing")


def _blank(text: str, at: int) -> int:
    """Return the place of the next character that is neither space nor comment."""
    while at < len(text):
        if text[at] in _SPACE:
            at += 1
        elif text.startswith("//", at):
            line = text.find("\n", at)
            at = len(text) if line < 0 else line
        elif text.startswith("/*", at):
            close = text.find("*/", at + 2)
            at = len(text) if close < 0 else close + 2
        else:
            break
    return at


def _string(text: str, at: int) -> int:
    at += 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    if at >= len(text):
        raise NotJsonError("a text has no end")
    return at + 1


def _value(text: str, at: int) -> int:
    """Return where the value that begins here ends."""
    depth = 0
    while at < len(text):
        sign = text[at]
        if sign == '"':
            at = _string(text, at)
        elif sign in "{[":
            depth, at = depth + 1, at + 1
        elif sign in "}]":
            depth, at = depth - 1, at + 1
        else:
            at = _plain(text, at)
        if depth <= 0:
            return at
        if depth > _DEPTH:
            break
        at = _separators(text, at)
    raise NotJsonError("a value has no end")


def _separators(text: str, at: int) -> int:
    while (found := _blank(text, at)) < len(text) and text[found] in ",:":
        at = found + 1
    return found


def _plain(text: str, at: int) -> int:
    """Return where a number or a word ends."""
    end = at
    while end < len(text) and text[end] not in ',:{}[]"/' + _SPACE:
        end += 1
    if end == at:
        raise NotJsonError("a value is missing")
    return end
