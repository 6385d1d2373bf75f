"""Requests that wait for a person, as the hub is told of them, and its answers: each is signed by
the organisation's key for one request of one endpoint, so that none can be used again elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.case_keys import called
from core.findings import NOT_INSPECTED
from core.ids import rfc3339
from core.json_fields import Fields
from core.record import Record
from core.text import printable
from fleet.orders import BadOrdersError

SCHEMA = "outgate.answer/1"
MOST_HELD = 100
"""Of one endpoint at a time."""
_MOST_TEXT = 200


class Became(StrEnum):
    """What became of an answer at the endpoint that holds the request."""

    DONE = "done"
    """It is an act of review there."""
    ASKED = "asked"
    """It counts once a second person says the same."""
    REFUSED = "refused"
    """The endpoint did not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What somebody at the hub said of a held request."""

    endpoint: str
    record: str
    approved: bool
    who: str
    note: str
    role: str | None = None
    """In which role, where the hub tells it."""


def told(records: Sequence[Record]) -> list[Mapping[str, Any]]:
    """Return what the hub is told of held requests: no payload, no excerpt."""
    return [_told(record) for record in records[:MOST_HELD]]


def _told(record: Record) -> Mapping[str, Any]:
    script, decision, where = record.sender.script, record.decision, record.destination
    found = [f for f in record.findings if f.kind != NOT_INSPECTED]
    return {
        "record": record.id,
        "at": rfc3339(record.at),
        "seconds": decision.hold_seconds or 0.0,
        "script": printable(called(record), _MOST_TEXT),
        "sha256": "" if script is None else script.sha256 or "",
        "person": printable(record.sender.user or "", _MOST_TEXT),
        "place": printable(where.service or where.host, _MOST_TEXT),
        "account": where.account.kind.value,
        "kinds": sorted({f.kind for f in record.findings}),
        "found": sum(f.distinct for f in found),
        "bytes": record.request.bytes,
        "rule": printable(decision.rule or "", _MOST_TEXT),
        "reason": printable(decision.reason, _MOST_TEXT),
    }


def told_back(record: str, signature: str, became: Became, why: str = "") -> Mapping[str, str]:
    """Return what the hub is told of an answer, which it knows by its signature."""
    return {
        "record": record,
        "signature": signature,
        "became": became.value,
        "why": printable(why, _MOST_TEXT),
    }


def signed_text(body: bytes) -> bytes:
    """Return what is signed."""
    return SCHEMA.encode() + b"\n" + body


def answer_opened(value: object, public: bytes) -> Answered:
    """Return an answer whose signature was checked. Raises BadOrdersError."""
    try:
        fields = Fields(value, "answer")
        body, signature = fields.text("body").encode(), bytes.fromhex(fields.text("signature"))
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_text(body))
        said = Fields(orjson.loads(body), "answer", frozenset({"role"}))
        role = said.text_or_none("role")
        if said.text("schema") != SCHEMA:
            raise ValueError("no answer that this version knows")
        return Answered(
            endpoint=said.text("endpoint"),
            record=said.text("record"),
            approved=said.flag("approved"),
            who=printable(said.text("who"), _MOST_TEXT),
            note=printable(said.text("note"), 400),
            role=None if role is None else printable(role, _MOST_TEXT),
        )
    except InvalidSignature:
        raise BadOrdersError("An answer is not signed by the organisation's key.") from None
    except ValueError:
        raise BadOrdersError("An answer of the hub cannot be read.") from None
