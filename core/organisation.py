"""What an organisation says of itself once: its domains, tenants, accounts, keys and words."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingException:
    """One value that an officer closed as a false alarm: it is no finding any more, whatever else
    is.
    """

    kind: str
    fingerprint: str
    """Keyed, as the finding showed it."""
    where: str | None = None
    """Only at places like this one (`*`, `?` and `[]` as in file names); None for everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """What belongs to the organisation. Everything else is another tenant, personal, anonymous or
    unknown.
    """

    name: str = ""
    domains: frozenset[str] = frozenset()
    """E-mail and Workspace domains, lower case."""
    accounts: dict[str, frozenset[str]] = field(default_factory=dict)
    """Service id → ids of the organisation's own accounts: tenants, teams, buckets, LLM
    organisations, owners.
    """
    key_fingerprints: frozenset[str] = frozenset()
    """Keyed fingerprints of the organisation's own API keys."""
    words: tuple[str, ...] = ()
    """The organisation's own sensitive words, found as kind `organisation_word`."""
    canaries: tuple[str, ...] = ()
    """Canary tokens: found as `secret` of type `canary`."""
    packages: frozenset[str] = frozenset()
    """Distributions that scripts may use, by normalised name; empty when nobody listed any."""
    contact: str | None = None
    """Whom an analyst may ask."""
    recognizers: tuple[str, ...] = ()
    """Files with recognisers of the organisation's own, in Presidio's YAML."""
    exceptions: tuple[FindingException, ...] = ()
    """Values that are no findings, by fingerprint."""
