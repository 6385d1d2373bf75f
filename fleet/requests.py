"""What the hub asks of endpoints about a person or a value: to look for it, or to erase it. Each
request is signed by the organisation's key; what it names is looked for under the endpoint's own
keys, and the answer is numbers of entries.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.json_fields import Fields, by_word
from core.text import printable
from fleet.orders import BadOrdersError

SCHEMA = "outgate.request/1"
MOST_ENTRIES = 10_000
"""Of an answer; how many there are is told beside."""


class Kind(StrEnum):
    """What is asked for."""

    FIND = "find"
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request whose signature was checked."""

    id: str
    kind: Kind
    value: str = field(repr=False)
    who: str
    note: str
    ends_at: datetime


def signed_text(body: bytes) -> bytes:
    """Return what is signed."""
    return SCHEMA.encode() + b"\n" + body


def request_opened(value: object, public: bytes, now: datetime) -> Request:
    """Return a request in an answer of the hub. Raises BadOrdersError."""
    try:
        fields = Fields(value, "request")
        body, signature = fields.text("body").encode(), bytes.fromhex(fields.text("signature"))
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_text(body))
        said = Fields(orjson.loads(body), "request")
        if said.text("schema") != SCHEMA:
            raise ValueError("no request that this version knows")
        found = Request(
            id=said.text("id"),
            kind=said.word("kind", by_word(Kind)),
            value=said.text("value"),
            who=printable(said.text("who"), 200),
            note=printable(said.text("note"), 400),
            ends_at=said.time("ends_at"),
        )
    except InvalidSignature:
        raise BadOrdersError("A request is not signed by the organisation's key.") from None
    except ValueError:
        raise BadOrdersError("A request of the hub cannot be read.") from None
    if now > found.ends_at:
        raise BadOrdersError("A request of the hub is over.")
    return found
