"""Why, in plain words: what was found, how much of it, and whose account it was bound for."""

from functools import lru_cache

from core.classification import AccountKind, Destination
from core.findings import NOT_INSPECTED
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
    shape = tuple([(f.kind, f.count, f.records) for f in s.findings if not f.test_data])
    sized = all(kind == NOT_INSPECTED for kind, _, _ in shape)
    return _content(shape, s.llm is not None, s.destination.upload, s.request_bytes if sized else 0)


@lru_cache(maxsize=2048)
def _content(
    shape: tuple[tuple[str, int, int | None], ...], call: bool, upload: bool, bytes_sent: int
) -> str:
    counts: dict[str, int] = {}
    rows, unread = 0, False
    for kind, count, records in shape:
        if kind == NOT_INSPECTED:
            unread = True
        else:
            counts[kind] = counts.get(kind, 0) + count
            rows = max(rows, records or 0)
    if not counts:
        words = "an LLM call" if call else "an upload" if upload else "a request"
        words += f" of {size(bytes_sent)}" if bytes_sent else ""
        return words + (" that could not be read in full" if unread else "")
    words = _listing(counts)
    return f"{rows:,} row{'s' if rows != 1 else ''} with {words}" if rows else words


def place(destination: Destination) -> str:
    """Return the service or host with whose account it is."""
    account = destination.account
    return _place(
        destination.host, destination.service, account.kind, account.id, destination.upload
    )


@lru_cache(maxsize=2048)
def _place(
    host: str, service: str | None, kind: AccountKind, account: str | None, upload: bool
) -> str:
    host = printable(host, 100)
    words = f"{spelt(service)} ({host})" if service else host
    if kind is AccountKind.UNKNOWN and not (service and upload):
        return words
    told = f" ({printable(account, 80)})" if account else ""
    return f"{words}, {_ACCOUNTS[kind]}{told}"


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


def _listing(counts: dict[str, int]) -> str:
    most = sorted(counts.items(), key=lambda item: -item[1])
    parts = [named(kind, count) for kind, count in most[:_SHOWN]]
    if len(most) > _SHOWN:
        more = len(most) - _SHOWN
        parts.append(f"{more} other kind{'s' if more > 1 else ''} of data")
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
