"""Every rule finds what it describes: a rule that finds nothing is noticed by whoever writes it."""

import base64
import random

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st
from pattern_samples import sample

from classifiers.credentials.detector import CredentialDetector
from classifiers.credentials.engines.engine import regex
from classifiers.credentials.rules.generic import GENERIC
from classifiers.credentials.rules.issued import issued_rules
from classifiers.credentials.rules.rule import Rule
from classifiers.credentials.rules.spoken import SPOKEN
from classifiers.credentials.rules.structures import STRUCTURES
from classifiers.payload import Payload, Segment
from tests.classifiers.credentials.test_credentials_detector import ASSIGNMENTS, PASSWORD, RUN

ISSUED = issued_rules()
OTHERS = (*STRUCTURES, *GENERIC)
SIGNED = "azure-shared-access-signature"
FRAMES = {SIGNED: "https://a.blob.core.windows.net/c?sv=2024-05-04&{}"}
"""What has to stand around a key of this form; else a sentence does."""
KEY = RUN[:40]
ARMOUR = "-----{} RSA PRIVATE " + "KEY-----"
CLAIMS = (
    "eyJ" + "hbGciOiJIUzI1NiJ9",
    "eyJ" + "zdWIiOiJzdmMtbGVkZ2VyIiwicm9sZSI6ImFkbWluIn0",
    RUN[:43],
)
WRITTEN = [
    *(frame.format(PASSWORD) for _, frame in ASSIGNMENTS),
    f"{ARMOUR.format('BEGIN')}\n{(RUN * 9)[:640]}\n{ARMOUR.format('END')}",
    f"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a\nPrivate-Lines: 1\n{RUN}\n",
    f"my key is {'.'.join(CLAIMS)} thanks",
    f"AccountKey={RUN[:86]}==",
    f"Endpoint=sb://a.servicebus.windows.net/;SharedAccessKey={RUN[:43]}=",
    f"aws_secret_access_key = {KEY}",
    f"aws_session_token = {(RUN * 4)[:300]}",
    "Authorization: Basic " + base64.b64encode(f"deploy:{PASSWORD}".encode()).decode(),
    f"root:$6$rounds=5000$saltsalt$:{'$6$' + 'Zk3vQ9xT$' + RUN[:86]}:19000",
    f"Authorization: Bearer {RUN[:48]}",
    f"Cookie: theme=dark; session_id={RUN[:40]}; lang=de",
    f"encryption_key = '{KEY}'",
    f"api_key: '{KEY}'",
    f"access_token {KEY} end",
    f'{{"db_password": "{PASSWORD}"\n}}',
]
"""Texts as people and programs write them, at least one for each rule that is no form of key."""


def found(detector: CredentialDetector, text: str) -> set[str]:
    """Return the types that are found in a text and count as real."""
    payload = Payload(segments=[Segment(text, "content")])
    hits = detector.detect(payload, "llm.example")
    return {hit.detector for hit in hits if not hit.test_data and not hit.rejected}


@pytest.mark.parametrize("at", range(len(ISSUED)), ids=[rule.name for rule in ISSUED])
def test_every_form_of_key_is_found(own_detector: CredentialDetector, at: int) -> None:
    """Keys made up by a rule's own pattern are found, and named as the rule says."""
    rule, rng = ISSUED[at], random.Random(at)
    frame = FRAMES.get(rule.name, "my key is {} thanks")
    texts = (frame.format(sample(rule.pattern, rng)) for _ in range(10))
    assert any(rule.name in found(own_detector, text) for text in texts)


@pytest.mark.parametrize("at", range(len(OTHERS)), ids=[rule.name for rule in OTHERS])
def test_every_other_rule_finds_a_text_of_its_kind(
    own_detector: CredentialDetector, at: int
) -> None:
    """A rule that goes by a secret's surroundings finds one of the texts above, by its own
    pattern.
    """
    rule = OTHERS[at]
    pattern = re2.compile(rule.confirm or rule.pattern)
    texts = [text for text in WRITTEN if pattern.search(text)]
    assert any(rule.name in found(own_detector, text) for text in texts), (
        "write a text of its kind beside the others"
    )


@pytest.mark.parametrize("rule", [rule for rule in SPOKEN if rule.confirm], ids=lambda r: r.name)
@given(data=st.data())
def test_what_a_rule_confirms_is_what_it_is_asked_for(rule: Rule, data: st.DataObject) -> None:
    """A pattern that is looked for first passes over nothing that the whole rule finds."""
    assert rule.confirm is not None
    told = data.draw(st.from_regex(rule.confirm.encode("latin-1")))
    if regex(rule.confirm).search(told) is not None:
        assert regex(rule.pattern).search(told) is not None


def test_a_password_that_is_set_in_a_sentence_is_found(own_detector: CredentialDetector) -> None:
    """Words may stand between what is done and what it is done to."""
    for text in (
        "please change the staging db password to Kx7!pwq2Lm now",
        "reset my admin passphrase for the vault to Kx7!pwq2Lm",
        "setze das Kennwort auf Kx7!pwq2Lm",
    ):
        payload = Payload(segments=[Segment(text, "content")])
        assert [hit.value for hit in own_detector.detect(payload, "a.example")] == ["Kx7!pwq2Lm"]
    told = Payload(segments=[Segment("the password is good to remember2 for all", "content")])
    assert not own_detector.detect(told, "a.example")
