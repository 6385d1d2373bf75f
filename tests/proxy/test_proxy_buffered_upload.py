"""Whole inspection: where a rule asks for it, nothing of a large body leaves before all of it was
read."""

import hashlib
import os
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from patience import eventually

from core.decision import Decision, Verdict
from core.errors import DegradedError
from core.findings import Confidence, Finding
from proxy.buffered_upload import WholeTap
from proxy.spool import PIECE
from tests.proxy.conftest import RunningGate, StartsGate

WORD = b"TOP-SECRET"


@pytest.fixture
def gate(start_gate: StartsGate, tmp_path: Path) -> Any:
    """A gate whose policy wants large bodies read whole."""
    (tmp_path / "kept").mkdir()
    running = start_gate(hold_bytes=10_000, spool_folder=tmp_path / "kept", spool_bytes=8 << 20)
    running.policy.whole = True
    return running


def put(gate: RunningGate, body: Any, **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context(), timeout=60
    ) as client:
        return client.put("https://files.example/big", content=body, headers=fields)


def closed(gate: RunningGate) -> Any:
    """Return the record, which may be closed a moment after the client has its answer."""
    return eventually(lambda: gate.evidence.closed)[-1]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [10_001, 300_000, 5 << 20])
def test_what_passes_arrives_as_it_was_sent(gate: RunningGate, chunked: bool, size: int) -> None:
    """A body that was kept and read goes out byte for byte."""
    body = os.urandom(size)
    answer = put(gate, iter([body[:7], body[7:]]) if chunked else body)

    assert answer.json()["received"] == size
    assert hashlib.sha256(gate.internet.arrivals[0].body).digest() == hashlib.sha256(body).digest()
    assert closed(gate).request.bytes == size
    assert closed(gate).request.complete


@pytest.mark.parametrize("chunked", [False, True])
def test_nothing_leaves_of_what_is_refused(gate: RunningGate, chunked: bool) -> None:
    """A secret in the very last bytes of a large body stops all of it: not one byte arrives."""
    body = b"x" * 3_000_000 + WORD
    answer = put(gate, iter([body]) if chunked else body)

    assert answer.status_code == 403
    assert gate.internet.bytes_received == 0
    assert gate.internet.arrivals == []
    record = closed(gate)
    assert record.request.bytes == len(body)
    assert record.decision.verdict is Verdict.BLOCK
    assert not any("had left" in note for note in record.notes)


def test_a_large_document_is_read_as_one(gate: RunningGate) -> None:
    """An archive that could not be read while it passes is read whole, by a worker, and passes when
    it is clean."""
    body = b"PK\x03\x04" + os.urandom(2_000_000)
    answer = put(gate, body)

    assert answer.json()["received"] == len(body)
    assert gate.pool.asked == 1
    assert closed(gate).findings == ()


@pytest.mark.parametrize(
    "start",
    [
        b"PK\x05\x06",
        b"BZh91AY&SY",
        b"\xfd7zXZ\x00",
        b"{\\rtf1 ",
        b"\x80\x04\x95\x00",
        b"\x80\x02}q",
        b"\xff\xff\xff\xff\x80\x00\x00\x00",
        b"ARROW1\0\0",
        b"Obj\x01",
        b"\x89HDF\r\n\x1a\n",
        b"ORC\x0a\x01\x02",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"a" * 257 + b"ustar\x00",
    ],
)
def test_every_kind_of_file_is_read_as_one(gate: RunningGate, start: bytes) -> None:
    """Whatever kind of file a large body is, where a rule wants it whole a worker reads it as
    one.
    """
    body = start + os.urandom(300_000)
    assert put(gate, body).json()["received"] == len(body)
    assert gate.pool.asked == 1


def test_a_packed_document_is_read_as_one(gate: RunningGate) -> None:
    """A workbook sent under a content-encoding is a workbook all the same."""
    body = zlib.compress(b"PK\x03\x04" + os.urandom(300_000))
    assert put(gate, body, content_encoding="deflate").json()["received"] == len(body)
    assert gate.pool.asked == 1


def test_a_secret_in_a_large_document_stops_it(gate: RunningGate) -> None:
    """What a worker finds in a large archive is decided on before anything leaves."""
    answer = put(gate, b"PK\x03\x04" + b"y" * 2_000_000 + WORD)

    assert answer.status_code == 403
    assert gate.internet.bytes_received == 0
    assert [f.kind for f in closed(gate).findings] == ["secret"]


def test_a_late_worker_is_no_pass(gate: RunningGate) -> None:
    """A document that no worker could read in time is not taken for a clean one."""
    gate.pool.late = True
    answer = put(gate, b"PK\x03\x04" + b"y" * 2_000_000)

    assert answer.status_code == 403
    assert gate.internet.bytes_received == 0
    assert [f.kind for f in closed(gate).findings] == ["not_inspected"]


def test_a_body_above_the_limit_is_refused_clearly(gate: RunningGate) -> None:
    """A body larger than is kept is refused, in words, and none of it leaves."""
    answer = put(gate, b"x" * (9 << 20))

    assert answer.status_code == 403
    assert "larger than 8 MB" in closed(gate).decision.reason
    assert gate.internet.bytes_received == 0


def test_a_missing_folder_is_refused_clearly(gate: RunningGate, tmp_path: Path) -> None:
    """Where the body cannot be kept at all, it is refused in words."""
    (tmp_path / "kept").rmdir()
    answer = put(gate, b"x" * 300_000)

    assert answer.status_code == 403
    assert "cannot be kept" in closed(gate).decision.reason
    assert gate.internet.bytes_received == 0


def test_rules_see_the_findings_of_the_whole_body(gate: RunningGate) -> None:
    """A count over the whole body decides, though no single window reaches it."""
    found = Finding(kind="email", detector="d", confidence=Confidence.CERTAIN, count=2, distinct=2)
    plain = gate.classifier.on_headers
    gate.classifier.classify = lambda exchange: (
        _with(plain(exchange), found) if b"mail" in exchange.body else plain(exchange)
    )
    gate.policy.decide = lambda situation: Decision(
        verdict=Verdict.BLOCK if sum(f.count for f in situation.findings) > 5 else Verdict.ALLOW,
        rule="many",
    )
    answer = put(gate, b"".join(b"mail" + b"." * 1_000_000 for _ in range(4)))

    assert answer.status_code == 403
    assert gate.internet.bytes_received == 0


def _with(seen: Any, found: Finding) -> Any:
    from dataclasses import replace

    return replace(seen, findings=(found,))


def test_small_bodies_are_not_kept(gate: RunningGate, tmp_path: Path) -> None:
    """A body that is held in memory anyway needs no file."""
    (tmp_path / "kept").rmdir()

    assert put(gate, b"x" * 9_000).status_code == 200


def test_a_kept_body_that_cannot_be_read_back_ends_broken_and_on_record(
    gate: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a body that went out is not taken for a whole one, there or in the evidence."""
    next_piece, asked = WholeTap.next_piece, []

    async def fails_later(self: WholeTap) -> None:
        asked.append(1)
        if len(asked) > 2:
            raise DegradedError("spool", "the kept body cannot be read back")
        await next_piece(self)

    monkeypatch.setattr(WholeTap, "next_piece", fails_later)
    answer = put(gate, b"x" * (5 << 20))

    assert answer.status_code == 403
    assert gate.internet.arrivals == []
    record = closed(gate)
    assert answer.headers["x-outgate-reference"] == record.id
    assert (record.request.bytes, record.request.complete) == (2 * PIECE, False)
    assert record.decision.degraded == ("hook: failed",)
    assert record.notes == ("the kept body could not be read back",)
