"""Large uploads: found wherever it lies, counted once, unpacked for reading only, and honest about
what was not read."""

import asyncio
import gzip
import zlib
from dataclasses import replace
from typing import Any

import brotli
import httpx
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.uploads.cutting import OVERLAP, Windows, holds_document, is_document, without
from classifiers.uploads.unpacking import PIECE, Unpacker
from core.attribution import UNATTRIBUTED
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.findings import Confidence, Finding
from core.ids import utc_now
from proxy.life_cycle import State
from proxy.transaction import Transaction
from proxy.uploads import WINDOW, UploadTap, settled

WORD = b"TOP-SECRET"
PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
}


def counting(gate: Any) -> None:
    """Let the classifier count how often the marked word occurs, and the policy let it pass."""
    plain = gate.classifier.classify

    def classify(exchange: Any) -> Any:
        seen, count = plain(exchange), exchange.body.count(WORD)
        return replace(seen, findings=tuple(replace(f, count=count) for f in seen.findings))

    gate.classifier.classify = classify
    gate.policy.decide = lambda s: (
        Decision(verdict=Verdict.WATCH, rule="seen") if s.findings else _allowed()
    )


def _allowed() -> Decision:
    return Decision(verdict=Verdict.ALLOW)


def put(gate: Any, body: Any, **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=60
    ) as client:
        return client.put("https://files.example/big", content=body, headers=fields)


def closed(gate: Any) -> Any:
    import time

    deadline = time.monotonic() + 10
    while not gate.evidence.closed:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return gate.evidence.closed[-1]


def arrived(gate: Any) -> int:
    """Return how many bytes reached the upstream, once it has counted any."""
    import time

    deadline = time.monotonic() + 10
    while not gate.internet.bytes_received and time.monotonic() < deadline:
        time.sleep(0.01)
    return int(gate.internet.bytes_received)


def total(gate: Any) -> int:
    return sum(f.count for f in closed(gate).findings if f.kind == "secret")


def test_a_value_is_counted_once_wherever_it_lies(start_gate: Any) -> None:
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
def test_a_value_split_over_a_boundary_cuts_the_stream(start_gate: Any, position: int) -> None:
    """However a value is split between two windows, no part of it beyond what was scanned leaves."""
    gate = start_gate(hold_bytes=10_000)
    body = b"a" * (2 * WINDOW - position) + WORD + b"b" * 400_000
    answer = put(gate, body)

    assert answer.status_code == 403
    assert gate.internet.bytes_received <= 2 * WINDOW - position
    assert total(gate) == 1


@pytest.mark.parametrize("coding", PACK)
def test_packed_bodies_are_read_and_sent_as_they_came(start_gate: Any, coding: str) -> None:
    """A compressed upload is unpacked to be read; what arrives is byte for byte what was sent."""
    import random

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


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_secret_in_a_packed_body_cuts_it(start_gate: Any, coding: str) -> None:
    """Compression hides nothing from a rule."""
    import random

    gate = start_gate(hold_bytes=10_000)
    body = PACK[coding](
        random.Random(3).randbytes(300_000) + WORD + random.Random(4).randbytes(300_000)
    )
    answer = put(gate, body, content_encoding=coding)

    assert answer.status_code == 403
    assert gate.internet.bytes_received < 310_000


@pytest.mark.parametrize("chunked", [False, True])
def test_a_secret_at_the_very_end_is_not_completed(start_gate: Any, chunked: bool) -> None:
    """A request cut by its last bytes reaches the destination as a broken one, never as a complete
    one."""
    gate = start_gate(hold_bytes=10_000)
    body = b"x" * 300_000 + WORD
    answer = put(gate, iter([body]) if chunked else body)

    assert answer.status_code == 403
    assert all(len(arrival.body) < len(body) - len(WORD) for arrival in gate.internet.arrivals)
    assert gate.internet.bytes_received < 300_000
    assert not closed(gate).request.complete


def test_a_bomb_is_named_and_not_unpacked(start_gate: Any) -> None:
    """A body that unpacks to far more than it is, is not read to its end; rules on content then
    refuse it."""
    gate = start_gate(hold_bytes=10_000)
    answer = put(gate, gzip.compress(b"\0" * 40_000_000), content_encoding="gzip")

    assert answer.status_code == 403
    record = closed(gate)
    assert record.decision.degraded == ("content-encoding: it unpacks to more than is read",)
    assert [f.note for f in record.findings] == ["it unpacks to more than is read"]


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"PK\x03\x04", "application/octet-stream"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PAR1", ""),
        (
            b"--b\r\ncontent-disposition: form-data\r\n\r\nPK\x03\x04",
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_a_large_document_is_not_passed_as_read(
    start_gate: Any, head: bytes, content_type: str
) -> None:
    """A large archive or workbook cannot be read while it passes: the record says so and content
    rules refuse it."""
    gate = start_gate(hold_bytes=10_000)
    answer = put(gate, head + b"x" * 500_000, content_type=content_type)

    assert answer.status_code == 403
    assert gate.internet.bytes_received == 0
    record = closed(gate)
    assert [f.kind for f in record.findings] == ["not_inspected"]
    assert record.decision.degraded[0].startswith("documents: ")


def test_unread_documents_pass_where_no_rule_minds(start_gate: Any) -> None:
    """Where no rule looks at the content a large document passes, and its record says that it was
    not read."""
    gate = start_gate(hold_bytes=10_000)
    gate.policy.decide = lambda s: _allowed()
    body = b"PK\x03\x04" + b"x" * 500_000
    answer = put(gate, body)

    assert answer.json()["received"] == len(body)
    assert [f.kind for f in closed(gate).findings] == ["not_inspected"]


def test_headers_are_not_counted_with_every_window(start_gate: Any) -> None:
    """What stands in a header or the address is inspected once, not with every window of the body."""
    gate = start_gate(hold_bytes=10_000)
    scanned: list[Any] = []
    classify = gate.classifier.classify
    gate.classifier.classify = lambda exchange: scanned.append(exchange) or classify(exchange)
    put(gate, b"x" * 500_000, x_token="abc")

    assert [e.header("x-token") for e in scanned if e.header("x-token")] == ["abc"]
    assert {e.path for e in scanned[1:]} == {"/"}


def test_volume_rules_see_the_size_as_it_grows(start_gate: Any) -> None:
    """A rule on the size of a request holds for a body of unstated size as soon as it is that
    large."""
    gate = start_gate(hold_bytes=10_000)
    blocked = Decision(verdict=Verdict.BLOCK, rule="too-much")
    gate.policy.decide = lambda s: blocked if s.request_bytes >= 300_000 else _allowed()
    answer = put(gate, iter([b"x" * 50_000] * 20))

    assert answer.status_code == 403
    assert 0 < arrived(gate) <= 300_000


def test_programs_outside_the_scope_are_only_measured(start_gate: Any) -> None:
    """Large uploads of programs that are none of Outgate's business pass unread."""
    gate = start_gate(hold_bytes=10_000, inspect_others=False)
    attribute = gate.attributor.attribute_now
    gate.attributor.attribute_now = lambda c: replace(attribute(c), is_python=False)
    answer = put(gate, b"x" * 300_000 + WORD)

    assert answer.status_code == 200
    assert closed(gate).findings == ()


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
    decides."""
    decision = settled(Decision(verdict=verdict, on_error=on_error, reason="Because."))

    assert decision.verdict is expected
    assert (decision.intended is verdict) == (verdict in {Verdict.REDACT, Verdict.HOLD})


@given(
    st.binary(max_size=3000),
    st.lists(st.integers(1, 700), max_size=20),
    st.sampled_from(sorted(PACK)),
)
@settings(max_examples=60, deadline=None)
def test_unpacking_does_not_depend_on_how_it_comes(
    plain: bytes, sizes: list[int], coding: str
) -> None:
    """However a compressed body is split on its way, the same comes out of it."""
    packed, unpacker, out = PACK[coding](plain), Unpacker(coding), b""
    for size in [*sizes, len(packed)]:
        out += b"".join(unpacker.feed(packed[:size]))
        packed = packed[size:]

    assert (out, unpacker.trouble) == (plain, None)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_chunk_frames_of_storage_services_are_taken_off(parts: list[bytes], step: int) -> None:
    """The frames that S3 clients put around pieces of a body do not split the values in it."""
    framed = (
        b"".join(b"%x;chunk-signature=ab\r\n%b\r\n" % (len(p), p) for p in parts)
        + b"0\r\nx-amz-checksum:1\r\n\r\n"
    )
    unpacker = Unpacker("aws-chunked")
    out = b"".join(
        piece
        for at in range(0, len(framed), step)
        for piece in unpacker.feed(framed[at : at + step])
    )

    assert (out, unpacker.trouble) == (b"".join(parts), None)


@pytest.mark.parametrize(
    ("coding", "data", "trouble"),
    [
        ("gzip", b"no gzip at all", "broken"),
        ("br", b"\xff" * 100, "broken"),
        ("zstd", b"nothing", "broken"),
        ("aws-chunked", b"zz\r\n", "broken"),
        ("aws-chunked", b"1" * 2000, "broken"),
        ("gzip, br", b"", "cannot be undone"),
        ("compress", b"", "cannot be undone"),
    ],
)
def test_what_cannot_be_unpacked_says_why(coding: str, data: bytes, trouble: str) -> None:
    """A broken or unknown compression is named, and nothing is made up of it."""
    unpacker = Unpacker(coding)

    assert b"".join(unpacker.feed(data)) == b""
    assert trouble in (unpacker.trouble or "")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_stop_early(coding: str) -> None:
    """A compression bomb is given up after a bounded amount."""
    unpacker = Unpacker(coding)
    sizes = [len(piece) for piece in unpacker.feed(PACK[coding](b"\0" * 60_000_000))]

    assert unpacker.trouble == "it unpacks to more than is read"
    assert sum(sizes) < 60_000_000
    assert max(sizes) <= PIECE


@given(st.text(min_size=1, max_size=4000), st.integers(1, 900))
@settings(max_examples=60, deadline=None)
def test_no_character_is_split_between_windows(text: str, step: int) -> None:
    """Every window is whole text, so none is mistaken for binary data."""
    data, windows = text.encode(), Windows("text/plain")
    for at in range(0, len(data), step):
        window, again = windows.next(data[at : at + step])
        window.decode("utf-8")
        again.decode("utf-8")


def test_columns_keep_their_names() -> None:
    """Every window of a table begins with the table's own header, and with a whole row."""
    windows = Windows("text/csv; charset=utf-8")
    row = b"1234567890,abcdefghij\n"
    first, _ = windows.next(b"number,name\n" + row * 1000)
    second, again = windows.next(row * 1000)

    assert first.startswith(b"number,name\n1234567890")
    assert second.startswith(b"number,name\n1234567890,")
    assert again.startswith(b"number,name\n1234567890,")
    assert first.count(row) + second.count(row) - windows_overlap(row) == 2000


def windows_overlap(row: bytes) -> int:
    """How many whole rows the second window repeats."""
    return OVERLAP // len(row)


def finding(count: int, *marks: str, kind: str = "iban") -> Finding:
    return Finding(
        kind=kind,
        detector="d",
        confidence=Confidence.CERTAIN,
        count=count,
        distinct=len(marks),
        fingerprints=marks,
    )


def test_what_will_be_found_again_is_taken_off() -> None:
    """Of what two windows share, one copy counts."""
    kept = without(
        [finding(5, "a", "b", "c"), finding(1, "x", kind="email")],
        [finding(2, "c"), finding(9, kind="us_ssn")],
    )

    assert [(f.kind, f.count, f.distinct, f.fingerprints) for f in kept] == [
        ("iban", 3, 2, ("a", "b")),
        ("email", 1, 1, ("x",)),
    ]
    assert without([finding(2, "a")], [finding(2, "a")]) == ()


@pytest.mark.parametrize("body", [b"", b"PK", b"id,name\nPK\x03\x04", b"hello %PDF-", b'{"a": 1}'])
def test_text_is_no_document(body: bytes) -> None:
    """A body is held for a document only when it begins as one."""
    assert not is_document(body)
    assert not holds_document(body)


def test_an_upload_that_its_client_breaks_off_is_on_record_as_far_as_it_got(
    start_gate: Any,
) -> None:
    """A client that hangs up in the middle leaves a record of how much had left, and no whole one."""
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
    gate: Any, end: State
) -> None:
    """A server that has answered gets no secret after it, nor where the gate failed on its answer."""
    inspection = gate.gate.addon.inspection
    exchange = Exchange(
        id="a", at=utc_now(), scheme="https", host="files.example", port=443, method="PUT",
        path="/big", body_bytes=900_000, complete=False,
    )  # fmt: skip
    transaction = Transaction("a")
    seen = gate.classifier.on_headers(exchange)
    transaction.decide(exchange, UNATTRIBUTED, seen, _allowed())
    transaction.journal()
    transaction.pass_on()
    tap = UploadTap(transaction, exchange, inspection.deciding, lambda *_: None)
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
