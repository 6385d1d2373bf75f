"""An organisation's own recognisers in Presidio's YAML: read strictly, bounded in time, without any
network.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from classifiers.payload import Payload, Segment
from classifiers.personal.prose.presidio import MAX_TEXT, OrganisationRecognisers, build_analyzer
from classifiers.personal.prose.recogniser_files import (
    kind_of,
    parse_recognisers,
    read_recogniser_file,
)
from core.errors import SettingsError

OWN = r"""
recognizers:
  - name: Employee numbers
    supported_entity: EMPLOYEE_ID
    supported_language: en
    patterns:
      - {name: staff, regex: '\bEMP-\d{6}\b', score: 0.6}
  - name: Weak tickets
    supported_entity: CASE_NUMBER
    patterns: [{name: number, regex: '\b\d{7}\b', score: 0.2}]
    context: [case, matter]
  - name: Projects
    supported_entity: PROJECT
    supported_languages: [en, de]
    deny_list: [Bluebird, Nightjar]
  - name: Off
    supported_entity: OFF
    enabled: false
    deny_list: [anything]
"""


@pytest.fixture(scope="module")
def recognisers() -> OrganisationRecognisers:
    return OrganisationRecognisers(parse_recognisers(OWN))


def found(
    recognisers: OrganisationRecognisers, text: str, key: str | None = None
) -> list[tuple[str, str]]:
    hits = recognisers.detect(Payload(segments=[Segment(text, key)]))
    return sorted((hit.kind, text[hit.start : hit.end]) for hit in hits)


def test_own_patterns_and_words_are_found(recognisers: OrganisationRecognisers) -> None:
    """Patterns and words of the organisation's file are found under their own kind."""
    assert found(recognisers, "EMP-123456 works on Nightjar") == [
        ("employee_id", "EMP-123456"),
        ("project", "Nightjar"),
    ]
    assert found(recognisers, "anything else: EMP-12") == []


def test_context_word_lifts_a_weak_pattern(recognisers: OrganisationRecognisers) -> None:
    """A weak pattern counts only beside its context words, in the text or in the key."""
    assert found(recognisers, "there are 1234567 rows") == []
    assert found(recognisers, "see case 1234567 please") == [("case_number", "1234567")]
    assert found(recognisers, "1234567", "matterNumber") == [("case_number", "1234567")]


def test_long_text_is_read_in_overlapping_pieces(recognisers: OrganisationRecognisers) -> None:
    """A value at a border between pieces is found once."""
    text = "x " * ((MAX_TEXT - 6) // 2) + "EMP-123456 " + "y " * MAX_TEXT + "EMP-654321"
    assert [value for _, value in found(recognisers, text)] == ["EMP-123456", "EMP-654321"]


@pytest.mark.timeout(60)
def test_pattern_that_takes_too_long_is_said_not_to_have_read_the_text() -> None:
    """A catastrophic pattern is cut off, and the payload says that it was not inspected by it."""
    slow = parse_recognisers(
        "recognizers: [{supported_entity: X, patterns: [{name: slow, regex: '(a|aa|a?)+$', score:"
        " 0.9}]}]"
    )
    payload = Payload(segments=[Segment("a" * 4000 + "!", None)])
    assert OrganisationRecognisers(slow).detect(payload) == []
    assert "'slow' took too long" in payload.unread[0].reason


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("recognizers:\n  - a: b: c\n", "recognisers:2:9: this is not YAML"),
        ("other: 1", "no list"),
        ("recognizers: [{name: CreditCardRecognizer, type: predefined}]", "only own"),
        ("recognizers: [{supported_entity: X}]", "needs `patterns`"),
        ("recognizers: [{patterns: [{regex: a}]}]", "supported_entity"),
        ("recognizers: [{supported_entity: X, patterns: [{regex: '('}]}]", "no regular expression"),
        ("recognizers: [{supported_entity: X, patterns: [{regex: a, score: 7}]}]", "from 0 to 1"),
    ],
)
def test_wrong_file_is_refused_with_the_entry_named(text: str, complaint: str) -> None:
    """A mistake in the file is told with its place, before anything runs."""
    with pytest.raises(SettingsError, match=complaint):
        parse_recognisers(text)


def test_file_is_read_by_name(tmp_path: Path) -> None:
    """The file's name stands in the complaint."""
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    assert [entry.kind for entry in read_recogniser_file(path)] == [
        "employee_id",
        "case_number",
        "project",
    ]
    with pytest.raises(SettingsError, match=r"missing\.yaml"):
        read_recogniser_file(tmp_path / "missing.yaml")


def test_known_entities_get_our_names() -> None:
    """Presidio's names of known kinds become ours; others are written in lower snake case."""
    assert [kind_of(e) for e in ("EMAIL_ADDRESS", "Employee Id", "US_SSN")] == [
        "email",
        "employee_id",
        "us_ssn",
    ]


def test_analyzer_holds_no_recogniser_of_presidios_own() -> None:
    """Only the organisation's are registered; none of the stock ones."""
    analyzer = build_analyzer(parse_recognisers(OWN))
    names = {type(recogniser).__name__ for recogniser in analyzer.registry.recognizers}
    assert names == {"PatternRecognizer"}
    results = analyzer.analyze("mail jane.roe@contoso.com, EMP-123456", language="en")
    assert {result.entity_type for result in results} == {"EMPLOYEE_ID"}
    with pytest.raises(ValueError, match="without recognisers"):
        build_analyzer(())


_OFFLINE = """
import socket
def refuse(*args, **kwargs):
    raise SystemExit("network was used")
class Blocked(socket.socket):
    connect = connect_ex = sendto = refuse
socket.socket = Blocked
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse
from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from classifiers.personal.prose.names import shared_recogniser
from classifiers.personal.prose.presidio import OrganisationRecognisers, build_analyzer
from classifiers.personal.prose.recogniser_files import parse_recognisers
entries = parse_recognisers("recognizers: [{supported_entity: P, deny_list: [Nightjar]}]")
text = "Please mail jane.roe@contoso.com or Peter Okafor about Nightjar, see https://contoso.com/x"
payload = Payload(segments=[Segment(text, "content")])
assert len(PersonalDetector().detect(payload)) == 1
assert len(OrganisationRecognisers(entries).detect(payload)) == 1
assert len(build_analyzer(entries).analyze(text, language="en")) == 1
assert len(shared_recogniser().detect(payload)) == 1
print("quiet")
"""


def test_nothing_touches_the_network(tmp_path: Path) -> None:
    """With every socket call refused, the fast path, the names model and Presidio still do all
    their work.
    """
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "quiet"), done.stderr[-2000:]
