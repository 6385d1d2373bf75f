"""What a call cost: the bundled price table by our own provider id, loaded when first needed. Never
from the network.
"""

import ipaddress
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from classifiers.llm import price_list
from classifiers.llm.answer.usage import Usage
from classifiers.llm.loading import Lazy
from core.exchange import Exchange
from destinations.catalogue import llm_of
from destinations.service import LlmKind

_MAX_MODEL = 200
_REGION_PREFIXES = ("us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au.", "ca.")


def warm() -> None:
    """Load the price table, which takes about half a second."""
    _TABLES.get()


def begin(provider: str | None) -> None:
    """Start loading the price table in the background when this provider is in it: its answer will
    need it soon.
    """
    if _table_of(provider) is not None:
        _TABLES.begin()


def dollars(value: float | Decimal) -> str:
    """Return an amount as plain decimal text, such as `0.00012`."""
    text = f"{Decimal(str(value)):.10f}".rstrip("0").rstrip(".")
    return text or "0"


def is_local(provider: str | None, exchange: Exchange | None) -> bool:
    """Return True for a model on this machine or a private network: nobody bills it."""
    known = llm_of(provider)
    if known is not None and known.kind is LlmKind.LOCAL:
        return True
    if provider is not None or exchange is None:
        return False
    host = exchange.host
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def from_table(
    provider: str | None,
    answered: str | None,
    asked: str | None,
    usage: Usage,
    at: datetime | None,
    count: int = 1,
) -> price_list.Priced | None:
    """Return the cost in US dollars by the price table of that day, or None when it does not know
    provider or model. `count`: so many answers of like size are summed up in `usage`.
    """
    table = _table_of(provider)
    if table is None:
        return None
    for model in dict.fromkeys(name for name in (answered, asked) if name):
        found = _find(table, model[:_MAX_MODEL].lower())
        if found is not None:
            return price_list.cost(*found, usage, at or datetime.now(UTC), count)
    return None


def _table_of(provider: str | None) -> str | None:
    known = llm_of(provider)
    return None if known is None else known.prices


def _load() -> dict[str, Any]:
    from genai_prices import data_snapshot

    return {provider.id: provider for provider in data_snapshot.get_snapshot().providers}


_TABLES = Lazy(_load)


@lru_cache(maxsize=512)
def _find(table: str, model: str) -> tuple[Any, Any] | None:
    """Look the model up ourselves: the package's own caches are unbounded and a client could fill
    them.
    """
    providers = _TABLES.get()
    owner = providers.get(table)
    if owner is None:
        return None
    bare = model.rpartition("/")[2]
    for name in (
        model,
        bare,
        bare.removeprefix(next((p for p in _REGION_PREFIXES if bare.startswith(p)), "")),
    ):
        found = owner.find_model(name, all_providers=list(providers.values()))
        if found is not None:
            return owner, found
    return None
