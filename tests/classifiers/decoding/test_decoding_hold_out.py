"""Values in bodies of kinds that nobody had thought of before: found, or said to be unread."""

import base64
import json

import pytest
from families import with_each
from hold_out_bodies import BEYOND, BINARY, IBAN, LINE, TEXTUAL, carriers_of_bytes, carriers_of_text
from made_up_traffic import exchange

from classifiers.engine import Engine, EngineSetup, build_worker
from core.classification import Classification
from core.exchange import Exchange
from core.organisation import Organisation
from core.vocabulary.unread import unread_text

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
WORKER, INLINE = build_worker(SETUP), Engine(SETUP)
KEY = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


def seen_in(sent: Exchange) -> Classification:
    """As the gate does: on the loop, and in a worker where that waits for one."""
    seen = INLINE.classify(sent)
    return WORKER.classify(sent) if seen.deferred else seen


def is_told(seen: Classification) -> bool:
    return any(f.kind == "iban" for f in seen.findings) or bool(unread_text(seen.findings))


def kinds(sent: Exchange) -> list[str]:
    return [f.kind for f in seen_in(sent).findings]


@with_each("name", [name for name in TEXTUAL if name not in BEYOND])
def test_a_text_that_is_written_otherwise_is_told(name: str) -> None:
    """As a body, a field, a prompt and a file."""
    kind, write = TEXTUAL[name]
    for carrier, sent in carriers_of_text(kind, write(LINE)):
        assert is_told(seen_in(sent)), carrier


@with_each("name", [name for name in BINARY if name not in BEYOND])
def test_a_text_in_a_file_is_told(name: str) -> None:
    """Whatever the file is called, and however it is packed."""
    for carrier, sent in carriers_of_bytes(BINARY[name](LINE)):
        assert is_told(seen_in(sent)), carrier


@pytest.mark.parametrize(
    "text",
    [
        f"iban_{IBAN.decode()}.pdf",
        f"_{IBAN.decode()}",
        f"x_{IBAN.decode()}_y",
        f"{IBAN.decode()}_2026",
        f"a\u200b{IBAN.decode()}",
        f"{IBAN.decode()}\u2060a",
        f"Do\xadnau\xad{IBAN.decode()}",
        f"a\0{IBAN.decode()}",
        f"{IBAN.decode()}\x7fa",
        f"a\b{IBAN.decode()}",
    ],
)
def test_what_a_line_below_or_an_unseen_sign_parts_is_a_word(text: str) -> None:
    """An account number in the name of a file or behind a soft hyphen is one."""
    assert kinds(exchange(json.dumps({"note": text}))) == ["iban"]
    assert kinds(exchange(b"{}", headers={"x-note": text})) == ["iban"]
    assert kinds(exchange(text, "text/plain"))[:1] == ["iban"]


@pytest.mark.parametrize("text", [f"prod_{KEY}", f"{KEY}_old", f"x_{KEY}_y", f"a\u200b{KEY}"])
def test_keys_behind_a_line_below_are_told(text: str) -> None:
    """As environments and files name them."""
    assert kinds(exchange(json.dumps({"note": text}))) == ["secret"]


@pytest.mark.parametrize(
    ("text", "kind"), [("bsn_111222333.pdf", "nl_bsn"), ("card_4012001037141112", "credit_card")]
)
def test_numbers_behind_their_names_are_told(text: str, kind: str) -> None:
    """What the name announces."""
    assert kinds(exchange(json.dumps({"file": text}))) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "IMG_4929123456789012.png",
        "1234_4012001037141112_n.jpg",
        "order_123456789",
        "customer_4012001037141112",
        "x_DE02120300000000202052_y",
        "build_20261127_101112",
        "__init__",
        "Donau\xaddampf\xadschiff",
        "v\u200b1.2.3\u200brc1",
    ],
)
def test_other_words_with_lines_below_are_no_values(text: str) -> None:
    """Names of pictures and builds, numbers of orders, words with soft hyphens."""
    assert kinds(exchange(json.dumps({"file": text}))) == []


def test_a_name_of_a_cookie_is_read() -> None:
    """As names of other fields are."""
    assert kinds(exchange(b"{}", headers={"cookie": f"a=1; {IBAN.decode()}=1"})) == ["iban"]
    encoded = base64.urlsafe_b64encode(IBAN).decode().rstrip("=")
    assert kinds(exchange(b"{}", headers={"cookie": f"{encoded}=1"})) == ["iban"]
    assert kinds(exchange(b"{}", headers={"cookie": "session_id=1; _ga_ABC123DEF4=GS1"})) == []


def test_a_short_message_in_a_binary_header_is_read() -> None:
    """gRPC writes messages in base64 into headers that end with -bin."""
    message = b"\x0a\x1b\x08\x96\x01\x12\x16" + IBAN + b"\x10\x01"
    headers = {"x-note-bin": base64.b64encode(message).decode()}
    assert kinds(exchange(b"{}", headers=headers)) == ["iban"]
    noise = bytes(range(128, 160)) * 4
    assert kinds(exchange(b"{}", headers={"x-note-bin": base64.b64encode(noise).decode()})) == []


def test_numbers_in_fields_of_one_name_are_letters() -> None:
    """A list of bytes as a form or an address writes it."""
    path = "/?" + "&".join(f"q[]={byte}" for byte in IBAN)
    assert kinds(exchange(b"", path=path, method="GET")) == ["iban"]
    ages = "/?" + "&".join(f"age={20 + n % 40}" for n in range(40))
    assert kinds(exchange(b"", path=ages, method="GET")) == []


def test_the_beyond_is_named_rightly() -> None:
    """What is beyond the published line is a body of this set."""
    assert set(BEYOND) <= set(TEXTUAL) | set(BINARY)
