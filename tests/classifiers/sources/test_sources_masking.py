"""What is kept of a script's source holds no secret and no personal value, however it is
spelled.
"""

import ast
import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.wiring import classifier_of, source_masker
from classifiers.credentials import CredentialDetector
from classifiers.engine import EngineSetup
from classifiers.sources.masking import SourceMasker
from core.organisation import Organisation
from examples import most

TOKEN = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
B64 = base64.b64encode(TOKEN.encode()).decode()
DO = "import os\n"


@pytest.fixture(scope="module")
def masker() -> SourceMasker:
    return SourceMasker(CredentialDetector(None, Organisation(), long_tail=False))


@pytest.mark.parametrize(
    "line",
    [
        f"key = '{TOKEN}'",
        f"key = bytes.fromhex('{TOKEN.encode().hex()}')",
        f"key = binascii.unhexlify(b'{TOKEN.encode().hex()}').decode()",
        f"key = base64.b64decode('{B64}')",
        f"key = b64decode(b'{B64}').decode('ascii')",
        f"key = '{TOKEN[:14]}' '{TOKEN[14:]}'",
        f"key = '{TOKEN[:14]}' + '{TOKEN[14:]}'",
        f"key = '{TOKEN[:9]}' + '{TOKEN[9:20]}' + '{TOKEN[20:]}'",
        f"a = '{TOKEN[:14]}'\nb = '{TOKEN[14:]}'\nkey = a + b",
        f"a = '{TOKEN[:14]}'\nkey = f'{{a}}{TOKEN[14:]}'",
        f"key = ''.join(['{TOKEN[:14]}', '{TOKEN[14:]}'])",
        f"parts = ['{TOKEN[:14]}', '{TOKEN[14:]}']\nkey = ''.join(parts)",
        f"key = '{TOKEN[::-1]}'[::-1]",
        f"key = bytes({list(TOKEN.encode())}).decode()",
        f"key = ('{TOKEN[:14]}'\n       '{TOKEN[14:]}')",
        "key = '" + "".join(f"\\x{ord(c):02x}" for c in TOKEN) + "'",
        f"# the key is {TOKEN}",
        f"def f(key='{TOKEN}'): ...",
        f"client = Client(token=SecretStr('{TOKEN}'))",
    ],
)
def test_a_secret_is_masked_however_it_is_spelled(masker: SourceMasker, line: str) -> None:
    """Encoded, split over literals or names, reversed, escaped or as numbers: no part of it is
    kept.
    """
    kept = masker.mask(DO + line + "\n")

    assert kept.count("\n") == (DO + line).count("\n") + 1
    for part in (TOKEN[5:13], TOKEN[16:], TOKEN[::-1][:12], TOKEN.encode().hex()[10:24], B64[8:20]):
        assert part not in kept
    assert "54, 67, 55" not in kept
    assert "\\x36\\x43" not in kept


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("iban = 'DE90871318609139099603'", "9139099603"),
        ("iban = 'DE908713' + '18609139099603'", "18609139099603"),
        ("to = ['erika@muster-firma.de']", "erika"),
        ("# Author: Erika Mustermann", "Mustermann"),
        ('"""Written by Max Power, Finance."""', "Power"),
        ("rows = [{'name': 'Erika Mustermann', 'n': 3}]", "Mustermann"),
        ("customers = {'1': 'MUSTERMANN, ERIKA'}", "MUSTERMANN"),
        ("greet(customer_name='von Berg Anna')", "Anna"),
        ("text = f'Dear Erika Mustermann, {n}'", "Mustermann"),
        ("s = '''a\nb erika@muster-firma.de\nc'''", "erika"),
    ],
)
def test_personal_values_are_masked(masker: SourceMasker, line: str, gone: str) -> None:
    """Accounts, addresses and names of people in literals and comments are not kept, and lines keep
    their numbers.
    """
    kept = masker.mask(DO + line + "\n")

    assert gone not in kept
    assert kept.count("\n") == (DO + line).count("\n") + 1


@pytest.mark.parametrize(
    "line",
    [
        "url = 'https://api.openai.com/v1/chat/completions'",
        "headers = {'Content-Type': 'application/json', 'User-Agent': 'job/1.0'}",
        "name = 'report.csv'",
        "digest = 'sha256'",
        "total = sum(bytes([1, 2, 3]))",
        "print('done', 'a' + 'b', ''.join(['x', 'y']), bytes.fromhex('00ff'))",
        "user = os.environ['USER']  # who runs this",
        "größe = 'ä'; text = 'Straße 5'",
    ],
)
def test_what_is_neither_stays_as_it_is(masker: SourceMasker, line: str) -> None:
    """Ordinary code is kept to the letter, so that a difference between two versions can be
    read.
    """
    assert masker.mask(DO + line + "\n") == DO + line + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "name,iban\nErika,DE90871318609139099603\n",
        '{"name": "Erika Mustermann"}',
        "[1, 2, 3]",
        "a;b;c",
        "SELECT * FROM customers",
        "x = (",
        "",
        "'just text'",
        "(" * 5000 + ")" * 5000,
        "x = " + "-" * 100_000 + "1",
    ],
)
def test_what_is_no_program_is_not_kept(masker: SourceMasker, text: str) -> None:
    """A data file that was taken for a script is refused, even where Python could read it."""
    with pytest.raises(ValueError):
        masker.mask(text)


@settings(max_examples=most(60), deadline=None)
@given(st.text(alphabet="aä€'\"\\\n\r\f\t #{}f()+=,b1€\U0001f600", max_size=60))
def test_places_are_found_among_any_characters(masker: SourceMasker, noise: str) -> None:
    """Whatever stands before it, a secret is found where it stands, and the rest is left alone."""
    source = f"import os\nx = {noise!r}; key = '{TOKEN}'  # €ä\ny = 1\n"
    ast.parse(source)
    kept = masker.mask(source)

    assert TOKEN not in kept
    assert kept.endswith("  # €ä\ny = 1\n")
    assert kept.startswith("import os\nx = ")


def test_words_that_the_organisation_lists_later_are_masked_in_scripts_kept_from_then_on() -> None:
    """Scripts are looked through by what the gate itself looks with: as it changes, so do they."""
    classifier = classifier_of(
        EngineSetup(key=bytes(32), organisation=Organisation(), long_tail=False)
    )
    mask, source = source_masker(classifier), 'import this\nproject = "Bluebird"\n'
    assert mask(source) == source
    classifier.organisation_changed(Organisation(words=("Bluebird",)))
    assert "Bluebird" not in mask(source)
