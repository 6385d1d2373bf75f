"""Policy: what an organisation allows to leave, as rules that a person can read."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy.decide import RulePolicy

DEFAULT_PRESET = "watch-everything"


def load(path: Path | None = None, *, kinds: frozenset[str] = frozenset()) -> "RulePolicy":
    """Return the policy in this file; without a path the default preset. Raises SettingsError.

    `kinds` are finding kinds that the caller's detectors emit besides those that are always known.
    """
    from policy.loading import load_file, load_preset

    if path is None:
        return load_preset(DEFAULT_PRESET, kinds=kinds)
    return load_file(path, kinds=kinds)


def preset(name: str) -> "RulePolicy":
    """Return a policy that ships with Outgate. Raises SettingsError for another name."""
    from policy.loading import load_preset

    return load_preset(name)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the policy file."""
    from policy.describing import json_schema

    return json_schema()
