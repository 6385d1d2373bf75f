"""Contracts in the text of a policy file: put in, enforced, taken out; all else stays as its author
wrote it, comments and spaces included.

Each edit is read again: what differs in anything but the contract is refused, and nothing written.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from core.errors import InputError
from policy.contracts import Contract
from policy.loading import PolicyError, parse, positions

_STATE = re.compile(r"^(\s*(?:- )?state[ \t]*:[ \t]*)(shadow|enforced)\b")
_BY_HAND = "Write it into the file by hand: outgate policy learn SCRIPT --out FILE has its lines."


def named_in(text: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contract under its name in a policy file: the one that the contract of this script
    has there; else its own, with a mark where another contract or a rule is called so.
    """
    model = parse(text.encode(), "the policy file")
    own = next((one.id for one in model.contracts if one.script == entry["script"]), None)
    if own is not None:
        return {**entry, "id": own}
    taken = {one.id for one in model.contracts} | {one.id for one in model.rules}
    if entry["id"] not in taken:
        return dict(entry)
    mark = hashlib.sha256(entry["script"].encode("utf-8", "replace")).hexdigest()[:8]
    return {**entry, "id": f"{entry['id']}-{mark}"}


def with_contract(text: str, entry: Mapping[str, Any]) -> str:
    """Return a policy file with this contract, in place of one in shadow of the same id. Raises
    InputError.
    """
    before = parse(text.encode(), "the policy file").contracts
    kept = next((one for one in before if one.id == entry["id"]), None)
    if kept is not None:
        if kept.script != entry["script"]:
            raise InputError(
                "A contract of another script has the same name.",
                remedy="Rename it in the policy file: its id is free to choose.",
            )
        if kept.state == "enforced":
            raise InputError(
                "This script is locked already.", remedy="outgate policy learn SCRIPT --unlock"
            )
        text = without_contract(text, kept.id)
    lines = text.splitlines()
    place = next((n for n, line in enumerate(lines) if _is_key(line)), None)
    if place is None:
        head = [*lines, "", "contracts:"] if lines else ["contracts:"]
        new = [*head, *_entry(entry, "  ")]
    else:
        lines[place] = _emptied(lines[place])
        new = [*lines[: place + 1], *_entry(entry, _indent(lines, place)), *lines[place + 1 :]]
    return _checked(text, _joined(new, text), before=kept, after=entry["id"])


def without_contract(text: str, name: str) -> str:
    """Return a policy file without this contract. Raises InputError."""
    lines = text.splitlines()
    begin, end = _found(text, lines, name)
    left = [*lines[:begin], *lines[end:]]
    place = next((n for n, line in enumerate(left) if _is_key(line)), None)
    if place is not None and not _has_items(left, place):
        comment = left[place].partition("#")[2]
        left[place] = f"contracts: []{'  #' + comment if comment else ''}"
    return _checked(text, _joined(left, text), before=name, after=None)


def enforced(text: str, name: str) -> str:
    """Return a policy file with this contract in force. Raises InputError."""
    lines = text.splitlines()
    begin, end = _found(text, lines, name)
    for n in range(begin, end):
        if _STATE.match(lines[n]):
            lines[n] = _STATE.sub(r"\1enforced", lines[n])
            return _checked(text, _joined(lines, text), before=name, after=name)
    raise InputError("The contract has no line for its state.", remedy=_BY_HAND)


def entry_lines(entry: Mapping[str, Any]) -> str:
    """Return a contract as a file of its own writes it."""
    return _joined(["contracts:", *_entry(entry, "  ")])


def _entry(entry: Mapping[str, Any], indent: str) -> list[str]:
    """JSON is YAML: what stands in quotes cannot break out of its value."""
    lines = []
    for name, value in entry.items():
        if name == "places":
            lines.append("places:" if value else "places: []")
            lines += [f"  - {_flow(place)}" for place in value]
        else:
            lines.append(f"{name}: {_flow(value)}")
    return [f"{indent}{'- ' if n == 0 else '  '}{line}" for n, line in enumerate(lines)]


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if _is_plain(value) else json.dumps(value, ensure_ascii=True)


def _is_plain(value: object) -> bool:
    plain = isinstance(value, str) and re.fullmatch(r"[a-z][a-z_.-]{0,60}", value)
    return bool(plain) and value not in {
        "null",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
    }


def _found(text: str, lines: list[str], name: str) -> tuple[int, int]:
    """Return the first line of a contract and the first after it."""
    for begin, one in positions(text.encode(), "contracts"):
        if one == name:
            return begin, _end(lines, begin)
    raise InputError("The policy file holds no such contract.", remedy=_BY_HAND)


def _end(lines: list[str], begin: int) -> int:
    """Return where an item of a list ends: at what stands no deeper than its dash."""
    depth = len(lines[begin]) - len(lines[begin].lstrip())
    end = begin + 1
    for n in range(begin + 1, len(lines)):
        line = lines[n]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if len(line) - len(line.lstrip()) <= depth:
            break
        end = n + 1
    return end


def _indent(lines: list[str], place: int) -> str:
    for line in lines[place + 1 :]:
        if line.strip() and not line.lstrip().startswith("#"):
            dashed = line.lstrip().startswith("- ")
            return line[: len(line) - len(line.lstrip())] if dashed else "  "
    return "  "


def _has_items(lines: list[str], place: int) -> bool:
    following = (line for line in lines[place + 1 :] if line.strip())
    first = next((line for line in following if not line.lstrip().startswith("#")), "")
    return first.lstrip().startswith("- ")


def _emptied(line: str) -> str:
    _, mark, comment = line.partition("#")
    return f"contracts:{'  #' + comment if mark else ''}"


def _is_key(line: str) -> bool:
    """Return whether a line begins the list of contracts, empty or item by item below it."""
    head = "".join(line.partition("#")[0].split())
    return line.startswith("contracts") and head in {"contracts:", "contracts:[]"}


def _joined(lines: list[str], like: str = "") -> str:
    """Return lines as a text with the line ends of another."""
    end = "\r\n" if "\r\n" in like else "\n"
    return end.join(lines) + end


def _checked(old: str, new: str, *, before: object, after: str | None) -> str:
    """Return the new text where nothing but the contract differs."""
    was = parse(old.encode(), "the policy file")
    name = before.id if isinstance(before, Contract) else before
    try:
        now = parse(new.encode(), "the changed policy file")
    except PolicyError:
        raise InputError(
            "The policy file cannot be changed as it is written.", remedy=_BY_HAND
        ) from None
    others = [one for one in was.contracts if one.id not in {name, after}]
    same = [one for one in now.contracts if one.id not in {name, after}] == others
    rest = was.model_copy(update={"contracts": []}) == now.model_copy(update={"contracts": []})
    there = any(one.id == after for one in now.contracts) is (after is not None)
    if not (same and rest and there):
        raise InputError("The policy file cannot be changed as it is written.", remedy=_BY_HAND)
    return new
