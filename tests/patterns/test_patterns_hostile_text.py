"""No text from a payload or a script makes a pattern start over: what stopped the gate is read in
milliseconds.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cpu_time import TooSlow, cpu_limit

from attribution.identity.imports import Imports, read_imports
from attribution.identity.inline_metadata import InlineMetadata, read_inline_metadata
from attribution.line.frames import Program, is_library
from classifiers.credentials import CredentialDetector
from classifiers.decoding import decode
from classifiers.decoding.request_parts import file_name
from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from classifiers.redaction import Placeholders, Restorer
from classifiers.redaction.rewriting import rewrite
from classifiers.uploads.prefilter import regions
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation

pytestmark = pytest.mark.no_cover  # what is timed is not watched

SOON_S = 0.25
"""CPU time. What is meant is 5 ms; the rest is for a busy machine and for what the first call
loads.
"""


def exchange(body: bytes, content_type: str) -> Exchange:
    return Exchange(
        id="1",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        scheme="https",
        host="api.example.com",
        port=443,
        method="POST",
        path="/v1",
        headers=(("content-type", content_type),),
        body=body,
        body_bytes=len(body),
        complete=True,
    )


@pytest.fixture(scope="module")
def secrets() -> CredentialDetector:
    detector = CredentialDetector(None, Organisation(), long_tail=False)
    detector.warm()
    return detector


@pytest.fixture(scope="module")
def personal() -> PersonalDetector:
    detector = PersonalDetector()
    detector.detect(
        Payload(
            segments=[Segment("Anna Muster, a@example.com", "customer_name", ("customer_name",))]
        )
    )
    return detector


def soon[T](work: Callable[[], T], seconds: float = SOON_S) -> T:
    with cpu_limit(seconds):
        return work()


LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("key", ["api_key", "password", "client_secret"])
@pytest.mark.parametrize(
    "value",
    [
        LETTERS * 2 + "7",
        LETTERS.upper() * 2 + "7",
        "decryptStoredCredentialPasswordFromVault" * 2 + "9",
        "aB" * 60 + "1~",
        "__" + LETTERS * 4 + "!?.7",
        "a." * 60 + "7~",
        "[" * 120 + "a1~",
        "(" * 120 + "aB1~",
    ],
)
def test_a_value_under_a_secret_name_is_judged_at_once(
    secrets: CredentialDetector, key: str, value: str
) -> None:
    """Letters and a digit under the name of a secret stop nobody, in a field of its own or in
    prose.
    """
    segments = [Segment(value, key, (key,)), Segment(f"say {key} = {value} and", None, ())]
    soon(lambda: secrets.detect(Payload(segments=segments), "api.example.com", explain=True))


@pytest.mark.parametrize("key", ["customer_name", "patient", "last_name", "name"])
@pytest.mark.parametrize(
    "value", ["a" + " a" * 38 + " 1", "a" + " " * 76 + "1", "a" + " ." * 38 + "_", "é'" * 39 + "1"]
)
def test_a_value_under_a_name_is_judged_at_once(
    personal: PersonalDetector, key: str, value: str
) -> None:
    """Single letters and blanks under the key of a name stop nobody."""
    soon(lambda: personal.detect(Payload(segments=[Segment(value, key, (key,))])))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("close", ["", "# end", "# ///x", "#///"])
def test_a_block_that_is_never_closed_is_read_at_once(end: str, close: str) -> None:
    """A script whose metadata block never ends, with the line ends of any system, has no metadata
    and stops nobody.
    """
    source = ("# /// script" + end + ("# a = 1" + end) * 3000 + close + end).encode()
    assert soon(lambda: read_inline_metadata(source)) is None


def test_a_block_with_the_line_ends_of_windows_is_read() -> None:
    """A metadata block means the same with either line end."""
    source = (
        b'# /// script\r\n# requires-python = ">=3.12"\r\n#\r\n# dependencies = ["rich"]\r\n# ///'
        b" \t\r\nimport rich\r\n"
    )
    assert read_inline_metadata(source) == InlineMetadata(
        dependencies=("rich",), requires_python=">=3.12"
    )


def _block(text: str) -> bytes:
    return "".join(
        ["# /// script\n", *(f"# {line}\n" for line in text.split("\n")), "# ///\n"]
    ).encode()


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 60_000 + " = 1",
        '"="' + '."="' * 30_000 + " = 1",
        "x = {a" + ".a" * 60_000 + " = 1}",
        "a = " + "[" * 20_000,
        "a = " + "{a=" * 9_000,
        "a = " + "1" * 20_000,
        "[a.b]\n" * 20_000,
        "a = '" + "\\" * 60_000,
    ],
)
def test_a_block_that_no_reader_of_toml_can_bear_is_none(text: str) -> None:
    """Endless keys, nesting and numbers in a script's metadata are no statement, no error, and stop
    nobody.
    """
    assert soon(lambda: read_inline_metadata(_block(text))) is None


def test_a_block_with_many_dependencies_on_one_line_is_read() -> None:
    """What a real script says is read, however it is laid out."""
    found = read_inline_metadata(
        _block(f"dependencies = [{', '.join(f'"a{n}==1.2.3"' for n in range(90))}]")
    )
    assert found is not None
    assert len(found.dependencies) == 90


@pytest.mark.parametrize("end", ["", "\nimport os"])
@pytest.mark.parametrize(
    "name",
    [
        "a" + ".a" * 200_000,
        "a" + " . a" * 100_000,
        "a" + ".\\\n a" * 60_000,
        "é" + ".é" * 200_000,
        "a" + "\t.\fa" * 90_000,
    ],
)
@pytest.mark.parametrize("begin", ["import ", "from ", "x = 1; from ..."])
def test_an_import_of_an_endless_name_is_not_parsed(begin: str, name: str, end: str) -> None:
    """Python's own parser takes hours over a name with a million parts: such a source counts as
    unreadable at once.
    """
    source = f"{begin}{name}{' import b' if 'from' in begin else ''}{end}".encode()
    assert soon(lambda: read_imports(source)) == Imports(readable=False)


@pytest.mark.parametrize(
    "line", ["# " + "." * 5000, "x = '" + ". " * 5000 + "'", "import a" + ".a" * 400]
)
def test_dots_that_part_no_name_are_no_hindrance(line: str) -> None:
    """A ruler of dots in a comment makes no source unreadable."""
    assert (
        soon(lambda: read_imports(f"{line}\nimport requests\n".encode())).third_party[-1]
        == "requests"
    )


@pytest.mark.parametrize(
    "tag",
    [
        'x b="1" ' + "a" * 60_000,
        "x " + "a:" * 30_000 + " b='1'",
        "x b" + " " * 60_000 + "c='1'",
        "x " + "=" * 60_000,
        "x " + 'a="' * 20_001 + "a" * 60_000,
    ],
)
def test_a_tag_without_attributes_is_read_at_once(tag: str) -> None:
    """Letters where attributes belong are read once."""
    body = f"<r><{tag}>anna@example.com</x></r>".encode()
    payload = soon(lambda: decode(exchange(body, "application/xml")))
    assert any("anna@example.com" in segment.text for segment in payload.segments)


def test_attributes_are_read_with_blanks_and_either_quote() -> None:
    """Attributes count however they are spaced and quoted."""
    body = b"""<r a:mail = "a@example.com"x='1' name="Anna"  Muster=2 city='Bern'/>"""
    found = {(s.key, s.text) for s in decode(exchange(body, "text/xml")).segments}
    assert found >= {("mail", "a@example.com"), ("x", "1"), ("name", "Anna"), ("city", "Bern")}


@pytest.mark.parametrize(
    "cell",
    [
        "ab_" * 20_000 + ".",
        "a" * 60_000 + "-",
        "z9" * 30_000 + "!",
        "a." * 30_000 + "~",
        "(" * 60_000 + "A1",
    ],
)
def test_a_cell_under_a_secret_name_is_judged_at_once(
    secrets: CredentialDetector, cell: str
) -> None:
    """A column of passwords with one endless cell still shows the password beside it, and stops
    nobody.
    """
    text = f"Tr0ub4dor&3x\n{cell}\nS0mmer!2031x\n"
    segments = [Segment(text, "password", ("password",), tabular=True)]
    hits = soon(lambda: secrets.detect(Payload(segments=segments), "api.example.com"))
    assert [hit.value for hit in hits] == ["Tr0ub4dor&3x", "S0mmer!2031x"]


@pytest.mark.parametrize(
    "unit",
    ["phone a@a ", "tel: 12 ", "phone\n", "call us a@b ", "a@b.co 1.1.1.1 ", "+49 30 2345678 "],
)
def test_a_long_line_is_searched_once(unit: str) -> None:
    """A line without end, full of words for phones and of what may be an address, is read once."""
    text = (unit * (256_000 // len(unit))).encode()
    soon(lambda: regions(text, []), 1.5)


@pytest.mark.parametrize(
    "text",
    [
        "call\nphone mobile\n030 1234567 and",
        "phone\nphone\n030 1234567",
        "Phone of " + "a@b.co " * 40 + "is 030 1234567.",
        "tel. none, fax 030 1234567 and 030 7654321",
        "mobile\n" * 30 + "030 1234567",
    ],
)
def test_a_number_behind_a_word_for_phones_is_read(text: str) -> None:
    """However far behind its word a number stands on the line, or on the next one, the sieve lets
    it through.
    """
    data = text.encode()
    found = regions(data, [])
    assert found is not None
    for number in (b"030 1234567", b"030 7654321"):
        at = data.find(number)
        assert at < 0 or any(start <= at and at + len(number) <= end for start, end in found.lines)


@pytest.mark.parametrize("digits", ["1" * 5000, "0" * 5000, "0" * 5000 + "65"])
def test_a_character_with_thousands_of_digits_hides_nothing(digits: str) -> None:
    """A character reference that no program can read leaves the text beside it readable."""
    body = f"<a b='&#{digits};&#65;nna'>&#{digits};bob&#64;example.com</a>".encode()
    payload = soon(lambda: decode(exchange(body, "text/xml")))
    texts = " ".join(segment.text for segment in payload.segments)
    assert "Anna" in texts
    assert "bob@example.com" in texts
    assert payload.unread == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/upload/a.b.csv", "a.b.csv"),
        ("/x.zip/list", "x.zip"),
        ("/a.csv/b.tar.gz", "b.tar.gz"),
        ("/.csv", None),
        ("/a.csvx", None),
        ("/v1/a.json5/data", None),
        ("/" + "x" * 300 + ".pdf", "x" * 200 + ".pdf"),
        ("/a=b.xlsx", "b.xlsx"),
        ("/" + "." * 3000, None),
        ("/" + ".csv" * 800 + "x", None),
    ],
)
def test_the_file_name_in_a_path_is_read_at_once(path: str, name: str | None) -> None:
    """The last part of a path that reads as a file names the upload; dots without end stop
    nobody.
    """
    sent = replace(exchange(b"", "application/octet-stream"), path=path)
    assert soon(lambda: file_name(sent)) == name


@pytest.mark.parametrize(
    ("file", "installed"),
    [
        (r"C:\Program Files\Python312\Lib\json\decoder.py", True),
        (r"C:\Python312\Lib\json\decoder.py", True),
        (r"D:\python\a\Lib\x.py", True),
        (r"C:\Users\a\Lib\x.py", False),
        (r"C:\Users\Python\a\\Lib\x.py", False),
        (r"C:\Users\Python\Lib", False),
        ("C:" + "\\Python" * 30_000 + "\\x.py", False),
    ],
)
def test_files_of_python_on_windows_are_known_at_once(file: str, installed: bool) -> None:
    """A frame in the standard library of Windows is not the user's line, however long its path
    is.
    """
    program = Program(strings_are_own=False, absolute=str)
    assert soon(lambda: is_library(file, program)) is installed


def test_values_under_an_endless_key_are_read_once(secrets: CredentialDetector) -> None:
    """A long key over thousands of values is not written out before each of them."""
    key = "k" * 40_000 + " ghp_" + "a1B2" * 9 + " "
    body = json.dumps({key: ["abc"] * 8_000}).encode()
    payload = decode(exchange(body, "application/json"))
    soon(lambda: secrets.detect(payload, "api.example.com"))


def test_long_keys_still_name_their_values(secrets: CredentialDetector) -> None:
    """The name at the end of a long key tells for each of its values what it is."""
    key, values = "x" * 300 + " the_password", [f"Tr0ub4dor&{n}x" for n in range(40)]
    segments = [Segment(value, key, (key, n)) for n, value in enumerate(values)]
    hits = secrets.detect(Payload(segments=segments), "api.example.com")
    assert [(hit.segment, hit.value) for hit in hits] == list(enumerate(values))


def test_a_secret_inside_a_long_key_is_found_once(secrets: CredentialDetector) -> None:
    """What stands at the beginning of a long key is read, and counts once, not with each value."""
    key = "AKIA" + "Y34FZKBQKMUTVV7A " + "x" * 300
    segments = [Segment("abc", key, (key, n)) for n in range(40)]
    hits = secrets.detect(Payload(segments=segments), "api.example.com")
    assert [(hit.segment, hit.detector) for hit in hits] == [(0, "aws-access-key")]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"\n\n" * 32_000],
        [b"data: {}\n\n" * 6_400],
        [b"data: x\n"] * 8_000,
        [b"a"] * 64_000,
        [b"<"] * 64_000,
        [b"data: " + json.dumps({"choices": [{"content": "<"}] * 3_000}).encode() + b"\n\n"],
        [b'data: {"delta": "<EMAIL_1x"}\n\n' * 2_000],
    ],
    ids=["gaps", "events", "lines", "bytes", "openings", "texts side by side", "false beginnings"],
)
def test_an_answer_in_any_pieces_is_restored_in_one_reading(chunks: list[bytes]) -> None:
    """However a server cuts its events, and however many it opens, putting values back costs one
    reading.
    """
    restorer = Restorer(
        "text/event-stream", {f"<EMAIL_{n}>": f"u{n}@example.com" for n in range(3_000)}
    )
    answer = b"".join(chunks)
    restored = soon(lambda: b"".join(map(restorer.feed, chunks)) + restorer.finish(), 1.0)
    assert len(restored) < 2 * len(answer) + 1_000_000


@pytest.mark.parametrize(
    "value", ["u{}@example.com", "{}", "Ann {}", "+49 30 {}", "é{}", "a" * 40 + "{}"]
)
def test_thousands_of_values_are_replaced_in_one_reading(value: str) -> None:
    """A body full of values that are replaced costs one reading, not one for each value."""
    values = {value.format(n): f"<EMAIL_{n}>" for n in range(10_000, 15_000)}
    body = json.dumps({"text": " ".join(values)}, ensure_ascii=False).encode()
    new = soon(lambda: rewrite(body, "application/json", values), 1.0)
    assert json.loads(new) == {"text": " ".join(values.values())}


def test_numbers_of_placeholders_are_given_at_once() -> None:
    """The ten-thousandth value of a kind gets its number as fast as the first."""
    marks = Placeholders(Fingerprinter(b"k" * 32))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    given = soon(
        lambda: [marks.of("s", at, "email", f"u{n}@example.com") for n in range(10_000)], 1.0
    )
    assert (given[0], given[-1], len(set(given))) == ("<EMAIL_1>", "<EMAIL_10000>", 10_000)


def test_secrets_in_accented_text_stand_where_they_stand(secrets: CredentialDetector) -> None:
    """A text full of secrets and accents is read once, and each secret is cut out where it is."""
    text = "é漢 password: Tr0ub4dor&3x ü\n" * 8000
    segments = [Segment(text, "clé", ("clé",))]
    hits = soon(lambda: secrets.detect(Payload(segments=segments), "api.example.com"), 4.0)
    assert len(hits) > 300
    assert {text[hit.start : hit.end] for hit in hits} == {"Tr0ub4dor&3x"}


def test_the_limit_of_these_tests_ends_a_pattern_that_starts_over() -> None:
    """A pattern that backtracks is ended by the limit, so that a fault here fails and does not
    hang.
    """
    with pytest.raises(TooSlow), cpu_limit(0.1):
        re.match(r"(?:a|a)*b", "a" * 40)
