"""Large uploads: found wherever it lies, counted once, unpacked for reading only, and honest about
what was not read.
"""

import asyncio
import gzip
import random
import zlib
from dataclasses import replace
from typing import Any

import brotli
import httpx
import pytest
import zstandard
from patience import eventually
from present import there

from classifiers.uploads.cutting import OVERLAP, WINDOW
from core.attribution import UNATTRIBUTED
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.ids import utc_now
from proxy.life_cycle import State
from proxy.transaction import Transaction
from proxy.uploads import UploadTap, settled
from tests.proxy.conftest import RunningGate, StartsGate

WORD = b"TOP-SECRET"


def s3(data: bytes) -> bytes:
    """Frame a body as S3 clients do."""
    parts = [data[at : at + 65_536] for at in range(0, len(data), 65_536)]
    return b"".join(b"%x;chunk-signature=ab\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
    "aws-chunked": s3,
    "gzip, aws-chunked": lambda data: s3(gzip.compress(data)),
    "gzip, identity": gzip.compress,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data), quality=3),
}


def counting(gate: RunningGate) -> None:
    """Let the classifier count how often the marked word occurs, and the policy let it pass."""
    plain = gate.classifier.classify

    def classify(exchange: Any) -> Any:
        seen, count = plain(exchange), exchange.body.count(WORD)
        return replace(seen, findings=tuple(replace(f, count=count) for f in seen.findings))

    gate.classifier.classify = classify
    gate.policy.decide = lambda situation: (
        Decision(verdict=Verdict.WATCH, rule="seen") if situation.findings else _allowed()
    )


def _allowed() -> Decision:
    return Decision(verdict=Verdict.ALLOW)


def put(gate: RunningGate, body: Any, **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=60
    ) as client:
        return client.put("https://files.example/big", content=body, headers=fields)


def closed(gate: RunningGate) -> Any:
    return eventually(lambda: gate.evidence.closed)[-1]


def arrived(gate: RunningGate) -> int:
    """Return how many bytes reached the upstream, once it has counted any."""
    return int(eventually(lambda: gate.internet.bytes_received))


def total(gate: RunningGate) -> int:
    return sum(f.count for f in closed(gate).findings if f.kind == "secret")


def test_a_value_is_counted_once_wherever_it_lies(start_gate: StartsGate) -> None:
    """Values at and around every boundary between windows are each counted once."""
    gate = start_gate(hold_bytes=10_000)
    counting(gate)
    marks = [
        edge + shift
        for edge in range(WINDOW, 9 * WINDOW, WINDOW // 2)
        for shift in (-OVERLAP - 5, -5)
    ]
    body = bytearray(b"." * (10 * WINDOW))
    for at in marks:
        body[at : at + len(WORD)] = WORD
    answer = put(gate, bytes(body))

    assert answer.json()["received"] == len(body)
    assert total(gate) == len(marks)


@pytest.mark.parametrize("position", range(14))
def test_a_value_split_over_a_boundary_cuts_the_stream(
    start_gate: StartsGate, position: int
) -> None:
    """However a value is split between two windows, no part of it beyond what was scanned
    leaves.
    """
    gate = start_gate(hold_bytes=10_000)
    body = b"a" * (2 * WINDOW - position) + WORD + b"b" * 400_000
    answer = put(gate, body)

    assert answer.status_code == 403
    assert gate.internet.bytes_received <= 2 * WINDOW - position
    assert total(gate) == 1


@pytest.mark.parametrize("coding", PACK)
def test_packed_bodies_are_read_and_sent_as_they_came(start_gate: StartsGate, coding: str) -> None:
    """A compressed upload is unpacked to be read; what arrives is byte for byte what was sent."""
    gate = start_gate(hold_bytes=10_000)
    counting(gate)
    noise = random.Random(7)
    lines = b"\n".join(b"%d" % noise.getrandbits(200) for _ in range(12_000))
    plain = lines[:300_000] + WORD + lines[300_000:] + WORD
    body = PACK[coding](plain)
    answer = put(gate, body, content_encoding=coding)

    assert answer.status_code == 200
    assert gate.internet.arrivals[0].body == body
    assert total(gate) == 2
    assert closed(gate).request.bytes == len(body)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "gzip, aws-chunked"])
def test_a_secret_in_a_packed_body_cuts_it(start_gate: StartsGate, coding: str) -> None:
    """Compression hides nothing from a rule."""
    gate = start_gate(hold_bytes=10_000)
    body = PACK[coding](
        random.Random(3).randbytes(300_000) + WORD + random.Random(4).randbytes(300_000)
    )
    answer = put(gate, body, content_encoding=coding)

    assert answer.status_code == 403
    assert gate.internet.bytes_received < 310_000


@pytest.mark.parametrize("chunked", [False, True])
def test_a_secret_at_the_very_end_is_not_completed(start_gate: StartsGate, chunked: bool) -> None:
    """A request cut by its last bytes reaches the destination as a broken one, never as a complete
    one.
    """
    gate = start_gate(hold_bytes=10_000)
    body = b"x" * 300_000 + WORD
    answer = put(gate, iter([body]) if chunked else body)

    assert answer.status_code == 403
    assert all(len(arrival.body) < len(body) - len(WORD) for arrival in gate.internet.arrivals)
    assert gate.internet.bytes_received < 300_000
    assert not closed(gate).request.complete


def test_a_bomb_is_named_and_not_unpacked(start_gate: StartsGate) -> None:
    """A body that unpacks to far more than it is, is not read to its end; rules on content then
    refuse it.
    """
    gate = start_gate(hold_bytes=10_000)
    answer = put(gate, gzip.compress(b"\0" * 40_000_000), content_encoding="gzip")

    assert answer.status_code == 403
    record = closed(gate)
    assert record.decision.degraded == (
        "content-encoding: unpacks to more than is read (decompression limit)",
    )
    assert [(f.detector, f.note) for f in record.findings] == [
        ("decoder", "unpacks to more than is read (decompression limit)")
    ]


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"PK\x03\x04", "application/octet-stream"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PAR1\x15\x04\x15\x80", ""),
        (b"BZh91AY&SY", "text/plain"),
        (b"{\\rtf1", ""),
        (
            b"--b\r\ncontent-disposition: form-data\r\n\r\nPK\x03\x04",
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_a_large_document_is_not_passed_as_read(
    start_gate: StartsGate, head: bytes, content_type: str
) -> None:
    """A large archive or workbook cannot be read while it passes: the record says so and content
    rules refuse it.
    """
    gate = start_gate(hold_bytes=10_000)
    answer = put(gate, head + b"x" * 500_000, content_type=content_type)

    assert answer.status_code == 403
    assert gate.internet.bytes_received == 0
    record = closed(gate)
    assert [f.kind for f in record.findings] == ["not_inspected"]
    assert record.decision.degraded[0].startswith("documents: ")


def test_unread_documents_pass_where_no_rule_minds(start_gate: StartsGate) -> None:
    """Where no rule looks at the content a large document passes, and its record says that it was
    not read.
    """
    gate = start_gate(hold_bytes=10_000)
    gate.policy.decide = lambda situation: _allowed()
    body = b"PK\x03\x04" + b"x" * 500_000
    answer = put(gate, body)

    assert answer.json()["received"] == len(body)
    assert [f.kind for f in closed(gate).findings] == ["not_inspected"]


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd"])
def test_a_value_behind_a_packed_body_cuts_it(start_gate: StartsGate, coding: str) -> None:
    """What stands behind the end of a compressed body is read like the body."""
    gate = start_gate(hold_bytes=10_000)
    noise = random.Random(5).randbytes(200_000)
    answer = put(gate, PACK[coding](noise) + WORD, content_encoding=coding)

    assert answer.status_code == 403
    assert {f.kind for f in closed(gate).findings} == {"secret"}


def test_a_large_packed_file_is_read_as_it_passes(start_gate: StartsGate) -> None:
    """A file that was compressed before it was uploaded is unpacked for reading, too."""
    gate = start_gate(hold_bytes=10_000)
    plain = random.Random(5).randbytes(200_000)
    assert put(gate, gzip.compress(plain)).status_code == 200
    assert put(gate, gzip.compress(plain + WORD)).status_code == 403


def test_headers_are_not_counted_with_every_window(start_gate: StartsGate) -> None:
    """What stands in a header or the address is inspected once, not with every window of the
    body.
    """
    gate = start_gate(hold_bytes=10_000)
    scanned: list[Any] = []
    classify = gate.classifier.classify

    def noted(exchange: Any) -> Any:
        scanned.append(exchange)
        return classify(exchange)

    gate.classifier.classify = noted
    put(gate, b"x" * 500_000, x_token="abc")

    assert [e.header("x-token") for e in scanned if e.header("x-token")] == ["abc"]
    assert {e.path for e in scanned[1:]} == {"/"}


def test_volume_rules_see_the_size_as_it_grows(start_gate: StartsGate) -> None:
    """A rule on the size of a request holds for a body of unstated size as soon as it is that
    large.
    """
    gate = start_gate(hold_bytes=10_000)
    blocked = Decision(verdict=Verdict.BLOCK, rule="too-much")
    gate.policy.decide = lambda situation: (
        blocked if situation.request_bytes >= 300_000 else _allowed()
    )
    answer = put(gate, iter([b"x" * 50_000] * 20))

    assert answer.status_code == 403
    assert 0 < arrived(gate) <= 300_000


def test_programs_outside_the_scope_are_only_measured(start_gate: StartsGate) -> None:
    """Large uploads of programs that are none of Outgate's business pass unread."""
    gate = start_gate(hold_bytes=10_000, inspect_others=False)
    attribute = gate.attributor.attribute_now
    gate.attributor.attribute_now = lambda connection: replace(
        there(attribute(connection)), is_python=False
    )
    answer = put(gate, b"x" * 300_000 + WORD)

    assert answer.status_code == 200
    assert [f.kind for f in closed(gate).findings] == ["not_inspected"]


@pytest.mark.parametrize(
    ("verdict", "on_error", "expected"),
    [
        (Verdict.REDACT, Verdict.BLOCK, Verdict.BLOCK),
        (Verdict.REDACT, Verdict.WARN, Verdict.WARN),
        (Verdict.REDACT, Verdict.HOLD, Verdict.BLOCK),
        (Verdict.HOLD, Verdict.BLOCK, Verdict.BLOCK),
        (Verdict.HOLD, Verdict.WATCH, Verdict.WATCH),
        (Verdict.BLOCK, Verdict.WATCH, Verdict.BLOCK),
        (Verdict.ALLOW, Verdict.BLOCK, Verdict.ALLOW),
    ],
)
def test_what_streams_is_neither_held_nor_rewritten(
    verdict: Verdict, on_error: Verdict, expected: Verdict
) -> None:
    """Where a rule asks to redact or hold a body that is too large for it, the rule's on_error
    decides.
    """
    decision = settled(Decision(verdict=verdict, on_error=on_error, reason="Because."))

    assert decision.verdict is expected
    assert (decision.intended is verdict) == (verdict in {Verdict.REDACT, Verdict.HOLD})


def test_an_upload_that_its_client_breaks_off_is_on_record_as_far_as_it_got(
    start_gate: StartsGate,
) -> None:
    """A client that hangs up in the middle leaves a record of how much had left, and no whole
    one.
    """
    gate = start_gate(hold_bytes=10_000)
    head = b"PUT /big HTTP/1.1\r\nHost: files.example\r\nContent-Length: 5000000\r\n\r\n"
    with gate.connect("files.example") as talk:
        talk.sendall(head + b"x" * 2_000_000)
        assert arrived(gate) > 0

    record = closed(gate)
    assert 0 < record.request.bytes <= 2_000_000
    assert not record.request.complete
    assert gate.internet.arrivals == []


@pytest.mark.parametrize("end", [State.CLOSED, State.FAILED])
async def test_an_upload_is_still_cut_when_its_answer_was_over_before(
    gate: RunningGate, end: State
) -> None:
    """A server that has answered gets no secret after it, nor where the gate failed on its
    answer.
    """
    inspection = gate.addon.inspection
    exchange = Exchange(
        id="a",
        at=utc_now(),
        scheme="https",
        host="files.example",
        port=443,
        method="PUT",
        path="/big",
        body_bytes=900_000,
        complete=False,
    )
    transaction = Transaction("a")
    seen = gate.classifier.on_headers(exchange)
    transaction.decide(exchange, UNATTRIBUTED, seen, _allowed())
    transaction.journal()
    transaction.pass_on()
    tap = UploadTap(transaction, exchange, inspection.deciding, lambda *_: None, lambda _: None)
    transaction.answer()
    if end is State.CLOSED:
        transaction.close(asyncio.get_running_loop().create_future())
    else:
        transaction.fail(Decision(verdict=Verdict.BLOCK))
    for chunk, stopped in ((b"x" * 200_000, False), (WORD + b"x" * 200_000, True)):
        tap.take(chunk)
        await tap.inspect()
        tap.take(None)
        await tap.inspect()
        assert WORD not in tap.release()
        assert transaction.stopped is tap.stopped is stopped
    assert transaction.state is end
