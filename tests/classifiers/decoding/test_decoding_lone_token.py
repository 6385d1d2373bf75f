"""A body that is one word of encoded letters is told as unread; names, ids and digests are not."""

import base64
import hashlib
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import exchange

from classifiers.decoding import decode, decode_message, lone_token
from classifiers.engine import Engine, EngineSetup
from core.exchange import Message
from core.organisation import Organisation
from core.vocabulary.unread import unread_text

IBAN = b"DE02120300000000202051"
TURNED = bytes(byte ^ (place * 7 + 3 & 255) for place, byte in enumerate(IBAN * 2))
"""In a cipher of one's own."""
ENGINE = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))

CODED = {
    "base64": base64.b64encode(TURNED).decode(),
    "base64, for addresses": base64.urlsafe_b64encode(TURNED).decode().rstrip("="),
    "base32": base64.b32encode(TURNED[:22][::-1]).decode(),
    "base85": base64.b85encode(TURNED).decode().replace("=", "-"),
    "hex": TURNED.hex(),
    "hex with colons": TURNED.hex(":"),
    "octal": "".join(f"{byte:03o}" for byte in TURNED),
    "a number": str(int.from_bytes(TURNED)),
    "base32 in fours": "irct-amrr-giyd-gmbq-gayd-ambq-gazd-amrq-guyq",
    "base64 in fours": ".".join(
        base64.b64encode(TURNED).decode()[at : at + 4] for at in range(0, 60, 4)
    ),
}
PLAIN = (
    str(uuid.UUID(int=2**127 + 12345)),
    uuid.UUID(int=2**127 + 12345).hex,
    hashlib.sha1(b"x").hexdigest(),
    hashlib.sha256(b"x").hexdigest(),
    hashlib.sha256(b"x").hexdigest()[:40],
    hashlib.sha256(b"x").digest().hex(":"),
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "fe80:0000:0000:0000:0202:b3ff:fe1e:8329",
    "session_expired_notification_sent",
    "com.example.service.HealthCheckController",
    "HealthCheckControllerServiceImplV2Test3",
    "/var/log/app-2026-11-28T05-30-00Z.log.gz",
    "2026-11-28T05:30:00.123456+00:00",
    "model-00001-of-00004.safetensors",
    "user_profile_picture_1234567890.png",
    "arn:aws:lambda:eu-central-1:123456789012:function:report-2",
    "https://files.corp.example/a/Qm3Zx81LpTt0aB7c?x=1",
    "192.168.100.100:8080/healthz/ready",
    "1.2.3.4.5.6.7.8.9.10.11.12",
    "state=0mVtX3sLqWb7RzKd2HfJ8nGaUe5TiOo1CxM",
    "a=1&b=2&page=3&sort=name&dir=asc&limit=100",
    "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR",
    "ACGTACGTACGTACGTACGTACGTACGTACGT",
    "((1+2)*3/4-5)%6+7*8+9*10-11",
    "metric.cpu.load:0.73|g|#host:web01",
    "123456789012345678901234567",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "Donaudampfschifffahrtsgesellschaft2026",
    "the quick brown fox is 1 of 26 letters",
)


def told(body: bytes | str, kind: str) -> bool:
    return bool(unread_text(ENGINE.classify(exchange(body, kind)).findings))


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain", ""])
@pytest.mark.parametrize("word", CODED.values(), ids=CODED.keys())
def test_a_body_that_is_one_coded_word_is_told_as_unread(word: str, kind: str) -> None:
    """With a line end behind it, too, and as a text of JSON; in a message of a WebSocket."""
    assert told(word, kind)
    assert told(word + "\n", kind)
    assert told(json.dumps(word), "application/json")
    assert decode_message(Message(data=word.encode(), text=True, from_client=True)).unread


@pytest.mark.parametrize("word", PLAIN)
def test_names_ids_and_digests_are_no_such_word(word: str) -> None:
    assert not told(word, "text/plain")
    assert not told(json.dumps(word), "application/json")


@pytest.mark.parametrize("word", CODED.values(), ids=CODED.keys())
def test_such_a_word_in_a_field_is_a_key_or_an_id(word: str) -> None:
    """As published: what stands beside others is not told so."""
    assert not told(json.dumps({"state": word}), "application/json")
    assert not lone_token.is_opaque(f"state {word} is set".encode())


def test_what_is_read_is_not_told_as_unread() -> None:
    """A word that decodes to a text, and one that is short."""
    said = base64.b64encode(b"Customer pays from " + IBAN).decode()
    findings = ENGINE.classify(exchange(said, "text/plain")).findings
    assert [finding.kind for finding in findings] == ["iban"]
    assert not told("Qm3Zx81LpTt0aB7c", "text/plain")


@given(st.binary(max_size=2_000))
def test_any_body_is_judged(body: bytes) -> None:
    """Never raises; what is no ASCII is none."""
    assert body.isascii() or not lone_token.is_opaque(body)
    decode(exchange(body, "text/plain"))


@given(st.lists(st.sampled_from("alpha beta gamma delta order item".split()), min_size=4))
def test_words_with_any_sign_between_are_names(words: list[str]) -> None:
    for sign in "-_./:+":
        assert not lone_token.is_opaque(sign.join(words).encode())
