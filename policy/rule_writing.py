"""Puts a rule into a policy file, or switches one on or off, as a careful person with an editor
would: every other line, and every comment, stays as it is. Pure but for the two functions that
write the file.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from core.errors import InputError
from policy import DEFAULT_PRESET
from policy.loading import load_bytes, preset_text

BY_HAND = "Change the file by hand, and run outgate policy check."


def rule_lines(rule: Mapping[str, Any]) -> list[str]:
    """Return a rule as the lines of an item, without indentation: its parts in this order."""
    lines = [f"{key}: {_value(value)}" for key, value in rule.items()]
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _value(value: Any) -> str:
    """Return a value in YAML's flow form: texts in quotes, unless they are plain words."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    plain = text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    words = plain and text[:1].isalpha() and text.lower() not in _NOT_TEXT
    return text if words else json.dumps(text, ensure_ascii=False)


_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def with_rule(text: str, lines: list[str]) -> str:
    """Return the file with a rule before all others. Raises InputError where that cannot be done
    without touching what stands there.
    """
    tree = policy_tree(text)
    rules, whole = tree.get("rules"), text.splitlines()
    if rules is None and "rules" not in tree:
        before = [*whole, ""] if whole else []
        return _joined([*before, "rules:", *_indented(lines, 2)])
    at = tree.lc.key("rules")[0]
    if not rules:
        if whole[at].split("#")[0].strip() not in {"rules:", "rules: []", "rules: null"}:
            raise InputError("The rules of the policy stand in an unusual form.", remedy=BY_HAND)
        return _joined([*whole[:at], "rules:", *_indented(lines, 2), *whole[at + 1 :]])
    if not isinstance(rules, CommentedSeq) or rules.fa.flow_style():
        raise InputError("The rules of the policy stand in one line.", remedy=BY_HAND)
    indent = len(whole[rules.lc.line]) - len(whole[rules.lc.line].lstrip())
    return _joined([*whole[: at + 1], *_indented(lines, indent), "", *whole[at + 1 :]])


def switched(text: str, name: str) -> tuple[str, bool]:
    """Return the file with a rule switched on or off, and whether it is on. Raises InputError."""
    tree, whole = policy_tree(text), text.splitlines()
    found = [rule for rule in tree.get("rules") or () if rule.get("id") == name]
    if len(found) != 1 or not isinstance(found[0], CommentedMap) or found[0].fa.flow_style():
        raise InputError("This rule stands in one line, or is not in the file.", remedy=BY_HAND)
    (rule,) = found
    on = bool(rule.get("enabled", True))
    if "enabled" in rule:
        line = rule.lc.value("enabled")[0]
        head, colon, rest = whole[line].partition(":")
        comment = "  #" + rest.split("#", 1)[1] if "#" in rest else ""
        whole[line] = f"{head}{colon} {'false' if on else 'true'}{comment}"
    else:
        line, column = rule.lc.key("id")
        whole.insert(line + 1, f"{' ' * column}enabled: false")
    return _joined(whole), not on


def policy_tree(text: str) -> CommentedMap:
    """Return a policy file with the places of all that stands in it. Raises InputError."""
    tree = YAML(typ="rt", pure=True).load(StringIO(text))
    if tree is None:
        return CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise InputError("The policy file holds no policy.", remedy=BY_HAND)
    return tree


def _indented(lines: list[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def add_rule(path: Path, rule: Mapping[str, Any]) -> None:
    """Put a rule into the file; where there is none, into a copy of the default preset.

    Raises InputError, PolicyError, OSError, and then has changed nothing.
    """
    change_policy(path, lambda text: with_rule(text, rule_lines(rule)))


def switch_rule(path: Path, name: str) -> bool:
    """Switch a rule on or off; return whether it is on now. Raises as `add_rule`."""
    state: list[bool] = []

    def change(text: str) -> str:
        changed, on = switched(text, name)
        state.append(on)
        return changed

    change_policy(path, change)
    return state[0]


def change_policy(path: Path, change: Callable[[str], str]) -> None:
    """Change the file, or a copy of the default preset where there is none; both must be valid.

    Raises InputError, PolicyError, OSError, and then has changed nothing.
    """
    known = path.read_bytes() if path.is_file() else None
    text = preset_text(DEFAULT_PRESET) if known is None else known.decode("utf-8-sig")
    load_bytes(text.encode(), str(path))
    new = change(text).encode()
    load_bytes(new, str(path))
    if (path.read_bytes() if path.is_file() else None) != known:
        raise InputError("The policy was changed meanwhile.", remedy="Try again.")
    _replace(path, new)


def _replace(path: Path, content: bytes) -> None:
    """Put the new content in the file's place at once, with its rights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    real = path.resolve()
    mode = real.stat().st_mode & 0o7777 if real.exists() else 0o600
    handle, draft = tempfile.mkstemp(dir=real.parent, prefix=".policy-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(mode)
        Path(draft).replace(real)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
