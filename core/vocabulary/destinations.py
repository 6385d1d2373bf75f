"""Where a request goes, in words: kinds of services, whose account it is, and both as a phrase."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from core.classification import AccountKind, Category

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        Category.LLM: "language model",
        Category.CLOUD_STORAGE: "cloud storage",
        Category.CODE_HOST: "code hosting",
        Category.MESSAGING: "messaging",
        Category.PASTE: "paste site",
        Category.PACKAGE_INDEX: "package index",
        Category.OBSERVABILITY: "monitoring",
        Category.WEBHOOK: "webhook",
        Category.OTHER: "other",
    }
)


class AccountWords(NamedTuple):
    """How whose-account-it-is is called."""

    word: str
    """For narrow places; nothing where it is not known."""
    meaning: str


ACCOUNTS: Mapping[AccountKind, AccountWords] = MappingProxyType(
    {
        AccountKind.CORPORATE: AccountWords("own", "an account of the organisation"),
        AccountKind.PERSONAL: AccountWords("personal", "a personal account"),
        AccountKind.OTHER_TENANT: AccountWords("other's", "an account of another organisation"),
        AccountKind.ANONYMOUS: AccountWords("no account", "used without an account"),
        AccountKind.UNKNOWN: AccountWords("", "an account that nobody could name"),
    }
)


OWNERS: Mapping[AccountKind, str] = MappingProxyType(
    {
        AccountKind.CORPORATE: "the organisation's own",
        AccountKind.OTHER_TENANT: "another organisation's",
        AccountKind.ANONYMOUS: "without an account",
    }
)
"""Whose an account is, as sentences say it beside the service."""


def whose(name: str, account: str, category: str, *, service: bool) -> str:
    """Return whose account of which service: `a personal OneDrive`, `OpenAI`, `files.example`."""
    noun = name if category == Category.CLOUD_STORAGE or not service else f"{name} account"
    match account:
        case AccountKind.PERSONAL:
            return f"a personal {noun}"
        case AccountKind.CORPORATE:
            return f"{OWNERS[AccountKind.CORPORATE]} {noun}"
        case AccountKind.OTHER_TENANT:
            return f"{OWNERS[AccountKind.OTHER_TENANT]} {noun}"
        case AccountKind.ANONYMOUS:
            return f"{name}, {OWNERS[AccountKind.ANONYMOUS]}"
        case _:
            return name
