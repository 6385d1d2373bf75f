"""Why, in plain words: what was found, how much of it, and whose account it was bound for."""

from functools import lru_cache

from core.classification import AccountKind, Category, Destination
from core.findings import NOT_INSPECTED, is_least
from core.situation import Situation
from core.text import printable
from core.vocabulary.destinations import ACCOUNTS, whose
from core.vocabulary.findings import Amount, found
from core.vocabulary.sizes import joined, size
from core.vocabulary.unread import TEXTLESS, WORDS, UnreadKind, unread_kinds
from destinations.naming import place_name

_NOTHING: frozenset[UnreadKind] = frozenset()


def sentence(s: Situation) -> str:
    """Return `15,000 rows with bank account numbers to a personal OneDrive (graph.microsoft.com)`.

    Not “sent to”: it is said before anything leaves, and of what is stopped, too.
    """
    return f"{content(s)} to {place(s.destination)}"


def content(s: Situation) -> str:
    """Return what the request holds, or its size where nothing was found."""
    # Plain tuples: most sentences are known already, and amounts would be made for nothing.
    shape = tuple(
        [
            (f.kind, f.distinct or f.count, f.records or 0, f.test_data, is_least(f))
            for f in s.findings
        ]
    )
    sized = all(kind == NOT_INSPECTED for kind, *_ in shape)
    call, upload = s.llm is not None, s.destination.upload
    unread = _NOTHING if not s.findings else unread_kinds(s.findings)
    return _content(shape, call, upload, s.request_bytes if sized else 0, unread)


@lru_cache(maxsize=2048)
def _content(
    shape: tuple[tuple[str, int, int, bool, bool], ...],
    call: bool,
    upload: bool,
    request_bytes: int,
    unread: frozenset[UnreadKind],
) -> str:
    amounts = [Amount(*one) for one in shape]
    silent = [WORDS[kind][1] for kind in UnreadKind if kind in unread & TEXTLESS]
    beside = f" with {joined(silent)}" if silent else ""
    if told := found(amounts):
        told = f"{told}{' beside ' + joined(silent) if silent else ''}"
        return f"{told}, partly unread," if unread - TEXTLESS else told
    words = "an upload" if upload else "a request"
    if call:
        words = "an LLM call"
    if request_bytes:
        words += f" of {size(request_bytes)}"
    return f"{words}{beside} that could not all be read" if unread - TEXTLESS else words + beside


def place(destination: Destination) -> str:
    """Return the service or host with whose account it is."""
    account = destination.account
    return _place(
        destination.host,
        destination.service,
        destination.category,
        account.kind,
        account.id,
        destination.upload,
    )


@lru_cache(maxsize=2048)
def _place(
    host: str,
    service: str | None,
    category: Category,
    kind: AccountKind,
    account: str | None,
    upload: bool,
) -> str:
    words = whose(place_name(service, host), kind, category, service=bool(service))
    told = [printable(host, 100)] if service else []
    if kind is not AccountKind.UNKNOWN and account:
        told.append(f"account {printable(account, 80)}")
    if kind is AccountKind.UNKNOWN and service and upload:
        told.append(ACCOUNTS[kind].meaning)
    return f"{words} ({', '.join(told)})" if told else words
