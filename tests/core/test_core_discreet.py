"""The masking door: what a payload named is kept as far as it names nobody and opens nothing."""

import pytest
from families import with_each
from hypothesis import given
from hypothesis import strategies as st

from core.discreet import (
    id_shown,
    media_type_shown,
    name_shown,
    note_shown,
    without,
    words_shown,
)

KEY = "sk-proj-" + "Canary7Zq" * 6
VALUES = {
    "anna.kowalska@przyklad.pl": "e-mail",
    "anna@1und1.de": "e-mail at a host that begins with a digit",
    "jörg.müller@straße.de": "e-mail with letters beyond ASCII",
    "anna%40przyklad.pl": "e-mail, percent-encoded",
    "ａｎｎａ＠przyklad.pl": "e-mail in wide letters",
    "DE32100500004417889213": "bank account number",
    "de32 1005 0000 4417 8892 13": "bank account number as people write it",
    "NL91ABNA0417164300": "another country's",
    "4539 5787 6362 1486": "payment card",
    "4539-5787-6362-1486": "payment card with dashes",
    KEY: "key of a service",
    "ghp_" + "a1B2" * 9: "token of a code host",
}
PERSONAL_NUMBERS = (
    "+49 170 4417882",
    "(030) 123 45 67",
    "536-90-4399",
    "12345678Z",
    "QQ123456C",
    "4417889213",
    "9f8b7c6d5e4f3a2b1c0d",
    "123e4567-e89b-12d3-a456-426614174000",
)
WORDS = (
    "balance",
    "Customer Name",
    "connect_then_fork_parent_closes",
    "sk-learn-models-extra",
    "task_management_board",
    "disk-usage-report",
    "getCustomerByIdAndRegionV2",
    "claude-3-5-sonnet@20240620",
    "claude-sonnet-4-20250514",
    "gpt-4o-2024-08-06",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "accounts/fireworks/models/llama-v3p1-405b-instruct",
    "report 2024-11-05",
    "2024-11-05T10:00:00Z",
    "@context",
    "größe",
    "利用者",
)


@with_each("value", VALUES)
@with_each("shown", [name_shown, id_shown, words_shown, note_shown])
@with_each("around", ["{}", "before {} after", "x[{}]"])
def test_what_is_surely_a_value_stays_nowhere(value: str, shown: object, around: str) -> None:
    """An address, an account, a card or a key is masked in names, identifiers and sentences."""
    assert callable(shown)
    kept = shown(around.format(value))
    assert value not in kept
    for part in ("kowalska", "100500004417", "0417164300", "5787", "Canary7Zq", "a1B2"):
        assert part not in kept


@pytest.mark.parametrize("value", PERSONAL_NUMBERS)
@pytest.mark.parametrize("around", ["{}", "column {}", "body.{}", "{}.csv"])
def test_what_may_be_a_number_of_a_person_stays_in_no_name(value: str, around: str) -> None:
    """Keys, columns and file names keep no number that may be somebody's."""
    assert value not in name_shown(around.format(value))


@pytest.mark.parametrize("name", WORDS)
def test_words_stay_readable(name: str) -> None:
    """Names of fields, models, tools and dates are kept as they are."""
    assert name_shown(name) == name
    assert words_shown(name) == name
    assert note_shown(name) == name
    assert id_shown(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "org-AbC123dEf456GhI789",
        "123456789012",
        "123e4567-e89b-12d3-a456-426614174000",
        "acme-prod-eu-central-1",
        "T02ABCDEF/B03XYZ",
    ],
)
def test_identifiers_of_accounts_stay(name: str) -> None:
    """An account is of use to an officer only as it is."""
    assert id_shown(name) == name


def test_the_domain_of_an_account_stays() -> None:
    """Whose account it is can be told without the person."""
    assert id_shown("anna.kowalska@gmail.com") == "{name}@gmail.com"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("application/json", "application/json"),
        ("text/plain; charset=UTF-8", "text/plain; charset=UTF-8"),
        ("multipart/form-data; boundary=anna@przyklad.pl", "multipart/form-data"),
        ("text/plain; charset=DE32100500004417889213", "text/plain"),
        ("text/plain; name=anna", "text/plain"),
        ("text/anna@przyklad.pl", "{value}"),
        ("anna/kowalska", "{value}"),
        ("image/DE32100500004417889213", "image/{iban}"),
        (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ],
)
def test_a_media_type_is_kept_as_a_type(sent: str, kept: str) -> None:
    """A content type says which kind it is; what else stands there is the client's own words."""
    assert media_type_shown(sent) == kept


@pytest.mark.parametrize(
    ("text", "value", "kept"),
    [
        ("body.Anna Kowalska.total", "Anna Kowalska", "body.{value}.total"),
        ("anna_kowalska.pdf", "Anna Kowalska", "{value}.pdf"),
        ("body.x", "Anna Kowalska", "body.x"),
        ("the area", "are", "the area"),
        ("xİx annaannax", "anna", "xİx {value}{value}x"),
    ],
)
def test_a_found_value_stays_in_no_text(text: str, value: str, kept: str) -> None:
    """A found value is masked whatever its case and signs; other words stay."""
    assert without(text, [value]) == kept


@given(st.text(max_size=60), st.text(min_size=4, max_size=12))
def test_no_text_keeps_a_value(text: str, value: str) -> None:
    """Whatever the text, the value is not in it afterwards."""
    letters = "".join(filter(str.isalnum, value.casefold()))
    kept = without(f"{text}{value}{text}", [value]).replace("{value}", "\n")
    bare = ["".join(filter(str.isalnum, part.casefold())) for part in kept.split("\n")]
    assert len(letters) < 4 or not any(letters in part for part in bare)


@given(st.text(max_size=80))
def test_masking_twice_is_masking_once(text: str) -> None:
    """A record read again and written again says the same."""
    assert name_shown(name_shown(text)) == name_shown(text)
    assert words_shown(words_shown(text)) == words_shown(text)
    assert note_shown(note_shown(text)) == note_shown(text)


@pytest.mark.parametrize(
    "note",
    [
        "Ticket INC0012345 (see 20261126-1), agreed on 2026-11-26 at 14:30.",
        "100% test data; 12,500 rows of order 4711",
        "x" * 4000,
    ],
)
def test_what_a_person_writes_stays_whole(note: str) -> None:
    """Numbers of tickets, times, counts and length of a note are kept, also in brackets."""
    assert note_shown(note) == note
