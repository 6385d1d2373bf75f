"""Single members of a record's text, read without building the record. Pure."""

from typing import Any

import orjson

_SENDER = b',"schema":"outgate.record/1","sender":'


def certainty_in(text: bytes | None) -> object:
    """Return how certain the sender is in the text of an entry; None where it does not say."""
    begin = (text or b"").rfind(_SENDER)  # the last member of a record
    if text and begin >= 0:
        return _member(_read(text[begin + len(_SENDER) : -1]), "certainty")
    return _member(_member(_read(text), "sender"), "certainty")


def hold_ending_in(text: bytes | None) -> object:
    """Return how the hold of a record ended in the text of an entry; None where there is none."""
    return _member(_member(_member(_read(text), "decision"), "hold"), "outcome")


def _read(text: bytes | None) -> Any:
    try:
        return orjson.loads(text or b"")
    except orjson.JSONDecodeError:
        return None


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
