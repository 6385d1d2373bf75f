"""Tells people by a web hook: Slack, Teams, or any program that checks the signature."""

import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from core.ids import utc_now
from core.text import printable
from exports.notices.notice import Notice
from exports.outbox.collectors import TIMEOUT_S, NotDeliveredError

SIGNATURE = "X-Outgate-Signature"
"""`t=SECONDS,v1=HEX`: HMAC-SHA256 with the key over `SECONDS.BODY`."""


def generic(one: Notice) -> dict[str, Any]:
    """Return the notice as it is."""
    return one.to_json()


def slack(one: Notice) -> dict[str, Any]:
    """Return a message that Slack shows; its three signs with a meaning are written as text."""
    whole = f"{one.title}\n{one.lines()}"
    text = whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    block = {"type": "section", "text": {"type": "plain_text", "text": whole, "emoji": False}}
    return {"text": text, "mrkdwn": False, "blocks": [block]}


def teams(one: Notice) -> dict[str, Any]:
    """Return an adaptive card; runs of text, unlike blocks, read no Markdown."""

    def run(text: str, **more: Any) -> dict[str, Any]:
        return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **more}]}

    body = [run(one.title, weight="Bolder"), run(one.text)]
    if one.command:
        body.append(run(one.command, fontType="Monospace"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


SHAPES: Mapping[str, Callable[[Notice], dict[str, Any]]] = MappingProxyType(
    {"webhook": generic, "slack": slack, "teams": teams}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebHook:
    """Implements `Channel` for one address, which may itself be the secret."""

    address: str = field(repr=False)
    shape: str = "webhook"
    key: str = field(default="", repr=False)
    """Signs every body; empty: none is signed."""
    authority: Path | None = None
    seconds: Callable[[], float] = lambda: utc_now().timestamp()

    def tell(self, one: Notice) -> None:
        """Post it; only an answer of 2xx has taken it. Raises NotDeliveredError."""
        body = json.dumps(SHAPES[self.shape](one), ensure_ascii=True).encode()
        parts = urlsplit(self.address)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.request("POST", path, body, self._headers(one, body))
            answer = connection.getresponse()
            status = answer.status  # whoever says yes has it, whatever comes of the rest
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotDeliveredError(
                f"The web hook did not take it: {type(error).__name__}."
            ) from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise NotDeliveredError(
                f"The web hook answered {status}.", remedy="Check its address and its key."
            )

    def _headers(self, one: Notice, body: bytes) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "user-agent": "outgate",
            "x-outgate-delivery": printable(one.id, 100),
        }
        if self.key:
            headers[SIGNATURE] = signature(self.key, int(self.seconds()), body)
        return headers

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        context = ssl.create_default_context()
        if self.authority is not None:
            context.load_verify_locations(self.authority)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)


def signature(key: str, seconds: int, body: bytes) -> str:
    """Return what a receiver compares: of the time and the body together, so that neither can be
    replaced.
    """
    signed = hmac.new(key.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"
