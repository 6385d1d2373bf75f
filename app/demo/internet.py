"""A stand-in internet: one loopback server with real TLS that answers for the hosts of the
demonstration.

It also counts what reached it, so that tests can prove that a refused request never left.
"""

import json
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from certs.authority import open_authority
from certs.leaf import LeafMinter

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as the far side saw it."""

    host: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


_ENDS_WITHIN_S = 0.01
"""How often the server looks whether it is to end, in seconds."""


class StandInInternet:
    """Serves every host name with a certificate for that name. Use as a context manager."""

    def __init__(self, folder: Path, listen: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.authority = open_authority(folder)
        self._minter = LeafMinter(self.authority)
        self.arrivals: list[Arrival] = []
        """Complete requests, in the order in which they ended."""
        self.bytes_received = 0
        """All request-body bytes, those of cut requests included."""
        self._server = _Server(listen, self)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(_ENDS_WITHIN_S,),
            name="stand-in internet",
            daemon=True,
        )

    @property
    def port(self) -> int:
        """The TCP port that it listens on."""
        return int(self._server.server_address[1])

    @property
    def routes(self) -> list[str]:
        """`--connect-to` values that bring every host name here."""
        return [f"::127.0.0.1:{self.port}"]

    def __enter__(self) -> "StandInInternet":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def context_for(self, host: str) -> ssl.SSLContext:
        """Return a server context whose certificate names this host."""
        leaf = self._minter.mint(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as pem:
            pem.write(leaf.key_pem() + leaf.certificates_pem())
            pem.flush()
            context.load_cert_chain(pem.name)
        return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], internet: StandInInternet) -> None:
        super().__init__(address, _Handler)
        self.internet = internet
        self._contexts: dict[str, ssl.SSLContext] = {}

    def get_request(self) -> tuple[Any, Any]:
        plain, peer = super().get_request()
        plain.settimeout(30)
        return _Later(plain, self._context("localhost")), peer

    def _context(self, host: str) -> ssl.SSLContext:
        context = self._contexts.get(host)
        if context is None:
            context = self._contexts[host] = self.internet.context_for(host)
            context.sni_callback = self._choose
        return context

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
    ) -> None:
        if name:
            connection.context = self._context(name)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is nothing to report."""


class _Later:
    """A socket whose TLS handshake happens in the connection's own thread; plain HTTP stays
    plain.
    """

    def __init__(self, plain: socket.socket, context: ssl.SSLContext) -> None:
        self._plain = plain
        self._context = context

    def wrap(self) -> socket.socket:
        first = self._plain.recv(1, socket.MSG_PEEK)
        return (
            self._context.wrap_socket(self._plain, server_side=True)
            if first == b"\x16"
            else self._plain
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        self.request = self.request.wrap()
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _answer(self) -> None:
        body = b"".join(self._body())
        host = self.headers.get("host", "").partition(":")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.internet.arrivals.append(Arrival(host, self.command, self.path, headers, body))
        answer = _ANSWERS.get(host, _anything)
        answer(self, body)

    # http.server looks these names up.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self._counted(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("content-length") or 0)
        while left and (chunk := self.rfile.read(min(left, 65536))):
            left -= len(chunk)
            yield self._counted(chunk)
        if left:
            raise ConnectionError("the request was cut")

    def _counted(self, chunk: bytes) -> bytes:
        self.server.internet.bytes_received += len(chunk)
        return chunk

    def json(self, value: object, status: int = 200, *, headers: Mapping[str, str] = _NONE) -> None:
        """Answer with JSON."""
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def events(
        self, events: list[tuple[str | None, object]], *, headers: Mapping[str, str] = _NONE
    ) -> None:
        """Answer with a chunked event stream."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        for event, data in events:
            text = data if isinstance(data, str) else json.dumps(data)
            piece = (f"event: {event}\n" if event else "") + f"data: {text}\n\n"
            encoded = piece.encode()
            self.wfile.write(f"{len(encoded):x}\r\n".encode() + encoded + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay quiet."""


def _asked(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _said(asked: Mapping[str, Any], otherwise: str) -> str:
    """The model `echo` says what it was asked last."""
    return str(asked["messages"][-1]["content"]) if asked.get("model") == "echo" else otherwise


_ANSWER_IDS = count(1)
"""Each answer has an id of its own: what it used counts once."""


def _openai(handler: _Handler, body: bytes) -> None:
    asked = _asked(body)
    model = asked.get("model", "gpt-4o-mini")
    usage = {
        "prompt_tokens": max(1, len(body) // 4),
        "completion_tokens": 12,
        "total_tokens": len(body) // 4 + 12,
    }
    organisation = {"openai-organization": "org-stand-in", "x-request-id": "req_stand_in"}
    if asked.get("stream"):
        base = {
            "id": f"chatcmpl-{next(_ANSWER_IDS)}",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": model,
        }
        said = _said(asked, "Three invoices matched.")
        pieces: list[tuple[str | None, object]] = [
            (
                None,
                {
                    **base,
                    "choices": [
                        {"index": 0, "delta": {"content": said[at : at + 4]}, "finish_reason": None}
                    ],
                },
            )
            for at in range(0, len(said), 4)
        ]
        pieces.append((None, {**base, "choices": [], "usage": usage}))
        handler.events([*pieces, (None, "[DONE]")], headers=organisation)
        return
    message = {"role": "assistant", "content": _said(asked, "Three invoices matched.")}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {
        "id": f"chatcmpl-{next(_ANSWER_IDS)}",
        "object": "chat.completion",
        "created": 1,
        "model": model,
    }
    handler.json({**answer, "choices": [choice], "usage": usage}, headers=organisation)


def _anthropic(handler: _Handler, body: bytes) -> None:
    asked = _asked(body)
    tokens = max(1, len(body) // 4)
    usage = {"input_tokens": tokens, "output_tokens": 1}
    message = {
        "id": f"msg_{next(_ANSWER_IDS)}",
        "type": "message",
        "role": "assistant",
        "model": asked.get("model", "claude"),
    }
    organisation = {
        "anthropic-organization-id": "11111111-2222-4333-8444-555555555555",
        "request-id": "req_1",
    }
    if not asked.get("stream"):
        content = [{"type": "text", "text": "Two patients need a follow-up."}]
        ended = {"stop_reason": "end_turn", "stop_sequence": None}
        whole = {**message, **ended, "content": content, "usage": {**usage, "output_tokens": 9}}
        handler.json(whole, headers=organisation)
        return
    handler.events(_anthropic_events(message, usage), headers=organisation)


def _anthropic_events(
    message: dict[str, object], usage: dict[str, int]
) -> list[tuple[str | None, object]]:
    start = {**message, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    words = ("Two ", "patients ", "need a follow-up.")
    deltas = [{"index": 0, "delta": {"type": "text_delta", "text": word}} for word in words]
    ended = {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    parts: list[tuple[str, dict[str, object]]] = [
        ("message_start", {"message": start}),
        ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
        *(("content_block_delta", delta) for delta in deltas),
        ("content_block_stop", {"index": 0}),
        ("message_delta", ended),
        ("message_stop", {}),
    ]
    return [(name, {"type": name, **part}) for name, part in parts]


def _graph(handler: _Handler, body: bytes) -> None:
    handler.json({"id": "01ABC", "name": "ledger.csv", "size": len(body)}, 201)


def _dropbox(handler: _Handler, body: bytes) -> None:
    handler.json({"name": "backup", "id": "id:1", "size": len(body)})


def _telegram(handler: _Handler, _: bytes) -> None:
    handler.json({"ok": True, "result": {"message_id": 1}})


def _rates(handler: _Handler, _: bytes) -> None:
    handler.json({"base": "EUR", "rates": {"USD": 1.0842, "GBP": 0.8561, "CHF": 0.9377}})


def _anything(handler: _Handler, body: bytes) -> None:
    handler.json({"ok": True, "received": len(body)})


_ANSWERS: dict[str, Callable[[_Handler, bytes], None]] = {
    "api.openai.com": _openai,
    "api.anthropic.com": _anthropic,
    "graph.microsoft.com": _graph,
    "content.dropboxapi.com": _dropbox,
    "api.telegram.org": _telegram,
    "rates.example.com": _rates,
}
