"""What an organisation says of itself once: its domains, tenants, accounts, keys and words."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """What belongs to the organisation. Everything else is another tenant, personal, anonymous or unknown."""

    name: str = ""
    domains: frozenset[str] = frozenset()
    """E-mail and Workspace domains, lower case."""
    accounts: dict[str, frozenset[str]] = field(default_factory=dict)
    """Service id → ids of the organisation's own accounts: tenants, teams, buckets, LLM organisations, owners."""
    key_fingerprints: frozenset[str] = frozenset()
    """Keyed fingerprints of the organisation's own API keys."""
    words: tuple[str, ...] = ()
    """The organisation's own sensitive words, found as kind `organisation_word`."""
    canaries: tuple[str, ...] = ()
    """Canary tokens: found as `secret` of type `canary`."""
    contact: str | None = None
    """Whom an analyst may ask."""
