"""Why, in plain words: what was found, how much of it, and whose account it was bound for."""

from collections import Counter
from collections.abc import Iterable

from core.classification import AccountKind, Destination
from core.findings import NOT_INSPECTED, Finding
from core.situation import Situation
from core.text import printable
from policy.words import named

_SHOWN = 3
_ACCOUNTS = {
    AccountKind.CORPORATE: "an account of the organisation",
    AccountKind.PERSONAL: "a personal account",
    AccountKind.OTHER_TENANT: "an account of another organisation",
    AccountKind.ANONYMOUS: "without any account",
    AccountKind.UNKNOWN: "an account that nobody could name",
}
_SPELT = {
    "onedrive": "OneDrive", "onedrive-personal": "OneDrive", "sharepoint": "SharePoint", "openai": "OpenAI",
    "chatgpt": "ChatGPT", "github": "GitHub", "gitlab": "GitLab", "s3": "Amazon S3", "mega": "MEGA",
    "icloud": "iCloud", "wetransfer": "WeTransfer", "huggingface": "Hugging Face", "azure-blob": "Azure Blob Storage",
}  # fmt: skip
"""Services whose names are not their ids with capitals."""


def sentence(s: Situation) -> str:
    """Return `15,000 rows with 15,000 IBANs sent to OneDrive (…), a personal account`."""
    return f"{content(s)} sent to {place(s.destination)}"


def content(s: Situation) -> str:
    """Return what the request holds, or its size where nothing was found."""
    found = [f for f in s.findings if not f.test_data and f.kind != NOT_INSPECTED]
    unread = [f for f in s.findings if f.kind == NOT_INSPECTED]
    if not found:
        words = "an LLM call" if s.llm is not None else "an upload" if s.destination.upload else "a request"
        words += f" of {size(s.request_bytes)}" if s.request_bytes else ""
        return words + (" that could not be read in full" if unread else "")
    rows = max((f.records or 0 for f in found), default=0)
    words = _listing(found)
    return f"{rows:,} row{'s' if rows != 1 else ''} with {words}" if rows else words


def place(destination: Destination) -> str:
    """Return the service or host with whose account it is."""
    host = printable(destination.host, 100)
    service = destination.service
    words = f"{spelt(service)} ({host})" if service else host
    account = destination.account
    if account.kind is AccountKind.UNKNOWN and not (service and destination.upload):
        return words
    told = f" ({printable(account.id, 80)})" if account.id else ""
    return f"{words}, {_ACCOUNTS[account.kind]}{told}"


def spelt(service: str) -> str:
    """Return a service's id as its name: `google-drive` → `Google Drive`."""
    return _SPELT.get(service) or printable(service, 60).replace("-", " ").replace("_", " ").title()


def size(count: int) -> str:
    """Return `1.2 MB`."""
    value, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{count} bytes" if unit == "bytes" else f"{value:.3g} {unit}"


def _listing(found: Iterable[Finding]) -> str:
    counts: Counter[str] = Counter()
    for finding in found:
        counts[finding.kind] += finding.count
    parts = [named(kind, count) for kind, count in counts.most_common(_SHOWN)]
    if len(counts) > _SHOWN:
        more = len(counts) - _SHOWN
        parts.append(f"{more} other kind{'s' if more > 1 else ''} of data")
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
