"""The rules of a policy file in the order in which they are asked, for a person to look at."""

from dataclasses import dataclass
from pathlib import Path

from policy import DEFAULT_PRESET
from policy.loading import parse, preset_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRule:
    """One rule."""

    id: str
    description: str
    mode: str
    """That of the rule, else of the file: `watch` or `enforce`."""
    then: str
    """The verdict, or `headers`."""
    until: str
    """The last day on which it is in force; nothing where it has no end."""
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleList:
    """All of them."""

    source: str
    mode: str
    rules: tuple[ListedRule, ...]
    accounts: tuple[tuple[str, str], ...] = ()
    """Service and id of the organisation's own accounts."""


def listed_rules(path: Path) -> RuleList:
    """Return the rules of the file, or of the default preset where there is none.

    Raises PolicyError, SettingsError.
    """
    if path.is_file():
        model, source = parse(path.read_bytes(), str(path)), str(path)
    else:
        model = parse(preset_text(DEFAULT_PRESET).encode(), DEFAULT_PRESET)
        source = f"the preset {DEFAULT_PRESET}"
    return RuleList(
        source=source,
        mode=model.mode.value,
        rules=tuple(
            ListedRule(
                id=rule.id,
                description=rule.description,
                mode=(rule.mode or model.mode).value,
                then="headers" if rule.then.do is None else rule.then.do.value,
                until="" if rule.until is None else rule.until.isoformat(),
                enabled=rule.enabled,
            )
            for rule in model.rules
        ),
        accounts=tuple(
            (service, account)
            for service, ids in model.organisation.accounts.items()
            for account in ids
        ),
    )
