"""Changing a policy file without disturbing it: every other line, comment and blank stays as its author left it."""

import os
import re
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from core.errors import SettingsError
from core.text import printable
from policy import DEFAULT_PRESET
from policy.loading import parse, preset_text, version_of


def append_rule(
    path: Path,
    rule: Mapping[str, Any],
    *,
    position: Literal["first", "last"] = "first",
    expected_version: str | None = None,
) -> str:
    """Add a rule to the file and return its new version. Raises PolicyError when the result would not load.

    Without a file one is begun from the default preset.
    The first rule that holds decides, so an exception goes first. With `expected_version` the file must still be
    the one that the editor saw.
    """
    text = _read(path, expected_version) if path.exists() else preset_text(DEFAULT_PRESET)
    return _write(path, with_rule(text, rule, position=position), str(path))


def set_enabled(
    path: Path, rule_id: str, enabled: bool, *, expected_version: str | None = None
) -> str:
    """Switch a rule off or on again and return the file's new version."""
    text = _read(path, expected_version)
    return _write(path, with_enabled(text, rule_id, enabled), str(path))


def with_rule(
    text: str, rule: Mapping[str, Any], *, position: Literal["first", "last"] = "first"
) -> str:
    """Return the file's text with this rule added."""
    tree = _tree(text)
    rules = tree.get("rules")
    if not isinstance(rules, CommentedSeq) or not rules:
        return _with_first_rule(text, tree, rule)
    if rules.fa.flow_style():
        rules.insert(0 if position == "first" else len(rules), dict(rule))
        return _dumped(tree)
    lines = text.splitlines(keepends=True)
    if not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    indent = _dash_indent(lines[rules.lc.item(0)[0]])
    block = _block(rule, indent)
    if position == "first":
        at = _above_comments(lines, rules.lc.item(0)[0], indent)
        block = [*block, "\n"]
    else:
        at = _end_of(lines, rules.lc.item(len(rules) - 1)[0], indent)
        block = ["\n", *block]
    return "".join([*lines[:at], *block, *lines[at:]])


def with_enabled(text: str, rule_id: str, enabled: bool) -> str:
    """Return the file's text with this rule switched on or off."""
    tree = _tree(text)
    rule = next(
        (
            r
            for r in tree.get("rules") or ()
            if isinstance(r, CommentedMap) and r.get("id") == rule_id
        ),
        None,
    )
    if rule is None:
        raise SettingsError(
            f"There is no rule “{printable(rule_id, 80)}” in the policy file.",
            remedy="Look at its list of rules.",
        )
    if rule.fa.flow_style():
        rule["enabled"] = enabled
        return _dumped(tree)
    lines = text.splitlines(keepends=True)
    word = "true" if enabled else "false"
    if "enabled" in rule:
        line, column = rule.lc.value("enabled")
        lines[line] = lines[line][:column] + re.sub(r"^[^\s#]+", word, lines[line][column:])
        return "".join(lines)
    if enabled:
        return text
    line, column = rule.lc.key("id")
    if not lines[line].endswith("\n"):
        lines[line] += "\n"
    lines.insert(line + 1, " " * column + f"enabled: {word}\n")
    return "".join(lines)


def _read(path: Path, expected_version: str | None) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The policy file {path} cannot be read: {error.strerror}.") from error
    if expected_version is not None and version_of(content) != expected_version:
        raise SettingsError(
            "Somebody else changed the policy file in the meantime.",
            remedy="Look at it again, then repeat.",
        )
    parse(content, str(path))
    return content.decode("utf-8-sig")


def _write(path: Path, text: str, source: str) -> str:
    """Check the result before it replaces the file in one step; keep the file's mode."""
    content = text.encode()
    parse(content, source)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    staged = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            staged.chmod(path.stat().st_mode & 0o777)
        staged.replace(path)
    except OSError as error:
        staged.unlink(missing_ok=True)
        raise SettingsError(
            f"The policy file {path} cannot be written: {error.strerror}."
        ) from error
    return version_of(content)


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _tree(text: str) -> CommentedMap:
    tree = _yaml().load(StringIO(text))
    return CommentedMap() if tree is None else tree


def _dumped(value: Any) -> str:
    out = StringIO()
    _yaml().dump(value, out)
    return out.getvalue()


def _with_first_rule(text: str, tree: CommentedMap, rule: Mapping[str, Any]) -> str:
    if "rules" in tree:
        tree["rules"] = [dict(rule)]
        return _dumped(tree)
    begin = text if not text or text.endswith("\n") else text + "\n"
    return begin + "\nrules:\n" + "".join(_block(rule, 2))


def _block(rule: Mapping[str, Any], indent: int) -> list[str]:
    """Return the rule as a list item, its dash at this column."""
    body = _dumped(dict(rule)).splitlines(keepends=True)
    return [" " * indent + ("- " if n == 0 else "  ") + line for n, line in enumerate(body)]


def _dash_indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _above_comments(lines: list[str], item: int, indent: int) -> int:
    """A comment right above a rule belongs to it."""
    while (
        item > 0
        and lines[item - 1].lstrip().startswith("#")
        and _dash_indent(lines[item - 1]) >= indent
    ):
        item -= 1
    return item


def _end_of(lines: list[str], item: int, indent: int) -> int:
    """Return the line after the last one of this item."""
    end = item + 1
    for number in range(item + 1, len(lines)):
        line = lines[number]
        if line.strip() and not line.lstrip().startswith("#"):
            if _dash_indent(line) <= indent:
                break
            end = number + 1
    return end
