"""What the detectors can find, and the vocabulary: the two cannot drift apart."""

import ast
import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from families import with_each
from made_up_traffic import upload

from classifiers.credentials.detector import CredentialDetector
from classifiers.engine import Engine, EngineSetup
from classifiers.payload import Payload, Segment
from classifiers.personal.detector import PersonalDetector
from classifiers.personal.prose import names, recogniser_files
from classifiers.personal.scan import labelled, letters, published
from classifiers.personal.scan.checks import CHECKS
from classifiers.personal.scan.shapes import READINGS
from classifiers.personal.tables import joining, phrases
from classifiers.personal.tables.keyed import KEYED
from classifiers.personal.vocabulary import ANY_NATIONAL_ID, BESIDE_A_PERSON, NEGATIVE
from core.findings import NOT_INSPECTED
from core.organisation import Organisation
from core.vocabulary.kinds import FINDABLE, GROUPS, KINDS, Finder

PACKAGE = Path(__file__).resolve().parents[2] / "classifiers"
READ = {reading.kind for readings in READINGS.values() for reading in readings}
LETTERS = {kind for kind, _, _ in (*letters._LETTERS_FIRST, *letters._LETTERS_INSIDE)}
TABLES = {
    "checks": CHECKS,
    "forms of numbers": READ,
    "forms with letters": LETTERS,
    "keys": KEYED,
    "labels": labelled._PLACE_KINDS,
    "phrases": phrases.PHRASES.keys() - NEGATIVE - {"name", ANY_NATIONAL_ID, BESIDE_A_PERSON},
    "national ids": phrases.NATIONAL_ID_KINDS,
    "published values": published._VALUES,
    "columns that tell people apart": joining._IDENTIFYING,
    "Presidio's names": recogniser_files._KINDS.values(),
    "names in prose": names._GAP,
}
"""The tables from which the detectors take the kinds that they report."""


@pytest.mark.parametrize("table", TABLES)
def test_every_kind_of_a_detectors_table_is_in_the_vocabulary(table: str) -> None:
    """A kind that a detector can report has words, a weight and groups, and rules may name it."""
    assert set(TABLES[table]) - FINDABLE == set()


REPORTING = {"Hit", "Finding", "confirm", "judge", "refuse", "is_named", "_Span"}
"""Calls whose first argument, or whose `kind`, is the kind of a finding."""


def literal_kinds() -> Iterable[tuple[str, str]]:
    """Kinds that are written out where a detector reports."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in REPORTING:
                continue
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "kind")]
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield path.name, value.value


def test_every_kind_that_is_written_where_it_is_reported_is_in_the_vocabulary() -> None:
    """No detector invents a kind on the spot."""
    written = set(literal_kinds())
    assert {kind for _, kind in written} >= {"email", "phone", "iban", "ip_address", "person"}
    assert {(where, kind) for where, kind in written if kind not in FINDABLE} == set()


def test_national_ids_are_the_same_to_detectors_and_rules() -> None:
    """What a label “national id” announces is in the group of that name."""
    assert GROUPS["national_id"] >= phrases.NATIONAL_ID_KINDS


VALUES = {
    "person": "Jane Roe",
    "address": "12 High Street, Leeds",
    "date_of_birth": "1981-03-12",
    "passport": "X1234567",
    "driving_licence": "D1234567",
    "medical_record": "00123456",
    "health_id": "XYZ123456789",
    "bank_account": "12345678",
    "health_data": "Type 2 diabetes",
    "special_category": "Catholic",
    "email": "jane.roe@acme.example",
    "phone": "+44 171 496 0123",
    "ip_address": "81.2.69.142",
    "in_gstin": "27AAPFU0939F1ZV",
    "ie_pps": "1234567FA",
    "fi_hetu": "131052-308T",
    "pl_pesel": "44051401359",
    "ca_sin": "130692544",
    "in_voter_id": "WKH1186253",
    "it_identity_card": "CA12345AA",
}


def value_of(kind: str) -> str:
    """A value that passes the kind's own check: published, made up here, or searched for."""
    if kind in VALUES:
        return VALUES[kind]
    if kind in published._VALUES:
        return min(published._VALUES[kind])
    rng = random.Random(kind)
    lengths = [
        ord(s) - 48 for s, found in READINGS.items() if len(s) == 1 for r in found if r.kind == kind
    ]
    for _ in range(200_000):
        digits = "".join(rng.choice("0123456789") for _ in range(rng.choice(lengths)))
        if CHECKS[kind](digits) is not None and len(set(digits)) > 3:
            return digits
    raise AssertionError(f"no value of {kind} was found")


@with_each("kind", sorted(k for k in FINDABLE if Finder.PERSONAL in KINDS[k].found_by))
def test_personal_data_that_a_rule_may_name_is_found(kind: str) -> None:
    """A value under a key that says what it is comes out as that very kind."""
    key = phrases.PHRASES[kind].split(",")[0]
    hits = PersonalDetector().detect(Payload(segments=[Segment(value_of(kind), key, (key,))]))
    assert kind in {hit.kind for hit in hits}


def test_names_in_prose_are_the_kinds_said_to_be_found_so() -> None:
    """The model for names reports these and no others."""
    assert set(names._GAP) == {k for k in FINDABLE if Finder.NAMES in KINDS[k].found_by}


def test_credentials_and_own_words_are_found_as_said() -> None:
    """A credential, a canary token and a word that the organisation lists."""
    ours = Organisation(words=("Project Basalt",), canaries=("canary-7f3a9c2e41",))
    detector = CredentialDetector(None, ours, long_tail=False)

    def kinds(text: str) -> set[str]:
        hits = detector.detect(Payload(segments=[Segment(text, "note", ("note",))]), "x.example")
        return {hit.kind for hit in hits}

    by_rule, by_list = (
        kinds("ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"),
        kinds("Project Basalt"),
    )
    assert kinds("canary-7f3a9c2e41") == {"secret"}
    finders = {Finder.CREDENTIALS, Finder.OWN_WORDS}
    assert by_rule | by_list == {k for k in FINDABLE if finders & KINDS[k].found_by}


def test_what_could_not_be_read_is_the_one_kind_of_reading() -> None:
    """A body that nothing can decode is reported as that."""
    unreadable = upload(bytes(range(256)) * 40, "x.bin", "application/octet-stream")
    engine = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    assert {f.kind for f in engine.classify(unreadable).findings} == {NOT_INSPECTED}
    assert {k for k in FINDABLE if Finder.READING in KINDS[k].found_by} == {NOT_INSPECTED}
