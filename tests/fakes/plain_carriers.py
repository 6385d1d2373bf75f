"""A text in the five plain places of a request, and what both engines tell of one."""

import json
from collections.abc import Callable
from functools import cache
from urllib.parse import quote, urlencode

from made_up_traffic import chat, exchange, user

from classifiers.engine import Engine, EngineSetup, build_worker
from core.exchange import Exchange
from core.findings import NOT_INSPECTED
from core.organisation import Organisation
from core.vocabulary.unread import unread_text

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
CARRIERS: dict[str, Callable[[str], Exchange]] = {
    "JSON": lambda text: exchange(json.dumps({"note": text})),
    "prompt": lambda text: chat(user(f"Look at this: {text} and answer.")),
    "body": lambda text: exchange(text, "text/plain"),
    "form": lambda text: exchange(urlencode({"d": text}), "application/x-www-form-urlencoded"),
    "query": lambda text: exchange(path=f"/x?d={quote(text)}", method="GET"),
}


@cache
def inline() -> Engine:
    """Return what reads on the loop. Its rules are compiled when a test first asks: in most
    processes that collect tests none does.
    """
    return Engine(SETUP)


@cache
def _worker() -> Engine:
    return build_worker(SETUP)


def seen_in(sent: Exchange) -> set[str]:
    """Return the kinds that are found in it, and `unread` where something was not read."""
    seen = inline().classify(sent)
    seen = _worker().classify(sent) if seen.deferred else seen
    told = {"unread"} if unread_text(seen.findings) or seen.degraded else set()
    return told | {f.kind for f in seen.findings if f.kind != NOT_INSPECTED}
