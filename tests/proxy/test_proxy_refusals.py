"""Refusals: each service's clients get an error of the shape they know, one status, one message,
and no reason to retry."""

import json
import socket
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import h2.connection
import h2.events
import pytest
from families import with_each
from mitmproxy import http
from mitmproxy.test import tutils

from core.decision import Decision, HoldOutcome, Verdict
from destinations import SERVICES, Refusal, Service
from proxy.refusals import brief, presumed, refusal, words
from tests.proxy.conftest import RunningGate

REFERENCE = "0193a7c2-5b0e-7c00-8000-000000000001"
DECISION = Decision(
    verdict=Verdict.BLOCK,
    rule="no-ibans",
    reason='15 IBANs sent to <a> & "b"',
    contact="privacy@example.com",
)


def asked(path: str = "/x", **headers: str) -> http.Request:
    fields = http.Headers((), **headers)
    return tutils.treq(path=path.encode(), headers=fields)


def error_of(service: str | None, request: http.Request | None = None) -> Any:
    answer = refusal(DECISION, REFERENCE, service, request or asked())
    assert answer.status_code == 403
    assert answer.headers["x-should-retry"] == "false"
    assert "retry-after" not in answer.headers
    assert answer.headers["x-outgate-reference"] == REFERENCE
    assert int(answer.headers["content-length"]) == len(answer.raw_content or b"")
    return json.loads(answer.raw_content or b"")


def told(message: str) -> bool:
    return all(
        word in message
        for word in ("Outgate", "no-ibans", REFERENCE, "privacy@example.com", "15 IBANs")
    )


@pytest.mark.parametrize(
    ("host", "kind", "path"),
    [
        ("sns.eu-central-1.amazonaws.com", "application/x-www-form-urlencoded", "Error"),
        ("sts.eu-central-1.amazonaws.com", "application/x-www-form-urlencoded", "Error"),
        ("ec2.eu-central-1.amazonaws.com", "application/x-www-form-urlencoded", "Errors/Error"),
        ("route53.amazonaws.com", "", "Error"),
        ("route53.amazonaws.com", "application/xml", "Error"),
    ],
)
def test_each_protocol_of_aws_has_its_own_error(host: str, kind: str, path: str) -> None:
    """A client of the Query protocol takes JSON for a broken answer, and advises to ask again."""
    request = asked(content_type=kind)
    request.host = host
    answer = refusal(DECISION, REFERENCE, "aws", request)
    error = ElementTree.fromstring(answer.raw_content or b"").find(path)
    assert error is not None and error.findtext("Code") == "AccessDenied"
    assert told(error.findtext("Message") or "")


def test_dropboxs_client_shows_who_and_why() -> None:
    """Of an error that it does not know it shows the request's identifier alone."""
    answer = refusal(DECISION, REFERENCE, "dropbox", asked())
    assert told(answer.headers["x-dropbox-request-id"])
    assert told(json.loads(answer.raw_content or b"")["user_message"]["text"])


@pytest.mark.parametrize(
    ("service", "place", "code"),
    [
        ("openai", ("error", "message"), ("error", "type", "permission_error")),
        ("anthropic", ("error", "message"), ("error", "type", "permission_error")),
        ("google", ("error", "message"), ("error", "status", "PERMISSION_DENIED")),
        ("google-drive", ("error", "message"), ("error", "code", 403)),
        ("aws-bedrock", ("message",), ("__type", "AccessDeniedException")),
        ("onedrive", ("error", "message"), ("error", "code", "accessDenied")),
        ("dropbox", ("error_summary",), ("error", ".tag", "blocked_by_outgate")),
        ("telegram", ("description",), ("error_code", 403)),
        ("google-cloud-storage", ("error", "message"), ("error", "status", "PERMISSION_DENIED")),
        ("slack", ("message",), ("ok", False)),
        ("notion", ("message",), ("code", "restricted_resource")),
    ],
)
def test_each_service_has_its_own_error(
    service: str, place: tuple[str, ...], code: tuple[Any, ...]
) -> None:
    """Every client finds the message where it looks for its service's own errors."""
    body = error_of(service)
    message, found = body, body
    for key in place:
        message = message[key]
    for key in code[:-1]:
        found = found[key]

    assert told(message)
    assert found == code[-1]


@pytest.mark.parametrize("service", ["aws-s3", "cloudflare-r2", "azure-blob"])
def test_storage_errors_are_xml(service: str) -> None:
    """Clients of object stores read XML; what a reason quotes cannot break out of it."""
    answer = refusal(DECISION, REFERENCE, service, asked())
    root = ElementTree.fromstring(answer.raw_content or b"")

    assert root.tag == "Error"
    assert root.findtext("Code") == "AccessDenied"
    assert told(root.findtext("Message") or "")


WHERE_CLIENTS_LOOK: dict[Refusal, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    Refusal.AS_ASKED: (("message",), ("error", "code", "blocked_by_outgate")),
    Refusal.OPENAI: (("error", "message"), ("error", "type", "permission_error")),
    Refusal.ANTHROPIC: (("error", "message"), ("type", "error")),
    Refusal.GOOGLE: (("error", "message"), ("error", "status", "PERMISSION_DENIED")),
    Refusal.GRAPH: (("error", "message"), ("error", "code", "accessDenied")),
    Refusal.AWS: (("message",), ("__type", "AccessDeniedException")),
    Refusal.DROPBOX: (("error_summary",), ("error", ".tag", "blocked_by_outgate")),
    Refusal.TELEGRAM: (("description",), ("error_code", 403)),
    Refusal.SLACK: (("message",), ("ok", False)),
    Refusal.NOTION: (("message",), ("code", "restricted_resource")),
}


def within(body: Any, keys: tuple[Any, ...]) -> Any:
    for key in keys:
        body = body[key]
    return body


@with_each("service", SERVICES)
def test_every_service_refuses_in_its_own_shape(service: Service) -> None:
    """Whatever the catalogue says of a service's errors is what its clients get."""
    request = asked(accept="application/json")
    if service.refusal is Refusal.OBJECT_STORE:
        answer = refusal(DECISION, REFERENCE, service.id, request)
        assert told(ElementTree.fromstring(answer.raw_content or b"").findtext("Message") or "")
        return
    place, code = WHERE_CLIENTS_LOOK[service.refusal]
    body = error_of(service.id, request)
    assert told(within(body, place))
    assert within(body, code[:-1]) == code[-1]


def test_every_shape_is_known_to_a_client() -> None:
    """No shape is rendered that no test reads as its clients do."""
    assert {*WHERE_CLIENTS_LOOK, Refusal.OBJECT_STORE} == set(Refusal)
    assert {service.refusal for service in SERVICES} == set(Refusal)


def test_a_service_is_refused_alike_by_any_of_its_names() -> None:
    """An older id of a service gets the shape of the service."""
    old = refusal(DECISION, REFERENCE, "s3", asked())
    assert old.raw_content == refusal(DECISION, REFERENCE, "aws-s3", asked()).raw_content


def test_the_other_dialect_of_a_provider_is_answered_in_its_own_words() -> None:
    """A provider of the OpenAI dialect that also serves Anthropic's answers that in its words."""
    assert error_of("deepseek", asked("/anthropic/v1/messages"))["type"] == "error"
    assert "type" not in error_of("deepseek", asked("/v1/chat/completions"))


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/v1/messages", "type"),
        ("/v1/chat/completions", "error"),
        ("/openai/v1/responses", "error"),
    ],
)
def test_gateways_are_known_by_their_paths(path: str, key: str) -> None:
    """A gateway of an unknown name that speaks a known API is answered in that API's words."""
    assert key in error_of(None, asked(path))


def test_unknown_services_get_what_they_ask_for() -> None:
    """Whoever wants JSON gets JSON, everyone else one readable line."""
    assert told(error_of(None, asked(accept="application/json"))["message"])
    plain = refusal(DECISION, REFERENCE, None, asked())
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert told(plain.text or "")


@pytest.mark.parametrize(
    "place",
    [("detail",), ("errorMessages", 0), ("message",), ("error", "message")],
)
def test_other_families_of_clients_find_the_reason_where_they_look(place: tuple[Any, ...]) -> None:
    """Problem details, FastAPI, Databricks and Atlassian: each shows one word of its own, and no
    other.
    """
    body = error_of(None, asked(accept="application/json"))
    assert told(within(body, place))
    assert (body["status"], body["error_code"]) == (403, "PERMISSION_DENIED")
    assert body["title"] == "Blocked by Outgate"


@pytest.mark.parametrize(("service", "kind"), [("replicate", "json"), ("pastebin", "plain")])
def test_a_provider_of_models_answers_in_json_whoever_asks(service: str, kind: str) -> None:
    """Its clients read nothing else; a page for people is asked for by people."""
    answer = refusal(DECISION, REFERENCE, service, asked())
    assert kind in answer.headers["content-type"]
    assert told(answer.text or "")


@pytest.mark.parametrize(
    "hostile", ["a\r\nset-cookie: x=1", "\x1b[31mred", "\u202eevil", "x" * 5000]
)
def test_nothing_hostile_comes_through(hostile: str) -> None:
    """Text from a payload or a rule can neither forge headers nor drive a terminal."""
    decision = Decision(verdict=Verdict.BLOCK, rule=hostile, reason=hostile)
    for service in ("openai", "aws-s3", None):
        answer = refusal(decision, REFERENCE, service, asked())
        fields = b"".join(name + value for name, value in answer.headers.fields)
        assert not {b"\r", b"\n", b"\x1b"} & {fields[at : at + 1] for at in range(len(fields))}
        assert answer.reason.isascii() and answer.reason.isprintable() and len(answer.reason) < 123
        assert "\x1b" not in (answer.text or "")
        assert "\u202e" not in (answer.text or "")
        assert len(answer.raw_content or b"") < 2500


def test_words_say_what_why_and_whom_to_ask() -> None:
    """The analyst reads the rule, the reason, the contact and the reference in one line."""
    assert told(words(DECISION, REFERENCE))
    assert "privacy officer" in words(Decision(verdict=Verdict.BLOCK), REFERENCE)
    assert "\n" not in words(DECISION, REFERENCE)


def test_a_close_reason_fits() -> None:
    """A WebSocket has room for 123 bytes: the reference comes first, so it is never cut off."""
    assert brief(DECISION, REFERENCE) == f"Blocked by Outgate: rule no-ibans, ref {REFERENCE}"
    assert len(brief(Decision(verdict=Verdict.BLOCK), REFERENCE)) < 123


def test_the_reason_phrase_says_who_refused_and_why() -> None:
    """Most libraries show nothing of a refusal but its status line."""
    answer = refusal(DECISION, REFERENCE, "openai", asked())
    assert answer.reason == f"Blocked by Outgate: rule no-ibans, ref {REFERENCE}"


def test_presumed_refusal_is_a_refusal() -> None:
    """What stands before any decision is a plain 403."""
    assert presumed().status_code == 403


def test_a_hold_that_ended_is_told_apart() -> None:
    """A refusal by a person and a wait in vain are not the same news; both carry the verdict in a
    header."""
    held = Decision(verdict=Verdict.HOLD, reason="It waited.", hold_outcome=HoldOutcome.TIMED_OUT)

    assert refusal(held, REFERENCE, None, asked()).headers["x-outgate-verdict"] == "hold"


def grpc_call(gate: RunningGate, host: str) -> tuple[dict[str, str], bytes, bool]:
    """Make one gRPC call over HTTP/2; return the answer's headers, its body, and whether it ended
    with its headers."""
    tls = gate.connect(host, alpn=["h2"])
    assert tls.selected_alpn_protocol() == "h2"
    connection = h2.connection.H2Connection()
    connection.initiate_connection()
    head = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", host),
        (":path", "/storage.v1.Files/Put"),
        ("content-type", "application/grpc+proto"),
        ("te", "trailers"),
    ]
    connection.send_headers(1, head)
    connection.send_data(1, b"\0\0\0\0\x05hello", end_stream=True)
    tls.sendall(connection.data_to_send())
    headers: dict[str, str] = {}
    body, ended_at_once = b"", False
    while data := tls.recv(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                headers = {_text(name): _text(value) for name, value in event.headers}
                ended_at_once = event.stream_ended is not None
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
            elif isinstance(event, h2.events.StreamEnded):
                tls.close()
                return headers, body, ended_at_once
        tls.sendall(connection.data_to_send())
    raise AssertionError("no answer came")


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_grpc_clients_read_permission_denied(gate: RunningGate) -> None:
    """A gRPC call is refused with trailers only: status 7, which clients do not retry, and the
    message."""
    headers, body, ended_at_once = grpc_call(gate, "blocked.example")

    assert headers[":status"] == "200"
    assert headers["content-type"] == "application/grpc"
    assert headers["grpc-status"] == "7"
    message = unquote(headers["grpc-message"])
    assert "Outgate" in message
    assert "no-such-host" in message
    assert headers["x-outgate-reference"] in message
    assert (body, ended_at_once) == (b"", True)
    assert gate.internet.bytes_received == 0


def test_http1_connections_survive_a_refusal(gate: RunningGate) -> None:
    """A refused request does not cost the client its connection."""
    tls = gate.connect("files.example")
    for body, status in ((b"TOP-SECRET", b"403"), (b"fine", b"200"), (b"TOP-SECRET", b"403")):
        tls.sendall(
            b"POST /x HTTP/1.1\r\nHost: files.example\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )
        assert read_answer(tls).split(b" ")[1] == status


def read_answer(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65536)
    start, _, body = head.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in start.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head
