"""Whose account a request went to, and what told that, in one line. Pure."""

from core.classification import Account
from tui.wording import account_words, safe


def account_told(account: Account) -> str:
    """Return its name where known, whose it is, and how that is known."""
    named = f"{safe(account.id, 200)}, " if account.id else ""
    unknown = "whose is not known" if account.id else "not known"
    told = f" ({safe(account.evidence, 200)})" if account.evidence else ""
    return f"{named}{account_words(account.kind) or unknown}{told}"
